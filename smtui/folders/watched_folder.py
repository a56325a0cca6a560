"""Watching one folder: what is dropped into it is told once it has stopped growing.

The system says what changed (inotify, FSEvents, by `watchfiles`); on network folders, where it
does not hear of what others do, the folder is looked through every few seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from smtui.domain.errors import SmtuiError
from smtui.domain.scan import Candidate
from smtui.domain.text import shown
from smtui.folders.finder import DiskFinder
from smtui.folders.mounts import waits_for_drive
from smtui.services.prefetch import finish

SETTLED_SECONDS = 2.0

_TICK_MS = 500
_GATHER_MS = 300
_POLL_MS = 2_000
_BACK_SECONDS = 2.0
_AGAIN_SECONDS = 1.0
_TROUBLE_SECONDS = 10.0
# Of more changes at once some may be lost, and one look at all costs less.
_MOST_CHANGES = 1_000

WATCHED = "watched"
AWAY = "not there now; watched again when it is back"


@dataclass(slots=True, kw_only=True)
class WatchedFolder:
    """One folder that is watched until its task is cancelled.

    Attributes:
        root: absolute, as this machine calls it.
        take: takes in what was found; may raise SmtuiError, and is then asked again.
        say: told in words how the watching stands, at each change.
        network_of: names the network's file system that a folder is on, empty for a local one.
    """

    root: Path
    finder: DiskFinder
    take: Callable[[Found], Awaitable[None]]
    say: Callable[[Path, str], None]
    network_of: Callable[[Path], str]
    _told: str = ""
    _whole: bool = True
    _pending: set[Path] = field(default_factory=set)

    async def keep(self) -> None:
        """Watch for ever, whatever becomes of the folder."""
        while True:
            place = await asyncio.to_thread(_place_of, self.root)
            if place is None:
                self._tell(AWAY)
                await asyncio.sleep(_BACK_SECONDS)
                continue
            try:
                await self._watch(place)
            except OSError as error:
                self._tell(f"cannot be watched: {shown(error.strerror or str(error))}")
                await asyncio.sleep(_TROUBLE_SECONDS)

    async def _watch(self, place: tuple[int, int]) -> None:
        """Watch the folder that is at its place now, until another or none is there."""
        network = await asyncio.to_thread(self.network_of, self.root)
        settling = Settling(trusts_clock=not network)
        self._pending, self._whole = {self.root}, True
        async with aclosing(self._changes(network)) as changes:
            async for changed in changes:
                if await asyncio.to_thread(_place_of, self.root) != place:
                    return
                self._note(changed)
                if self._pending:
                    await self._look(settling)

    async def _changes(self, network: str) -> AsyncGenerator[set[Path], None]:
        """Yield what changed, twice a second also nothing; raises OSError."""
        if network:
            self._tell(f"on a network ({shown(network)}): looked through every few seconds")
        else:
            self._tell(WATCHED)
            try:
                async with aclosing(_yield_changes(self.root, polling=False)) as changes:
                    async for paths in changes:
                        yield paths
            except OSError as error:
                if not _limit_reached(error):
                    raise
                self._tell(
                    "looked through every few seconds: this system watches no more folders"
                    " (raise fs.inotify.max_user_watches)"
                )
        async with aclosing(_yield_changes(self.root, polling=True)) as changes:
            async for paths in changes:
                yield paths

    def _note(self, changed: set[Path]) -> None:
        if len(changed) > _MOST_CHANGES:
            self._pending, self._whole = {self.root}, True
        else:
            self._pending |= changed

    async def _look(self, settling: Settling) -> None:
        """Look at what changed; what is at rest is taken in, the rest is looked at again."""
        seen: list[Candidate] = []
        only = None if self.root in self._pending else self._pending
        kept = self.finder.paths.documents_path(self.root)
        async for step in self.finder.walk(kept, only=only):
            seen += step.candidates
        still = [candidate for candidate in seen if settling.is_settled(candidate)]
        at_rest = {candidate.path for candidate in still}
        restless = {candidate.path for candidate in seen} - at_rest
        settling.keep_only(restless)
        if still or self._whole:
            try:
                await self.take(Found(root=self.root, candidates=tuple(still), whole=self._whole))
            except SmtuiError as error:
                # Not lost: all of it is looked through again.
                self._tell(f"waiting: {error}")
                await asyncio.sleep(_TROUBLE_SECONDS)
                self._pending, self._whole = {self.root}, True
                return
            if self._told.startswith("waiting: "):
                self._tell(WATCHED)
        self._pending, self._whole = restless, False

    def _tell(self, words: str) -> None:
        if words != self._told:
            self._told = words
            self.say(self.root, words)


class Settling:
    """Remembers the files of one folder that have not come to rest.

    `trusts_clock`: a file not written to for long by this machine's clock is at rest when first
    seen. The clock of a network's server may be another, so there each file is looked at twice.
    """

    def __init__(self, *, trusts_clock: bool = True) -> None:
        self._trusts_clock = trusts_clock
        self._restless: dict[Path, tuple[int, int, float]] = {}

    def is_settled(self, candidate: Candidate) -> bool:
        """Take what was just seen of a file; True once it is at rest, and then it is forgotten."""
        now = time.monotonic()
        size, changed = candidate.file_size, candidate.mtime_ns
        known = self._restless.get(candidate.path)
        if known is None and self._trusts_clock and _is_old(changed):
            return True
        if known is None or known[:2] != (size, changed):
            self._restless[candidate.path] = (size, changed, now)
            return False
        if now - known[2] < SETTLED_SECONDS:
            return False
        del self._restless[candidate.path]
        return True

    def keep_only(self, paths: set[Path]) -> None:
        """Forget those that have gone."""
        self._restless = {path: seen for path, seen in self._restless.items() if path in paths}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Files that came to rest in a folder; `whole`: it was looked through, not only what changed.

    What was left undone earlier is then looked for too.
    """

    root: Path
    candidates: tuple[Candidate, ...]
    whole: bool


def _is_old(changed_ns: int) -> bool:
    return time.time_ns() - changed_ns > SETTLED_SECONDS * 1e9


async def _yield_changes(root: Path, *, polling: bool) -> AsyncGenerator[set[Path], None]:
    """Yield what the system says, all of the folder where it could not say it; raises OSError."""
    while True:
        steps = _steps(root, polling=polling)
        try:
            while True:
                # To its end: a step that is under way cannot be closed.
                yield await finish(asyncio.to_thread(next, steps))
        except RuntimeError:
            # The library ends at a name that is not UTF-8.
            yield {root}
            await asyncio.sleep(_AGAIN_SECONDS)
        finally:
            steps.close()


def _steps(root: Path, *, polling: bool) -> Generator[set[Path], None, None]:
    # A late import: only the process that watches needs it.
    from watchfiles import Change, watch

    for changes in watch(
        root,
        watch_filter=None,
        debounce=_GATHER_MS,
        rust_timeout=_TICK_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
        force_polling=polling,
        poll_delay_ms=_POLL_MS,
        ignore_permission_denied=True,
    ):
        yield {Path(path) for change, path in changes if change is not Change.deleted}


def _place_of(root: Path) -> tuple[int, int] | None:
    """Tell which folder is there now; None where there is none, or its drive is not mounted."""
    try:
        status = root.stat()
    except OSError:
        return None
    if not root.is_dir() or waits_for_drive(bytes(root)):
        return None
    return status.st_dev, status.st_ino


def _limit_reached(error: OSError) -> bool:
    return "limit" in str(error).lower() or error.errno in (24, 28)
