"""What sounds like a sound, a file or some words."""
