"""Comparing sounds in bulk, and analysing one that is not of the library."""
