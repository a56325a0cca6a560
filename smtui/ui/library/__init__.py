"""The library: the table of every sound, its filter, and what is done with the sounds of it."""
