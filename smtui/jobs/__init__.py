"""Who does the heavy work: Celery, never inside the screen's process."""
