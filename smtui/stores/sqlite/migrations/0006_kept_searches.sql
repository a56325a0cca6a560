-- Searches and filters that a person saved (name) or asked lately (name is empty).
CREATE TABLE kept_searches (
    owner INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    name TEXT NOT NULL,
    used_at INTEGER NOT NULL,
    PRIMARY KEY (owner, kind, text)
) WITHOUT ROWID;
