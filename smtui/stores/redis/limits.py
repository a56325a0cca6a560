"""Limits per minute: `ratelimit:{who}:{endpoint}` counts and lives 60 s from the first try."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, cast

from smtui.domain.errors import TooManyTries
from smtui.stores.redis.link import RedisLink

if TYPE_CHECKING:
    from redis.asyncio import Redis

WINDOW_SECONDS = 60

# In one script: a crash between INCR and EXPIRE would lock somebody out for ever. The second
# test mends a counter that has no end for another reason.
_HIT = """
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if count == 1 or left < 0 then
    redis.call('EXPIRE', KEYS[1], ARGV[1])
    left = ARGV[1] * 1000
end
return {count, left}
"""


class RedisLimits:
    """Implements RateLimits."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def hit(self, who: str, endpoint: str, *, limit: int) -> None:

        async def work(client: Redis) -> list[int]:
            script = client.eval(_HIT, 1, f"ratelimit:{who}:{endpoint}", str(WINDOW_SECONDS))
            return await cast("Awaitable[list[int]]", script)

        count, left = await self._link.ask(work)
        if count > limit:
            seconds = max(1, -(-left // 1000))
            raise TooManyTries("Too many tries", seconds=seconds, hint=f"Wait {seconds} s.")
