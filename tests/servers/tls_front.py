"""TLS in front of any server on the loopback, with a certificate made for the occasion.

The Valkey of the wheel is built without TLS, and one front serves MongoDB, Valkey and Chroma.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFront:
    """Where it listens for `localhost`, and the file with the authority to trust."""

    port: int
    authority: Path


@contextmanager
def tls_front(port: int, folder: Path, *, name: str = "localhost") -> Iterator[TlsFront]:
    """Pass lines on to this port of the loopback; the certificate is for `name`."""
    authority = trustme.CA()
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    loop = asyncio.new_event_loop()
    # In a thread: tests without a loop of their own and blocking programs use it too.
    thread = threading.Thread(target=loop.run_forever, name="tls-front")
    thread.start()
    try:
        front = _Front(port)
        listening = asyncio.run_coroutine_threadsafe(front.listen(context), loop).result(10)
        yield TlsFront(port=listening, authority=file)
        asyncio.run_coroutine_threadsafe(front.close(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class _Front:
    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._lines: set[asyncio.Task[None]] = set()

    async def listen(self, context: ssl.SSLContext) -> int:
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", 0, ssl=context)
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    async def close(self) -> None:
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

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", self._behind)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_passed(reader, outer))
                both.create_task(_passed(inner, writer))
        finally:
            outer.close()


async def _passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until one side ends, then end the other."""
    with suppress(OSError):
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
    writer.close()
