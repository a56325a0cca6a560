"""The cache: bytes that may vanish at any time, so a server that is away is only a miss."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from smtui.domain.errors import ServerUnavailable
from smtui.stores.redis.link import RedisLink

if TYPE_CHECKING:
    from redis.asyncio import Redis

Answer = TypeVar("Answer")

_PATIENCE_SECONDS = 1.0
"""What is cached can be made again; waiting longer for it helps nobody."""

_AWAY_SECONDS = 2.0
"""How long nobody asks again after a failure; then one looks, and nobody waits for that."""

_log = logging.getLogger(__name__)


class RedisCache:
    """Implements Cache. Keys are whole (`cache:audio_features:…`), kept as they are given.

    With `opens` the first who asks opens the line, and so starts a private server. Without, the
    cache is used only while somebody else has the line open: looking at sounds starts nothing.
    """

    def __init__(self, link: RedisLink, *, opens: bool = True) -> None:
        self._link = link
        self._opens = opens
        self._away_until: float | None = None
        self._looking: asyncio.Task[None] | None = None

    async def get(self, key: str) -> bytes | None:
        return (await self.get_many([key])).get(key)

    async def get_many(self, keys: Sequence[str]) -> Mapping[str, bytes]:

        async def work(client: Redis) -> Mapping[str, bytes]:
            kept = zip(keys, await client.mget(keys), strict=True)
            return {key: value for key, value in kept if isinstance(value, bytes)}

        return (await self._ask(work) if keys else None) or {}

    async def put(self, key: str, value: bytes, *, seconds: int) -> None:

        async def work(client: Redis) -> None:
            await client.set(key, value, ex=seconds)

        await self._ask(work)

    async def drop(self, *keys: str) -> None:

        async def work(client: Redis) -> None:
            await client.delete(*keys)

        if keys:
            await self._ask(work)

    async def _ask(self, work: Callable[[Redis], Awaitable[Answer]]) -> Answer | None:
        if not (self._opens or self._link.open) or self._away():
            return None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self._link.ask(work)
        except (ServerUnavailable, TimeoutError) as error:
            self._away_until = asyncio.get_running_loop().time() + _AWAY_SECONDS
            _log.info("cache missed: %s", str(error) or "no answer in time")
            return None

    def _away(self) -> bool:
        """True if the server was away a moment ago; has it looked at now and then."""
        if self._away_until is None:
            return False
        looking = self._looking is not None and not self._looking.done()
        if not looking and asyncio.get_running_loop().time() >= self._away_until:
            self._looking = asyncio.create_task(self._look())
        return True

    async def _look(self) -> None:
        """See whether the server is back; those who read meanwhile do without it."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._link.ask(_nothing)
        except (ServerUnavailable, TimeoutError):
            self._away_until = asyncio.get_running_loop().time() + _AWAY_SECONDS
        else:
            self._away_until = None


async def _nothing(client: Redis) -> None:
    await client.exists("cache:nothing")
