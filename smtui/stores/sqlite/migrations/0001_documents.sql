-- Times are milliseconds since 1970 in UTC. No foreign keys: what is deleted in which order is a
-- rule of the services, the same on every store.

CREATE TABLE state (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    generation INTEGER NOT NULL
);
INSERT INTO state VALUES (1, 0);

CREATE TABLE users (
    user_id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT UNIQUE,
    username TEXT NOT NULL,
    username_key TEXT UNIQUE,
    hashed_password TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    is_verified INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_login INTEGER,
    total_analyses INTEGER NOT NULL,
    total_uploads INTEGER NOT NULL
);
CREATE INDEX users_created_at ON users (created_at DESC);

-- Owners and folders are numbers in audio_files: its indexes repeat them for every sound.
-- Owner 0 is nobody: the sound is shared by all.
CREATE TABLE owners (
    owner INTEGER PRIMARY KEY,
    user_id TEXT UNIQUE
);
INSERT INTO owners VALUES (0, NULL);

CREATE TABLE places (
    place INTEGER PRIMARY KEY,
    folder TEXT NOT NULL UNIQUE,
    parts TEXT NOT NULL
);
CREATE INDEX places_parts ON places (parts);

-- What sounds are filtered and sorted by, and in audio_details, one row for each, all else that is
-- known of them: so the rows that a question looks up lie close together.
CREATE TABLE audio_files (
    row INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    place INTEGER NOT NULL,
    heard_rank INTEGER NOT NULL,
    heard_kind TEXT,
    heard_tempo REAL,
    heard_key_label TEXT,
    heard_mode TEXT,
    heard_is_loop INTEGER,
    heard_loudness_lufs REAL,
    duration REAL NOT NULL,
    sample_rate INTEGER NOT NULL,
    channels INTEGER NOT NULL,
    format TEXT NOT NULL,
    uploaded_at INTEGER NOT NULL,
    trouble_code TEXT,
    missing_since INTEGER,
    file_id TEXT NOT NULL UNIQUE,
    tags_sort TEXT,
    search_key TEXT NOT NULL,
    folder_sort TEXT NOT NULL
);
CREATE TABLE audio_details (
    row INTEGER PRIMARY KEY,
    path_key TEXT UNIQUE,
    filename TEXT NOT NULL,
    file_path TEXT NOT NULL,
    path_bytes BLOB,
    file_size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    file_hash TEXT NOT NULL,
    tags TEXT NOT NULL,
    metadata TEXT NOT NULL,
    said TEXT,
    corrections TEXT,
    heard_tempo_confidence REAL,
    heard_key TEXT,
    heard_key_confidence REAL,
    heard_root_note TEXT,
    heard_kind_confidence REAL,
    heard_level TEXT,
    heard_recipe_version INTEGER,
    heard_analyzed_at INTEGER,
    trouble_error TEXT,
    trouble_at INTEGER
);
CREATE INDEX audio_details_file_hash ON audio_details (file_hash);

-- What a filter alone is answered by.
CREATE INDEX having_owner ON audio_files (owner);
CREATE INDEX having_place ON audio_files (place);
CREATE INDEX having_mode ON audio_files (heard_mode);
CREATE INDEX having_is_loop ON audio_files (heard_is_loop);
CREATE INDEX having_format ON audio_files (format);
CREATE INDEX having_sample_rate ON audio_files (sample_rate);
CREATE INDEX having_channels ON audio_files (channels);
CREATE INDEX having_trouble ON audio_files (trouble_code) WHERE trouble_code IS NOT NULL;
CREATE INDEX having_missing ON audio_files (missing_since) WHERE missing_since IS NOT NULL;

-- One for each sortable column. Behind the order they carry every column that a filter asks for,
-- so that a walk in order never leaves the index for a sound it passes over.
CREATE INDEX by_name ON audio_files (search_key, file_id, owner, place, heard_rank, heard_kind,
    heard_tempo, heard_key_label, heard_mode, heard_is_loop, heard_loudness_lufs, duration,
    sample_rate, channels, format, uploaded_at, tags_sort, trouble_code, missing_since);
