"""The cache: bytes that may vanish at any time, so a server that is away is only a miss."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from smtui.domain.errors import ServerUnavailable
from smtui.stores.redis.link import RedisLink

if TYPE_CHECKING:
    from redis.asyncio import Redis

Answer = TypeVar("Answer")

_PATIENCE_SECONDS = 1.0
"""What is cached can be made again; waiting longer for it helps nobody."""

_AWAY_SECONDS = 5.0
"""How long nobody asks again after a failure, so that not every row waits for its own."""

_log = logging.getLogger(__name__)


class RedisCache:
    """Implements Cache. Keys are whole (`cache:audio_features:…`), kept as they are given."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._away_until = 0.0

    async def get(self, key: str) -> bytes | None:
        """Give what is kept, or None."""

        async def work(client: Redis) -> bytes | None:
            kept = await client.get(key)
            return kept if isinstance(kept, bytes) else None

        return await self._asked(work)

    async def put(self, key: str, value: bytes, *, seconds: int) -> None:
        """Keep for so many seconds, or not at all."""

        async def work(client: Redis) -> None:
            await client.set(key, value, ex=seconds)

        await self._asked(work)

    async def drop(self, *keys: str) -> None:
        """Forget these."""

        async def work(client: Redis) -> None:
            await client.delete(*keys)

        if keys:
            await self._asked(work)

    async def _asked(self, work: Callable[[Redis], Awaitable[Answer]]) -> Answer | None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._away_until:
            return None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self._link.ask(work)
        except (ServerUnavailable, TimeoutError) as error:
            self._away_until = loop.time() + _AWAY_SECONDS
            _log.info("cache missed: %s", str(error) or "no answer in time")
            return None
