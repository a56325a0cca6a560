"""Sessions, limits, reports of workers and the cache on Redis or Valkey, by redis-py's asyncio.

Each port has a file of its own on a `link.RedisLink`; `errors.SHARED` words the errors of a server
that somebody else looks after.
"""
