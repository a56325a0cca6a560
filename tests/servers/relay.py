"""A place on the loopback that takes lines, and joins each to something else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from ssl import SSLContext

Joined = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Relay:
    """Hands every line to `joined`, which passes things on until one side ends."""

    def __init__(self, joined: Joined) -> None:
        self._joined = joined
        self._lines: set[asyncio.Task[None]] = set()

    async def open(self, context: SSLContext | None = None) -> int:
        """Begin to take lines; gives the port."""
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", 0, ssl=context)
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    async def close(self) -> None:
        """Take no more, and end those that are open."""
        self._server.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        try:
            await self._joined(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._lines.discard(task)
            writer.close()
