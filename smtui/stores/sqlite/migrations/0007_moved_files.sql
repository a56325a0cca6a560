-- What tells a renamed file from a copied one, and one whose time was put back after a change; 0
-- and '' where no scan has looked since.
ALTER TABLE audio_details ADD COLUMN ctime_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audio_details ADD COLUMN inode INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audio_details ADD COLUMN audio_mark TEXT NOT NULL DEFAULT '';
CREATE INDEX audio_details_mark ON audio_details (audio_mark) WHERE audio_mark <> '';
