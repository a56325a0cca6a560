"""What does work for the services: queue, listener, painter, finder, clock, passwords."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from smtui.domain.analysis import Level, Measurement
from smtui.domain.batch import RunId
from smtui.domain.health import ServerHealth
from smtui.domain.path_map import PathMap
from smtui.domain.pause import Word
from smtui.domain.picture import Picture, PictureRequest
from smtui.domain.sample import FoundFile
from smtui.domain.scan import Candidate, Remains, Unreadable, Walked


class Clock(Protocol):
    """The present; tests give one that stands still."""

    def now(self) -> datetime:
        """Aware UTC, cut to milliseconds."""
        ...


class Passwords(Protocol):
    """Slow one-way hashing, in a thread."""

    async def hashed(self, password: str) -> str: ...

    async def matches(self, password: str, hashed_password: str | None) -> bool:
        """Compare; with None (no such account) takes the same time and says False."""
        ...


class JobQueue(Protocol):
    """Wakes workers; a message carries no work, so a lost or doubled one changes nothing."""

    async def wake(self, run_id: RunId, *, urgent: bool) -> None:
        """Ask a worker to look at the run; `urgent` for a person's single file."""
        ...


class PauseNote(Protocol):
    """What a person said last of listening on this machine, where all its processes look."""

    async def read_word(self) -> Word | None:
        """Give it; None where nothing was said."""
        ...

    async def keep(self, word: Word) -> None:
        """Keep it in place of another; raises StoreUnreachable where that is not possible."""
        ...

    async def remove(self) -> None:
        """Forget it; raises StoreUnreachable where that is not possible."""
        ...


class Listener(Protocol):
    """Hears one file; synchronous, called in a worker child or in `smtui inspect`."""

    recipe_version: int

    def prepare(self, level: Level) -> None:
        """Load and compile what this level needs; slow once, and nobody's time limit."""
        ...

    def listen(self, path: Path, *, level: Level) -> Measurement:
        """Hear a file; raises SoundUnreadable."""
        ...


class Painter(Protocol):
    """Draws pictures in a process of its own."""

    async def paint(self, request: PictureRequest) -> Picture:
        """Draw; a newer request of the same view replaces a waiting one. Raises
        SoundUnreadable. Cancelling the caller stops the drawing.
        """
        ...

    async def close(self) -> None: ...


class SoundFinder(Protocol):
    """Walks folders and reads what a scan does not know yet.

    It is asked with paths as the documents have them; `paths` says where they are here. What it
    tells a person (the folder where a walk is, what is unreadable) is this machine's path.
    """

    paths: PathMap

    def walk(self, root: Path) -> AsyncIterator[Walked]:
        """Yield what was met since the step before, in chunks; folders in sorted order."""
        ...

    async def read_files(
        self, candidates: Sequence[Candidate]
    ) -> tuple[FoundFile | Unreadable, ...]:
        """Open, hash, read header and tags; one result per candidate, in order; in threads."""
        ...

    async def exists(self, path: Path) -> bool:
        """Whether a regular file is there now."""
        ...

    async def present(self, folder: Path) -> bool:
        """Whether a folder is there and can be looked into (its drive is mounted)."""
        ...

    async def remains(self, path: Path) -> Remains:
        """Look at what is left of the way to a file that is not there."""
        ...


class HealthCheck(Protocol):
    """Asks the servers how they are."""

    async def check(self) -> tuple[ServerHealth, ...]:
        """Ask each, side by side, for at most 5 s; failures are answers, never errors."""
        ...
