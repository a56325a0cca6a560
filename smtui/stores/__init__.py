"""Where things are kept: one folder per technology, one file per port."""
