"""What `smtui doctor` looks at on this machine: SQLite, disk, folders, logging out, servers.

Private servers are really started and asked, and left as they were.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from smtui.domain.errors import ServerUnavailable
from smtui.domain.health import (
    Check,
    Condition,
    ServerHealth,
    ServerStatus,
    attention,
    broken,
    well,
)
from smtui.domain.text import shown
from smtui.local import valkey
from smtui.local.refusals import cannot_use
from smtui.local.servers import PrivateServers
from smtui.local.setup import Files
from smtui.paths import Places

_OLDEST_SQLITE = (3, 35, 0)
_GIGABYTE = 10**9
_LEAST_FREE = 100 * 10**6
_NETWORK = {
    *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "9p", "afs"),
    *("ceph", "glusterfs", "lustre", "gpfs", "beegfs", "ocfs2", "gfs2", "ncpfs", "vboxsf"),
    *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.rclone", "fuse.s3fs", "macfuse"),
}
_ANSWER_SECONDS = 5.0
# A worker imports all that it listens with before it takes its first message.
_WORKER_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.1


def sqlite() -> Check:
    """The SQLite library of this Python, and its full-text search by trigrams."""
    seen = sqlite3.sqlite_version
    mend = "Use a Python with a newer SQLite, for instance one from python.org or uv."
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        return broken("sqlite", f"{seen}; 3.35 is needed", mend)
    with closing(sqlite3.connect(":memory:")) as trial:
        try:
            trial.execute("CREATE VIRTUAL TABLE trial USING fts5(name, tokenize='trigram')")
        except sqlite3.OperationalError as error:
            return broken("sqlite", f"{seen} without search by trigrams: {error}", mend)
    return well("sqlite", f"{seen} with search by trigrams")


def disk(places: Places) -> Check:
    """Room under the data folder."""
    folder = nearest(places.data)
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return broken("disk", cannot_use(folder, error).title, "Make sure that it is there.")
    seen = f"{free / _GIGABYTE:.1f} GB free for {shown(str(places.data))}"
    if free < _LEAST_FREE:
        return broken("disk", seen, "Make room: without it nothing can be kept.")
    if free < _GIGABYTE:
        return attention("disk", seen, "Make room soon: a large library needs a gigabyte or more.")
    return well("disk", seen)


def folders(places: Places) -> Check:
    """True if the folders are there, belong to the person alone and can be written in."""
    try:
        places.prepare()
    except OSError as error:
        refusal = cannot_use(Path(error.filename or places.data), error)
        return broken("folders", refusal.title, refusal.hint)
    for folder in (places.data, places.state, places.config, places.sockets):
        try:
            with tempfile.TemporaryFile(dir=folder) as trial:
                trial.write(b"smtui")
        except OSError as error:
            refusal = cannot_use(folder, error)
            return broken("folders", refusal.title, refusal.hint)
    names = ", ".join(shown(str(folder)) for folder in (places.data, places.state, places.config))
    return well("folders", f"yours alone: {names}")


def file_system(places: Places) -> Check:
    """True if the data folder is on a disk of this machine; locks do not hold on a network's."""
    nearby = nearest(places.data)
    if kind := network_of(nearby):
        return broken(
            "file system",
            f"{shown(str(places.data))} is on a network file system ({kind})",
            "Set SMTUI_HOME to a folder on a disk of this machine.",
        )
    return well("file system", file_system_of(nearby) or "of this machine")


def copying(places: Places) -> Check:
    """How the library can be copied now, and whether its one file holds all of it."""
    try:
        beside = Path(f"{places.database}-wal").stat().st_size
    except OSError:
        beside = 0
    mend = "Close smtui, `smtui services stop`, then copy the folders of data and settings."
    if beside:
        return attention("copying", f"{beside:,} bytes are not yet in the library's file", mend)
    whole = f"{shown(str(places.database))} holds all that was done"
    return well("copying", f"{whole}; copy it alone, or all folders after `smtui services stop`")


def lingering() -> Check:
    """True if what runs in the background goes on after logging out."""
    name = "logging out"
    kills = _login_service("show-session", "--property=KillUserProcesses")
    if kills is None:
        return well(name, "nothing on this machine ends background processes")
    if kills != "yes":
        return well(name, "background processes go on")
    lingers = _login_service("show-user", str(os.getuid()), "--property=Linger") == "yes"
    aside = "Start smtui with `systemd-run --user --scope smtui` to go on after logging out"
    return attention(
        name,
        "this machine ends background processes when you log out; analysis goes on next time",
        f"{aside}." if lingers else f"{aside}, after `loginctl enable-linger` once.",
    )


