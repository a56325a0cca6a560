"""What lies on the disk: walks folders, tells audio by content, hashes, reads headers."""
