"""The documents in one SQLite file: accounts, sounds, analyses, batches."""
