"""The private servers of one person, and the keeper that looks after them."""