CREATE INDEX by_folder ON audio_files (folder_sort, file_id, owner, place, heard_rank, heard_kind,
    heard_tempo, heard_key_label, heard_mode, heard_is_loop, heard_loudness_lufs, duration,
    sample_rate, channels, format, uploaded_at, tags_sort, trouble_code, missing_since);
CREATE INDEX by_kind ON audio_files (heard_kind, file_id, owner, place, heard_rank,
    heard_tempo, heard_key_label, heard_mode, heard_is_loop, heard_loudness_lufs, duration,
    sample_rate, channels, format, uploaded_at, tags_sort, trouble_code, missing_since);
CREATE INDEX by_tempo ON audio_files (heard_tempo, file_id, owner, place, heard_rank, heard_kind,
    heard_key_label, heard_mode, heard_is_loop, heard_loudness_lufs, duration,
    sample_rate, channels, format, uploaded_at, tags_sort, trouble_code, missing_since);
CREATE INDEX by_key ON audio_files (heard_key_label, file_id, owner, place, heard_rank, heard_kind,
    heard_tempo, heard_mode, heard_is_loop, heard_loudness_lufs, duration,
    sample_rate, channels, format, uploaded_at, tags_sort, trouble_code, missing_since);
CREATE INDEX by_length ON audio_files (duration, file_id, owner, place, heard_rank, heard_kind,
    heard_tempo, heard_key_label, heard_mode, heard_is_loop, heard_loudness_lufs,
    sample_rate, channels, format, uploaded_at, tags_sort, trouble_code, missing_since);
CREATE INDEX by_loudness ON audio_files (heard_loudness_lufs, file_id, owner, place, heard_rank,
    heard_kind, heard_tempo, heard_key_label, heard_mode, heard_is_loop, duration,
    sample_rate, channels, format, uploaded_at, tags_sort, trouble_code, missing_since);
CREATE INDEX by_tags ON audio_files (tags_sort, file_id, owner, place, heard_rank, heard_kind,
    heard_tempo, heard_key_label, heard_mode, heard_is_loop, heard_loudness_lufs, duration,
    sample_rate, channels, format, uploaded_at, trouble_code, missing_since);
CREATE INDEX by_added ON audio_files (uploaded_at, file_id, owner, place, heard_rank, heard_kind,
    heard_tempo, heard_key_label, heard_mode, heard_is_loop, heard_loudness_lufs, duration,
    sample_rate, channels, format, tags_sort, trouble_code, missing_since);
CREATE INDEX by_rank ON audio_files (heard_rank, file_id, owner, place, trouble_code,
    missing_since);

CREATE TABLE tags (
    tag INTEGER PRIMARY KEY,
    tag_key TEXT NOT NULL UNIQUE,
    shown TEXT NOT NULL
);
CREATE TABLE tagged (
    tag INTEGER NOT NULL,
    row INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    PRIMARY KEY (tag, row)
) WITHOUT ROWID;

