"""Filter banks as .npy, and the script that makes them."""
