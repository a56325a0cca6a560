"""What words mean: sentence-transformers, the extra `text`, in a process of its own."""
