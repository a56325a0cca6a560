"""The runs of analysis, and one of them."""
