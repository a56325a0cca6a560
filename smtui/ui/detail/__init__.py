"""One sound, with all that is known of it."""
