"""Comparing sounds in bulk, and hearing one that is not of the library."""
