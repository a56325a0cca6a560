-- When the worker that holds a file took it; NULL where nobody holds it.
ALTER TABLE batch_files ADD COLUMN claimed_at INTEGER;
