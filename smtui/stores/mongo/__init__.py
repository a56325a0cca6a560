"""The documents on MongoDB: accounts, sounds, analyses, batches, shared by several machines."""
