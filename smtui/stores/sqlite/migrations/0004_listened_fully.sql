-- What level `full` adds: JSON [[start, end, letter], …] and [step, [semitones or null, …]].
ALTER TABLE analyses ADD COLUMN segments TEXT;
ALTER TABLE analyses ADD COLUMN pitch_track TEXT;
ALTER TABLE analyses ADD COLUMN harmonic_share REAL;
