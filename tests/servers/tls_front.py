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
from functools import partial
from pathlib import Path

import trustme

from tests.servers.relay import Relay


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
        relay = Relay(partial(_joined, port))
        listening = asyncio.run_coroutine_threadsafe(relay.open(context), loop).result(10)
        yield TlsFront(port=listening, authority=file)
        asyncio.run_coroutine_threadsafe(relay.close(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _joined(behind: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    inner, outer = await asyncio.open_connection("127.0.0.1", behind)
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
