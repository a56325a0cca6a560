-- The lowest recipe that will do for the files of a batch; NULL where any does.
ALTER TABLE batch_jobs ADD COLUMN recipe_version INTEGER;
