"""What the detail screen does, one concern per module."""
