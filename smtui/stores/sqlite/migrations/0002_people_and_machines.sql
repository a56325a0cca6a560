-- Who may do what. Where nobody had a role yet, the oldest account that can sign in is the admin.
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'member';
UPDATE users SET role = 'admin' WHERE user_id = (
    SELECT user_id FROM users ORDER BY is_active DESC, created_at, user_id LIMIT 1
);

-- A one-time code as a bcrypt hash, and until when it counts.
ALTER TABLE users ADD COLUMN code_hash TEXT;
ALTER TABLE users ADD COLUMN code_expires_at INTEGER;

-- Who put a tag and when: JSON, the tag to [user_id or null, milliseconds].
ALTER TABLE audio_details ADD COLUMN tag_marks TEXT;

-- Machines that do not have the file: a JSON array of names.
ALTER TABLE batch_files ADD COLUMN unseen_on TEXT;
CREATE INDEX batch_files_unseen ON batch_files (batch, position) WHERE unseen_on IS NOT NULL;
