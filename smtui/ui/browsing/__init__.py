"""What the library screen can do, one intention per module."""
