"""Advisory locks on files (flock): who uses the private servers, and who is the one keeper.

They hold across processes, end with the process however it ends, and are never inherited by
a program that is started (the file is closed on exec). A fork shares its parent's hold.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from smtui.domain.errors import ServerUnavailable
from smtui.local.refusals import cannot_use
from smtui.local.setup import Files
from smtui.paths import Places

_LOOK_AGAIN_SECONDS = 0.02
_HELD_LOCK = "SMTUI_HELD_LOCK"


class FileLock:
    """One hold on a lock file, from `take` to `release`."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path

    @property
    def descriptor(self) -> int:
        """The open file that holds it."""
        return self._descriptor

    def named_in(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Tell a program that inherits the descriptor which one it is."""
        return {**environment, _HELD_LOCK: str(self._descriptor)}

    @classmethod
    def inherited(cls, path: Path) -> FileLock | None:
        """Return the hold that whoever started this program has left to it; None without one."""
        number = os.environ.pop(_HELD_LOCK, "")
        return cls(int(number), path) if number.isdecimal() else None

    @classmethod
    def take(cls, path: Path, *, exclusive: bool) -> FileLock | None:
        """Take the lock now; None when somebody else's hold is in the way. Raises OSError."""
        descriptor = _opened(path)
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        return cls(descriptor, path)

    def still_there(self) -> bool:
        """True if the path still names this file; a state folder may be thrown away."""
        mine = os.fstat(self._descriptor)
        try:
            present = self._path.stat()
        except OSError:
            return False
        return (mine.st_dev, mine.st_ino) == (present.st_dev, present.st_ino)

    def release(self) -> None:
        """Let go. Closing alone would not do while a forked child has the file open."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        os.close(self._descriptor)


def _opened(path: Path) -> int:
    """Open a lock file that no other folder shares.

    A home copied by hard links (`cp -al`, some backups) has the very lock files of the original,
    and each would keep the other out: such a file gives way to one of this folder alone.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(descriptor).st_nlink <= 1:
            return descriptor
        os.close(descriptor)
        draft = path.with_name(f"{path.name}.{os.getpid()}.new")
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        draft.replace(path)


class UntilSettled:
    """The hold of a worker from its start until it knows whether there is work.

    The keeper leaves it to the worker, and the worker to its children; whichever of them lets go
    does so for all.
    """

    def __init__(self, places: Places) -> None:
        self._lock = FileLock.inherited(Files(places=places).in_use)

    def let_go(self) -> None:
        """Say that it is known; every further time changes nothing."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None


class InUse:
    """Says "the private servers are in use" to the keeper, which stops them when nobody does.

    Taken before any ping. It waits only while the keeper is just stopping them. Held as often
    as wanted, let go as often.
    """

    def __init__(self, places: Places, *, patience_seconds: float = 60.0) -> None:
        self._path = Files(places=places).in_use
        self._patience = patience_seconds
        self._lock: FileLock | None = None
        self._holds = 0

    @asynccontextmanager
    async def using(self) -> AsyncIterator[None]:
        """Hold it for a while. Raises ServerUnavailable."""
        until = time.monotonic() + self._patience
        while not self._held():
            self._give_up_after(until)
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        try:
            yield
        finally:
            self._let_go()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Hold it for a while, for a process without an event loop. Raises ServerUnavailable."""
        until = time.monotonic() + self._patience
        while not self._held():
            self._give_up_after(until)
            time.sleep(_LOOK_AGAIN_SECONDS)
        try:
            yield
        finally:
            self._let_go()

    def _held(self) -> bool:
        if self._lock is None:
            try:
                self._lock = FileLock.take(self._path, exclusive=False)
            except OSError as error:
                raise cannot_use(self._path.parent, error) from error
        self._holds += self._lock is not None
        return self._lock is not None

    def _let_go(self) -> None:
        self._holds -= 1
        if self._holds == 0 and self._lock is not None:
            self._lock.release()
            self._lock = None

    def _give_up_after(self, until: float) -> None:
        if time.monotonic() > until:
            raise ServerUnavailable(
                "The private servers are being stopped and do not come to an end",
                hint="`smtui services status` shows them; `smtui services stop --now` ends them.",
            )


async def taken(path: Path, *, seconds: float) -> FileLock | None:
    """Wait for an exclusive lock; None when it was not free in time. Raises OSError."""
    until = time.monotonic() + seconds
    while True:
        lock = FileLock.take(path, exclusive=True)
        if lock is not None or time.monotonic() > until:
            return lock
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
