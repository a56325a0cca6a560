"""Small screens that lie over any other: a question, the keys of what has the focus."""
