"""Sounds whose truth is known, for the demo."""
