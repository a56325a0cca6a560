"""What the similar screen can do, one intention per module."""
