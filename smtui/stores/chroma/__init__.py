"""The similarity index on Chroma."""
