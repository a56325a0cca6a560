"""Music and drums of our own, played so that what is true of them is known."""
