"""The line to the server: opened on first use, opened again after the server has restarted.

`About` is what a server says of itself: which it is, and whether it keeps what smtui gives it.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from smtui.stores.redis.errors import PRIVATE, Refusals, in_vain

if TYPE_CHECKING:
    from redis.asyncio import Redis


Answer = TypeVar("Answer")

OLDEST = 7
"""The Redis (or what speaks as one) that smtui is tried with."""

_PAUSES = (0.05, 0.25, 1.0)
"""Waits between tries, s. A server that was killed is back well within their sum."""

_ANSWER_SECONDS = 4.0
"""For all tries together, so that a person has a sentence within 5 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A server as it describes itself.

    Attributes:
        version: name and number, `Valkey 9.1.2`.
        evicts: what it does when its memory is full, where that is to drop keys: sessions and
            queued jobs would be lost (`allkeys-lru`); empty where it drops none.
        keeps: it writes every change to its disk (AOF), so a restart loses nothing.
    """

    version: str
    evicts: str
    keeps: bool

    @classmethod
    async def of(cls, client: Redis) -> About:
        """Ask."""
        facts = await client.info()
        policy = str(facts.get("maxmemory_policy", ""))
        return cls(
            version=_version(facts),
            evicts="" if policy in ("", "noeviction") else policy,
            keeps=bool(facts.get("aof_enabled")),
        )


class RedisLink:
    """Gives a client to whoever asks; belongs to the event loop in which it is first used.

    `address` is asked before every connecting, because a private server is started by the
    asking, and a restarted one may listen elsewhere. `refusals` says whose server it is.
    """

    def __init__(
        self,
        address: Callable[[], Awaitable[str]],
        *,
        answer_seconds: float = _ANSWER_SECONDS,
        refusals: Refusals = PRIVATE,
    ) -> None:
        self._address = address
        self._answer_seconds = answer_seconds
        self._refusals = refusals
        self._client: Redis | None = None
        self._known: Redis | None = None
        self._connecting = asyncio.Lock()
        self._users: Counter[Redis] = Counter()

    @property
    def open(self) -> bool:
        """Somebody has asked before, and the line has not been lost since."""
        return self._client is not None

    async def ask(self, work: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        """Do work that may be repeated; raises ServerUnavailable with a hint.

        A lost line is mended and the work repeated. A server that is there and does not answer
        in time is not asked again: the person waits only once.
        """
        # A late import: who never asks the server does not load its library.
        from smtui.stores.redis.client import speaks_tls

        pauses = iter(_PAUSES)
        left = self._answer_seconds
        clock = asyncio.get_running_loop().time
        while True:
            # Starting a private server may take longer than an answer.
            client = await self._connected()
            began = clock()
            self._users[client] += 1
            try:
                async with asyncio.timeout(left):
                    return await self._answered(client, work)
            except TimeoutError as error:
                self._drop(client)
                raise self._refusals.silent(tls=speaks_tls(client)) from error
            except _Lost as lost:
                self._drop(client)
                left -= clock() - began
                pause = next(pauses, left)
                if pause >= left or in_vain(lost.error):
                    raise self._refusals.of(lost.error) from lost.error
            finally:
                await self._left(client)
            left -= pause
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """Close the line; a later `ask` opens it again."""
        client, self._client = self._client, None
        if client is not None and not self._users[client]:
            await client.aclose()

    async def _answered(self, client: Redis, work: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        """Do the work once; raises _Lost, TimeoutError or ServerUnavailable."""
        from redis import exceptions

        try:
            if self._refusals.shared and self._known is not client:
                await refuse_old(client, self._refusals)
                self._known = client
            return await work(client)
        except exceptions.ConnectionError as error:
            raise _Lost(error) from error
        except exceptions.TimeoutError as error:
            raise TimeoutError from error
        except exceptions.RedisError as error:
            raise self._refusals.of(error) from error

    async def _connected(self) -> Redis:
        """Return the client, made for the present address; nothing is sent yet."""
        from smtui.stores.redis.client import client_at

        async with self._connecting:
            if self._client is None:
                address = await self._address()
                self._client = client_at(address, self._answer_seconds, self._refusals)
            return self._client

    def _drop(self, client: Redis) -> None:
        """Hand a client to nobody any more; another coroutine may have replaced it already."""
        if self._client is client:
            self._client = None

    async def _left(self, client: Redis) -> None:
        """Close a client that was given up, when the last one who uses it has left.

        To close it under the others would break their work in the middle, not end it.
        """
        self._users[client] -= 1
        if not self._users[client]:
            del self._users[client]
            if client is not self._client:
                await client.aclose()


async def refuse_old(client: Redis, refusals: Refusals) -> None:
    """Raise ServerUnavailable for a server that lacks what smtui needs."""
    from redis import exceptions

    try:
        facts = await client.info("server")
    except exceptions.NoPermissionError:
        # It tells not everybody; what it lacks will then be said when it is needed.
        return
    number = re.match(r"\d+", str(facts.get("redis_version", "")))
    if number is not None and int(number[0]) < OLDEST:
        raise refusals.too_old(str(facts["redis_version"]), OLDEST)


def _version(facts: dict[str, Any]) -> str:
    if "valkey_version" in facts:
        return f"Valkey {facts['valkey_version']}"
    return f"Redis {facts.get('redis_version', '')}".strip()


class _Lost(Exception):
    """The line was lost, or could not be had."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
