"""Signing in, the first account, a code that was sent."""
