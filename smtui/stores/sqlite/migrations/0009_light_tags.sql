-- Tags are changed of many sounds at once, and each index that carries them was written anew for each.
-- Whether a sound has any is asked of `tagged` instead.
CREATE INDEX tagged_of_row ON tagged (row);

DROP INDEX by_name;
CREATE INDEX by_name ON audio_files (search_key, file_id, owner, place, heard_rank, heard_kind,
    heard_tempo, heard_key_label, heard_mode, heard_is_loop, heard_loudness_lufs, duration,
    sample_rate, channels, format, uploaded_at, trouble_code, missing_since);

DROP INDEX by_folder;
CREATE INDEX by_folder ON audio_files (folder_sort, file_id, owner, place, heard_rank, heard_kind,
    heard_tempo, heard_key_label, heard_mode, heard_is_loop, heard_loudness_lufs, duration,
    sample_rate, channels, format, uploaded_at, trouble_code, missing_since);

DROP INDEX by_kind;
CREATE INDEX by_kind ON audio_files (heard_kind, file_id, owner, place, heard_rank, heard_tempo,
    heard_key_label, heard_mode, heard_is_loop, heard_loudness_lufs, duration, sample_rate,
    channels, format, uploaded_at, trouble_code, missing_since);

DROP INDEX by_tempo;
CREATE INDEX by_tempo ON audio_files (heard_tempo, file_id, owner, place, heard_rank, heard_kind,
    heard_key_label, heard_mode, heard_is_loop, heard_loudness_lufs, duration, sample_rate,
    channels, format, uploaded_at, trouble_code, missing_since);

DROP INDEX by_key;
CREATE INDEX by_key ON audio_files (heard_key_label, file_id, owner, place, heard_rank, heard_kind,
    heard_tempo, heard_mode, heard_is_loop, heard_loudness_lufs, duration, sample_rate, channels,
    format, uploaded_at, trouble_code, missing_since);

DROP INDEX by_length;
CREATE INDEX by_length ON audio_files (duration, file_id, owner, place, heard_rank, heard_kind,
    heard_tempo, heard_key_label, heard_mode, heard_is_loop, heard_loudness_lufs, sample_rate,
    channels, format, uploaded_at, trouble_code, missing_since);

DROP INDEX by_loudness;
CREATE INDEX by_loudness ON audio_files (heard_loudness_lufs, file_id, owner, place, heard_rank,
    heard_kind, heard_tempo, heard_key_label, heard_mode, heard_is_loop, duration, sample_rate,
    channels, format, uploaded_at, trouble_code, missing_since);

DROP INDEX by_added;
CREATE INDEX by_added ON audio_files (uploaded_at, file_id, owner, place, heard_rank, heard_kind,
    heard_tempo, heard_key_label, heard_mode, heard_is_loop, heard_loudness_lufs, duration,
    sample_rate, channels, format, trouble_code, missing_since);

-- Within a trigger each change of the trigrams costs seven times the processor: who changes many sounds
-- keeps the trigrams up by itself, and says so within the same transaction.
ALTER TABLE state ADD COLUMN trigrams_apart INTEGER NOT NULL DEFAULT 0;
DROP TRIGGER trigrams_of_changed;
CREATE TRIGGER trigrams_of_changed AFTER UPDATE OF search_key ON audio_files
WHEN (SELECT trigrams_apart FROM state) = 0 BEGIN
    INSERT INTO trigrams (trigrams, rowid, search_key) VALUES ('delete', old.row, old.search_key || x'1f1f');
    INSERT INTO trigrams (rowid, search_key) VALUES (new.row, new.search_key || x'1f1f');
END;
