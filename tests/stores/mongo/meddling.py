"""A line to a real MongoDB on which things go wrong: answers get lost, or say something else."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import bson

from tests.servers.relay import Relay

Document = dict[str, Any]
Change = Callable[[str, Document], Document | None]

_HEADER = struct.Struct("<iiii")
_OP_MSG = 2013
# After the header 4 bytes of flags and the kind of the first section, which holds the document.
_BODY = _HEADER.size + 5


class Meddler:
    """Stands between program and server; `change` sees every answer, None loses it and the line.

    Attributes:
        url: where programs find it instead of the server.
        asked: names of the commands that were passed on, in order.
        fetched: bytes of all answers, heads and all, as they go over the wire.
    """

    def __init__(self, url: str) -> None:
        self.change: Change = lambda command, answer: answer
        self.asked: list[str] = []
        self.fetched = 0
        self._there = urlsplit(url)
        self._relay = Relay(self._joined)

    @property
    def url(self) -> str:
        return urlunsplit(self._there._replace(netloc=f"127.0.0.1:{self._port}"))

    def lose_once(self, command: str) -> None:
        """Do the next such command and lose its answer."""
        self.once(command, None)

    def once(self, command: str, instead: Document | None) -> None:
        """Answer the next such command, which is done, with something else."""
        left = [command]

        def change(asked: str, answer: Document) -> Document | None:
            if asked in left:
                left.remove(asked)
                return instead
            return answer

        self.change = change

    async def open(self) -> None:
        self._port = await self._relay.open()

    async def close(self) -> None:
        await self._relay.close()

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._there.hostname, self._there.port
        inner, outer = await asyncio.open_connection(host, port)
        commands: dict[int, str] = {}
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._asking(reader, outer, commands))
                both.create_task(self._answering(inner, writer, commands))
        except* (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            outer.close()

    async def _asking(
        self, reader: asyncio.StreamReader, outer: asyncio.StreamWriter, commands: dict[int, str]
    ) -> None:
        while True:
            message = await _message(reader)
            _, number, _, kind = _HEADER.unpack_from(message)
            if kind == _OP_MSG:
                command = next(iter(bson.decode(_first(message))))
                commands[number] = command
                self.asked.append(command)
            outer.write(message)
            await outer.drain()

    async def _answering(
        self, inner: asyncio.StreamReader, writer: asyncio.StreamWriter, commands: dict[int, str]
    ) -> None:
        while True:
            message = await _message(inner)
            _, number, to, kind = _HEADER.unpack_from(message)
            if kind == _OP_MSG and to in commands:
                changed = self.change(commands[to], bson.decode(_first(message)))
                if changed is None:
                    raise ConnectionResetError
                body = bytes(5) + bson.encode(changed)
                message = _HEADER.pack(_HEADER.size + len(body), number, to, kind) + body
            self.fetched += len(message)
            writer.write(message)
            await writer.drain()


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(4)
    return head + await reader.readexactly(int.from_bytes(head, "little") - 4)


def _first(message: bytes) -> bytes:
    """The document of the first section; more of them may follow."""
    length = int.from_bytes(message[_BODY : _BODY + 4], "little")
    return message[_BODY : _BODY + length]


@asynccontextmanager
async def meddling(url: str) -> AsyncIterator[Meddler]:
    meddler = Meddler(url)
    await meddler.open()
    try:
        yield meddler
    finally:
        with suppress(OSError):
            await meddler.close()
