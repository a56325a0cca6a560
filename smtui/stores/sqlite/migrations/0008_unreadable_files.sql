-- Files that a scan met and could not read, until they can be read or are gone.
CREATE TABLE unreadable_files (
    path_key TEXT PRIMARY KEY,
    owner INTEGER NOT NULL,
    file_path TEXT NOT NULL,
    path_bytes BLOB,
    code TEXT NOT NULL,
    error TEXT NOT NULL,
    seen_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX unreadable_files_owner ON unreadable_files (owner);
