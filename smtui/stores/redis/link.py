"""The line to the server: opened on first use, opened again after the server has restarted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from smtui.stores.redis.refusals import Refusals

if TYPE_CHECKING:
    from redis.asyncio import Redis

Answer = TypeVar("Answer")

_PAUSES = (0.05, 0.25, 1.0)
"""Waits between tries, s. A server that was killed is back well within their sum."""

_ANSWER_SECONDS = 5.0


class RedisLink:
    """Gives a client to whoever asks; belongs to the event loop in which it is first used.

    `address` is asked before every connecting, because a private server is started by the
    asking, and a restarted one may listen elsewhere.
    """

    def __init__(
        self,
        address: Callable[[], Awaitable[str]],
        *,
        answer_seconds: float = _ANSWER_SECONDS,
        refusals: Refusals | None = None,
    ) -> None:
        self._address = address
        self._refusals = refusals or Refusals()
        self._answer_seconds = answer_seconds
        self._client: Redis | None = None
        self._connecting = asyncio.Lock()

    async def ask(self, work: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        """Do work that may be repeated; raises ServerUnavailable with a hint.

        A lost line is mended and the work repeated. A server that is there and does not answer
        in time is not asked again: the person waits only once.
        """
        # A late import: who never asks the server does not load its library.
        from redis import exceptions

        pauses = iter(_PAUSES)
        while True:
            client = await self._connected()
            try:
                return await work(client)
            except exceptions.ConnectionError as error:
                await self._drop(client)
                # A refused password comes as the cause of a lost connection; trying on is vain.
                cause = error.__cause__
                if isinstance(error, exceptions.AuthenticationError):
                    raise self._refusals.refused(error) from error
                if isinstance(cause, exceptions.ResponseError | exceptions.AuthenticationError):
                    raise self._refusals.refused(cause) from error
                pause = next(pauses, None)
                if pause is None:
                    raise self._refusals.unreachable(error) from error
                await asyncio.sleep(pause)
            except exceptions.TimeoutError as error:
                await self._drop(client)
                raise self._refusals.silent() from error
            except exceptions.RedisError as error:
                raise self._refusals.refused(error) from error

    async def close(self) -> None:
        """Close the line; a later `ask` opens it again."""
        if self._client is not None:
            await self._drop(self._client)

    async def _connected(self) -> Redis:
        """Give the client, made for the present address; nothing is sent yet."""
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        async with self._connecting:
            if self._client is None:
                address = await self._address()
                self._client = Redis.from_url(
                    address,
                    socket_timeout=self._answer_seconds,
                    socket_connect_timeout=self._answer_seconds,
                    # Its own retries would hide a restart that needs the address anew.
                    retry=Retry(NoBackoff(), 0),
                    protocol=2,
                )
            return self._client

    async def _drop(self, client: Redis) -> None:
        """Close a client; another coroutine may have replaced it already."""
        if self._client is client:
            self._client = None
        await client.aclose()
