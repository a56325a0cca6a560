"""The private Chroma: its own server on loopback, at a free port that only its owner knows.

It has no authentication, so before each first use it is seen that the process at the port is
the one that was started, and that it speaks as Chroma does.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import socket
import sys

from smtui.domain.errors import ServerUnavailable
from smtui.local.processes import Launch, Record
from smtui.local.server_kinds import Farewell, Look
from smtui.local.setup import Files, Setup

_LOOPBACK = "127.0.0.1"
_ANSWER_SECONDS = 2.0
# The `chroma` program imports its whole client first, 1 s; the server itself is in this module.
_SERVER = "import sys, chromadb_rust_bindings as chroma; chroma.cli(['chroma', *sys.argv[1:]])"


class Chroma:
    """How Chroma's server is started and looked at."""

    title = "Chroma"
    start_seconds = 60.0
    farewell = Farewell(seconds=10.0)

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def launch(self, before: Record | None) -> Launch:
        """Say what to start; the port is the last one where it is free."""
        port = _free_port(int(before.address.rpartition(":")[2]) if before else 0)
        return Launch(
            command=(
                *program(),
                "run",
                "--path",
                str(self._setup.places.chroma_data),
                "--host",
                _LOOPBACK,
                "--port",
                str(port),
            ),
            environment=self._setup.environment() | {"NO_COLOR": "1"} | _log_level(),
            folder=self._setup.places.chroma_data,
            log=Files(places=self._setup.places).log("chroma"),
            address=f"{_LOOPBACK}:{port}",
        )

    async def look(self, record: Record) -> Look:
        """Ask for its heartbeat, and make sure that it is our process that answers."""
        port = int(record.address.rpartition(":")[2])
        try:
            answer = json.loads(await _get(port, "/api/v2/heartbeat"))
        except (OSError, EOFError, ValueError, TimeoutError):
            return Look.SILENT
        if not isinstance(answer, dict) or "nanosecond heartbeat" not in answer:
            return Look.SILENT
        ours = await asyncio.to_thread(listens, record.pid, port)
        return Look.READY if ours else Look.SILENT


async def version(port: int) -> str:
    """Ask the server at this port of the loopback for its version.

    Raises OSError, EOFError, ValueError or TimeoutError where there is none.
    """
    return str(json.loads(await _get(port, "/api/v2/version")))


def program() -> tuple[str, ...]:
    """Find Chroma's server program. Raises ServerUnavailable naming the package."""
    if importlib.util.find_spec("chromadb_rust_bindings"):
        return (sys.executable, "-P", "-c", _SERVER)
    on_path = shutil.which("chroma")
    if on_path:
        return (on_path,)
    raise ServerUnavailable(
        "No Chroma on this machine", hint="Install the Python package chromadb."
    )


def listens(pid: int, port: int) -> bool:
    """True if this process itself listens at the port of the loopback."""
    # A late import, 20 ms: only Chroma needs it.
    import psutil

    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(
        line.status == psutil.CONN_LISTEN and line.laddr == (_LOOPBACK, port)
        for line in connections
    )


def _log_level() -> dict[str, str]:
    """Leave out of its log what it did at each request, a megabyte in five minutes of listening."""
    return {"RUST_LOG": os.environ.get("RUST_LOG", "warn")}


def _free_port(wanted: int) -> int:
    """Return the wanted port where it is free, else any free one."""
    for port in (wanted, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_LOOPBACK, port))
            except OSError:
                continue
            number: int = probe.getsockname()[1]
            return number
    raise ServerUnavailable("No free port on this machine for Chroma")


async def _get(port: int, path: str) -> bytes:
    """Read a small page over HTTP; the body of an answer 200, else ValueError."""
    async with asyncio.timeout(_ANSWER_SECONDS):
        reader, writer = await asyncio.open_connection(_LOOPBACK, port)
        try:
            request = f"GET {path} HTTP/1.1\r\nHost: {_LOOPBACK}\r\nConnection: close\r\n\r\n"
            writer.write(request.encode())
            await writer.drain()
            head, _, body = (await reader.read(16_384)).partition(b"\r\n\r\n")
            if b" 200 " not in head.partition(b"\r\n")[0] + b" ":
                raise ValueError(head)
            return body or await reader.read(16_384)
        finally:
            writer.close()
