-- When the worker that holds a file took it; NULL where nobody holds it.
ALTER TABLE batch_files ADD COLUMN claimed_at INTEGER;

-- How long the completed sounds of a batch are together, ms.
ALTER TABLE batch_jobs ADD COLUMN heard_ms INTEGER NOT NULL DEFAULT 0;

-- What an older recipe has heard is counted whenever the library is opened.
CREATE INDEX audio_details_recipe ON audio_details (heard_recipe_version)
    WHERE heard_recipe_version IS NOT NULL;
