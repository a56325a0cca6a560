"""Processes that outlive who started them: known by pid, start time and home, never lost.

A process is started behind a gate: a shell that runs the program only after its pid has been
written down. So whoever dies at whatever moment, no server runs of which nobody knows.

A copy of a home has the same files with the same numbers in them, so what they say holds only in
the folder in which it was written. The folder is known by its device and inode, which a copy
never shares and every way to it (a link, a bind mount) does. Its path is kept beside them: a home
that was renamed is still the same folder, but what runs in it works at paths that lead nowhere.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from smtui.files import write_whole
from smtui.local.locks import FileLock
from smtui.local.process_priority import lower
from smtui.log_files import open_log

_GATE = 'read -r go && exec "$@" </dev/null'
_LOOK_AGAIN_SECONDS = 0.01
_LINUX = sys.platform == "linux"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A state folder as it is known on the disk; a path of "" is nobody's."""

    device: int = 0
    inode: int = 0
    path: str = ""

    @classmethod
    def of(cls, folder: Path) -> Home:
        """Return the identity of a folder; that of nobody's where there is none."""
        try:
            status = folder.stat()
        except OSError:
            return cls()
        return cls(device=status.st_dev, inode=status.st_ino, path=str(folder.resolve()))

    def is_at(self, folder: Path) -> bool:
        """True if this path leads to the very folder."""
        other = Home.of(folder)
        return bool(other.path) and (other.device, other.inode) == (self.device, self.inode)

    @property
    def has_moved(self) -> bool:
        """True if the path that was written down no longer leads there."""
        return not self.is_at(Path(self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is written down of a process.

    Attributes:
        pid: its number, also that of its session and process group.
        mark: what tells it from a later process of the same number.
        since: when it was started, epoch seconds.
        address: where it answers, if it does.
        home: the state folder that it works in.
    """

    pid: int
    mark: str
    since: float
    address: str = ""
    home: Home = field(default_factory=Home)

    def alive(self) -> bool:
        """True if this very process still runs."""
        return start_mark(self.pid) == self.mark

    def write(self, path: Path) -> None:
        """Write it down whole or not at all, 0600. Raises OSError."""
        # Not synced: a power cut ends the process, too.
        write_whole(path, json.dumps(asdict(self)).encode(), synced=False)

    @classmethod
    def load(cls, path: Path) -> Record | None:
        """Read what was written; None where nothing can be read, or it is another folder's.

        A copied home has the records of the original, whose processes are not its own.
        """
        try:
            fields = json.loads(path.read_text())
            record = cls(**{**fields, "home": Home(**fields["home"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return record if record.home.is_at(path.parent) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A program to start, and the manners it starts with.

    Attributes:
        holds: a lock that it holds, shared, from its first moment; see `FileLock.inherited`.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    address: str = ""
    nice: int = 0
    idle_io: bool = False
    holds: Path | None = None


class Running:
    """A process of ours, started by this keeper or by one before it."""

    def __init__(self, record: Record, child: subprocess.Popen[bytes] | None = None) -> None:
        self.record = record
        self._child = child

    def alive(self) -> bool:
        """True if it still runs; a child that has ended is laid to rest."""
        if self._child is not None:
            return self._child.poll() is None
        return self.record.alive()

    def killed_by(self) -> str:
        """Name the signal that ended it; empty where it ended otherwise, or nobody knows."""
        ended = self._child.returncode if self._child is not None else None
        return signal.Signals(-ended).name if ended is not None and ended < 0 else ""

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the process alone, if it still is this one."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.record.pid, number)

    def end_group(self) -> None:
        """Kill it and what it started; what has ended already is fine."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.record.pid, signal.SIGKILL)

    async def gone(self, *, seconds: float) -> bool:
        """Wait until it has ended; False when it has not in time."""
        until = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > until:
                return False
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        return True


def start(launch: Launch, *, record: Path) -> Running:
    """Start a program in a session of its own. Raises OSError, with nothing started."""
    log = open_log(launch.log)
    held = None if launch.holds is None else FileLock.take(launch.holds, exclusive=False)
    try:
        child = subprocess.Popen(
            ["/bin/sh", "-c", _GATE, "smtui", *launch.command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=launch.folder,
            env=launch.environment if held is None else held.named_in(launch.environment),
            pass_fds=() if held is None else (held.descriptor,),
            start_new_session=True,
        )
    finally:
        os.close(log)
        if held is not None:
            # Not let go: the program has it now.
            os.close(held.descriptor)
    assert child.stdin is not None
    # Left without its word, the gate ends by itself.
    with child.stdin as gate:
        _lower(child.pid, launch)
        mark = start_mark(child.pid) or ""
        known = Record(
            pid=child.pid,
            mark=mark,
            since=time.time(),
            address=launch.address,
            home=Home.of(record.parent),
        )
        try:
            known.write(record)
        except OSError:
            child.kill()
            child.wait()
            raise
        gate.write(b"go\n")
    return Running(known, child)


def _lower(pid: int, launch: Launch) -> None:
    """Set what the program and all that it starts will inherit."""
    if launch.nice or launch.idle_io:
        lower(pid, nice=launch.nice, idle_io=launch.idle_io)
    if launch.nice and _LINUX:
        # Linux may share the processor out by session first; niceness then counts only within
        # one, and this program has a session of its own.
        with suppress(OSError):
            Path(f"/proc/{pid}/autogroup").write_text(f"{launch.nice}\n", "ascii")


def start_mark(pid: int) -> str | None:
    """Return what tells this process from any other of the same number; None when it has ended.

    On Linux the boot and the clock tick at which it began, elsewhere its creation time.
    """
    if _LINUX:
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return None
        # The name in parentheses may hold anything; fields are counted after it, from state (3).
        fields = stat.rpartition(b")")[2].split()
        return None if fields[0] in b"ZX" else f"{_boot()} {int(fields[19])}"
    # A late import: Linux does without.
    import psutil

    try:
        process = psutil.Process(pid)
        dead = process.status() == psutil.STATUS_ZOMBIE
        return None if dead else str(process.create_time())
    except psutil.Error:
        return None


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
