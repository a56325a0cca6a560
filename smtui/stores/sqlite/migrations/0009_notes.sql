-- What a filter for notes looks up.
CREATE INDEX having_root_note ON audio_details (heard_root_note) WHERE heard_root_note IS NOT NULL;
