"""How to listen: pure and synchronous; arrays in, numbers out."""
