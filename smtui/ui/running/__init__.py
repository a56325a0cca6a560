"""What the batch screen can do, one intention per module."""
