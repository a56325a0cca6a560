"""Sessions, limits and the cache on Redis or Valkey, by redis-py's asyncio."""
