-- What the samples themselves are like; NULL until heard by a smtui that measures it.
ALTER TABLE analyses ADD COLUMN bits_used INTEGER;
ALTER TABLE audio_details ADD COLUMN heard_bit_depth INTEGER;
ALTER TABLE audio_files ADD COLUMN heard_peak REAL;
ALTER TABLE audio_files ADD COLUMN heard_bits INTEGER;
ALTER TABLE audio_files ADD COLUMN heard_clipped INTEGER;
ALTER TABLE audio_files ADD COLUMN heard_dc REAL;
ALTER TABLE audio_files ADD COLUMN heard_head REAL;
ALTER TABLE audio_files ADD COLUMN heard_tail REAL;
ALTER TABLE audio_files ADD COLUMN heard_correlation REAL;
-- A scan writes none of these, so their indexes hold only what was heard.
CREATE INDEX having_peak ON audio_files (heard_peak) WHERE heard_peak IS NOT NULL;
CREATE INDEX having_bits ON audio_files (heard_bits) WHERE heard_bits IS NOT NULL;
CREATE INDEX having_clipped ON audio_files (heard_clipped) WHERE heard_clipped IS NOT NULL;
CREATE INDEX having_dc ON audio_files (heard_dc) WHERE heard_dc IS NOT NULL;
CREATE INDEX having_head ON audio_files (heard_head) WHERE heard_head IS NOT NULL;
CREATE INDEX having_tail ON audio_files (heard_tail) WHERE heard_tail IS NOT NULL;
CREATE INDEX having_correlation ON audio_files (heard_correlation) WHERE heard_correlation IS NOT NULL;

-- 1 where the name or the tags say another tempo or key than was heard, else NULL.
ALTER TABLE audio_files ADD COLUMN disagrees INTEGER;
CREATE INDEX having_disagrees ON audio_files (disagrees) WHERE disagrees IS NOT NULL;

UPDATE audio_details SET said = said_in(filename);
UPDATE audio_files SET disagrees = (
    SELECT disagreement(d.filename, d.metadata, f.heard_tempo, d.heard_key, f.heard_mode,
        d.heard_root_note)
    FROM audio_files AS f JOIN audio_details AS d ON d.row = f.row WHERE f.row = audio_files.row
) WHERE heard_rank >= 0;