def network_of(folder: Path) -> str:
    """Name the network's file system that a folder is on; empty for a disk of this machine."""
    kind = file_system_of(folder)
    return kind if kind.lower() in _NETWORK else ""


def file_system_of(folder: Path) -> str:
    """Name the kind of file system that a folder is on; empty where it is not known."""
    # A late import: only the doctor needs it here.
    import psutil

    below = folder.resolve()
    mounts = {Path(mount.mountpoint): mount.fstype for mount in psutil.disk_partitions(all=True)}
    return next((mounts[each] for each in (below, *below.parents) if each in mounts), "")


def nearest(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next((each for each in (folder, *folder.parents) if each.exists()), Path("/"))


class Trials:
    """Starts each private server and sees whether it works; leaves things as they were."""

    def __init__(self, places: Places, servers: PrivateServers) -> None:
        self._files = Files(places=places)
        self._servers = servers

    async def all(self) -> tuple[Check, ...]:
        """Try Valkey, Chroma and the worker, and stop them if nothing ran before."""
        before = await self._servers.status()
        try:
            return (
                await _try("valkey", self._valkey),
                await _try("chroma", self._chroma),
                await _try("worker", self._worker),
            )
        finally:
            await self._leave_as(before)

    async def _leave_as(self, before: tuple[ServerStatus, ...]) -> None:
        """Stop what was started for the trials alone."""
        ran = {status.name for status in before if status.state != "stopped"}
        try:
            if not ran:
                await self._servers.stop()
            elif "chroma" not in ran:
                # The worker stays: somebody may have given it work meanwhile.
                await self._servers.rest("chroma")
        except ServerUnavailable:
            # Somebody began to use them meanwhile, or they do not start at all.
            return

    async def _valkey(self) -> str:
        await self._servers.valkey()
        return await valkey.version(self._files.valkey_socket)

    async def _chroma(self) -> str:
        # A late import, 30 ms.
        from importlib.metadata import version

        host, _ = await self._servers.chroma()
        return f"Chroma {version('chromadb')} on {host}"

    async def _worker(self) -> str:
        await self._servers.worker()
        until = time.monotonic() + _WORKER_SECONDS
        while True:
            # Whoever waits for messages is a worker that has come up whole.
            clients = await valkey.ask(self._files.valkey_socket, "CLIENT", "LIST")
            if b" cmd=brpop " in clients:
                return "waits for sounds"
            state = next(each for each in await self._servers.status() if each.name == "worker")
            if state.state != "running":
                raise ServerUnavailable(state.reason or "The worker has ended by itself")
            if time.monotonic() > until:
                raise ServerUnavailable("The worker runs, but does not take messages")
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)


def check_of(health: ServerHealth) -> Check:
    """Make a check of what was seen of a server that nobody starts here."""
    words = ", ".join(each for each in (health.version, health.address) if each)
    if health.milliseconds is not None:
        words += f", {health.milliseconds:.0f} ms"
    if health.condition is Condition.BROKEN:
        seen = f"{health.trouble} ({health.address})" if health.address else health.trouble
        return broken(health.name, seen, health.hint)
    if health.trouble:
        return attention(
            health.name, f"{words}: {health.trouble}" if words else health.trouble, health.hint
        )
    return well(health.name, words)


def _login_service(*words: str) -> str | None:
    """Ask systemd's login service; None where there is none."""
    try:
        done = subprocess.run(
            ["loginctl", *words, "--value"],
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


async def _try(name: str, trial: Callable[[], Awaitable[str]]) -> Check:
    began = time.perf_counter()
    try:
        seen = await trial()
    except ServerUnavailable as error:
        log = f"{name}.log and keeper.log in the state folder tell more."
        return broken(name, error.title, error.hint or f"The {log}")
    except (OSError, EOFError, ValueError, TimeoutError) as error:
        return broken(name, f"it does not answer: {error}", "`smtui services stop` and try again.")
    return well(name, f"{seen}, after {(time.perf_counter() - began) * 1000:.0f} ms")
