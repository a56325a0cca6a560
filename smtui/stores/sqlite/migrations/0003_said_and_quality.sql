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
CREATE INDEX having_peak ON audio_files (heard_peak);
CREATE INDEX having_bits ON audio_files (heard_bits);
CREATE INDEX having_clipped ON audio_files (heard_clipped);
CREATE INDEX having_dc ON audio_files (heard_dc);
CREATE INDEX having_head ON audio_files (heard_head);
CREATE INDEX having_tail ON audio_files (heard_tail);
CREATE INDEX having_correlation ON audio_files (heard_correlation);

-- 1 where the name or the tags say another tempo or key than was heard, else NULL.
ALTER TABLE audio_files ADD COLUMN disagrees INTEGER;
CREATE INDEX having_disagrees ON audio_files (disagrees) WHERE disagrees IS NOT NULL;

UPDATE audio_details SET said = said_in(filename);
UPDATE audio_files SET disagrees = (
    SELECT disagreement(d.filename, d.metadata, f.heard_tempo, d.heard_key, f.heard_mode,
        d.heard_root_note)
    FROM audio_files AS f JOIN audio_details AS d ON d.row = f.row WHERE f.row = audio_files.row
) WHERE heard_rank >= 0;
