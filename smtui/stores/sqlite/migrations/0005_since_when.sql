-- When the worker that holds a file took it; NULL where nobody holds it.
ALTER TABLE batch_files ADD COLUMN claimed_at INTEGER;

-- How long the completed sounds of a batch are together, ms.
ALTER TABLE batch_jobs ADD COLUMN heard_ms INTEGER NOT NULL DEFAULT 0;
