"""The saved and recent filters and searches."""