-- Which sounds contain which three characters; text is folded before it comes here. Two more
-- characters end each text, so that any two of its own begin some three.
CREATE VIRTUAL TABLE trigrams USING fts5 (
    search_key, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE trigram_terms USING fts5vocab (trigrams, row);
CREATE TRIGGER trigrams_of_new AFTER INSERT ON audio_files BEGIN
    INSERT INTO trigrams (rowid, search_key) VALUES (new.row, new.search_key || x'1f1f');
END;
CREATE TRIGGER trigrams_of_changed AFTER UPDATE OF search_key ON audio_files BEGIN
    INSERT INTO trigrams (trigrams, rowid, search_key) VALUES ('delete', old.row, old.search_key || x'1f1f');
    INSERT INTO trigrams (rowid, search_key) VALUES (new.row, new.search_key || x'1f1f');
END;
CREATE TRIGGER trigrams_of_gone AFTER DELETE ON audio_files BEGIN
    INSERT INTO trigrams (trigrams, rowid, search_key) VALUES ('delete', old.row, old.search_key || x'1f1f');
END;

CREATE TABLE scan_folders (
    owner INTEGER NOT NULL,
    folder_path TEXT NOT NULL,
    path_bytes BLOB,
    scanned_at INTEGER,
    PRIMARY KEY (owner, folder_path)
);

-- What one listening found. spectral_features: the name of each row of numbers and how many, as
-- JSON, with the numbers behind it in spectral_numbers (little-endian float32 or float64).
CREATE TABLE analyses (
    analysis_id TEXT PRIMARY KEY,
    file_id TEXT NOT NULL,
    user_id TEXT,
    tempo REAL,
    key TEXT,
    mode TEXT,
    time_signature TEXT,
    duration REAL NOT NULL,
    spectral_features TEXT,
    spectral_numbers BLOB,
    ai_provider TEXT,
    ai_model TEXT,
    ai_summary TEXT,
    ai_detailed TEXT,
    production_tips TEXT,
    creative_ideas TEXT,
    fl_studio_recommendations TEXT,
    analysis_level TEXT NOT NULL,
    level_rank INTEGER NOT NULL,
    processing_time REAL NOT NULL,
    analyzed_at INTEGER NOT NULL,
    claims TEXT NOT NULL,
    loudness_lufs REAL,
    loudness_padded INTEGER NOT NULL,
    true_peak_dbtp REAL,
    root_note TEXT,
    bit_depth INTEGER,
    clipped_samples INTEGER NOT NULL,
    dc_offset REAL NOT NULL,
    silence_head REAL NOT NULL,
    silence_tail REAL NOT NULL,
    stereo_correlation REAL,
    kind TEXT,
    kind_confidence REAL NOT NULL,
    is_loop INTEGER NOT NULL,
    onsets TEXT NOT NULL,
    beats TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    recipe_version INTEGER NOT NULL,
    embedding BLOB
);
CREATE UNIQUE INDEX analyses_of_file ON analyses (file_id, recipe_version);
CREATE INDEX analyses_of_hash ON analyses (file_hash, recipe_version);
CREATE INDEX analyses_user ON analyses (user_id, analyzed_at DESC);
CREATE INDEX analyses_analyzed_at ON analyses (analyzed_at DESC);

CREATE TABLE batch_jobs (
    batch INTEGER PRIMARY KEY,
    batch_id TEXT NOT NULL UNIQUE,
    run_id TEXT NOT NULL,
    user_id TEXT,
    level TEXT NOT NULL,
    status TEXT NOT NULL,
    total_files INTEGER NOT NULL,
    processing INTEGER NOT NULL DEFAULT 0,
    completed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    cancel_requested_at INTEGER
);
CREATE INDEX batch_jobs_run ON batch_jobs (run_id);
CREATE INDEX batch_jobs_user ON batch_jobs (user_id, status);
CREATE INDEX batch_jobs_created_at ON batch_jobs (created_at DESC);
CREATE INDEX batch_jobs_open ON batch_jobs (status) WHERE status IN ('pending', 'processing');

-- results: one row per batch and file, in the order of file_ids.
CREATE TABLE batch_files (
    batch INTEGER NOT NULL,
    position INTEGER NOT NULL,
    file_id TEXT NOT NULL,
    status TEXT NOT NULL,
    analysis_id TEXT,
    code TEXT,
    error TEXT,
    attempt INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    lease_until INTEGER,
    PRIMARY KEY (batch, position)
) WITHOUT ROWID;
CREATE UNIQUE INDEX batch_files_file ON batch_files (batch, file_id);
CREATE INDEX batch_files_status ON batch_files (batch, status, lease_until);
