"""How runs stand: how fast each goes, what its workers do, and all of them in one line."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from smtui.domain.batch import RunId, RunProgress
from smtui.domain.sample import FileId, Sample

# How often counters are read while they change, and at most while they stand still, s.
_QUICK = 0.1
_SLOW = 1.0
# The rate is measured over the newest so many seconds, and not before it was watched so long.
_SPAN = 20.0
_LEAST_SPAN = 1.0
# The first ones wait for a worker to start: what they say of the pace is hours off.
_LEAST_FILES = 10


class Pulse:
    """Waits between two looks: briefly while things change, longer while they stand still."""

    def __init__(
        self,
        *,
        still_after: float = math.inf,
        quick: float = _QUICK,
        woken: asyncio.Event | None = None,
    ) -> None:
        """Take what is particular.

        Args:
            still_after: s without a change that are standing still.
            quick: s between changes.
            woken: ends a wait whenever it is set.
        """
        self._woken = woken or asyncio.Event()
        self._still_after = still_after
        self._quick = quick
        self._pause = quick
        self._last: object = None
        self._moved_at = time.monotonic()

    async def beat(self, seen: object, *, slow: float = _SLOW) -> None:
        """Take what was just seen and wait until the next look is due, at most `slow` s."""
        if seen != self._last:
            self._last, self._pause = seen, self._quick
            self._moved_at = time.monotonic()
        else:
            self._pause = min(self._pause * 1.5, slow)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause):
                await self._woken.wait()
        self._woken.clear()

    def stands_still(self) -> bool:
        """Say once per `still_after` seconds that nothing changed for so long."""
        if time.monotonic() - self._moved_at < self._still_after:
            return False
        self._moved_at = time.monotonic()
        return True


class Pace:
    """Files per second over the last seconds, None until it was watched long enough.

    `least`: so many have to end first.
    """

    def __init__(self, *, least: int = _LEAST_FILES) -> None:
        self._least = least
        self._seen: deque[tuple[float, int]] = deque()
        self._at_first: int | None = None

    def rate(self, ended: int) -> float | None:
        """Take how many files have ended by now and give the rate."""
        now = time.monotonic()
        if self._seen and ended < self._seen[-1][1]:
            # A run left the sum or was forgotten: what was measured speaks of something else.
            self._seen.clear()
            self._at_first = None
        if self._at_first is None:
            self._at_first = ended
        self._seen.append((now, ended))
        while now - self._seen[0][0] > _SPAN:
            self._seen.popleft()
        began, had = self._seen[0]
        if now - began < _LEAST_SPAN or ended == had or ended - self._at_first < self._least:
            return None
        return (ended - had) / (now - began)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one worker child is doing.

    Attributes:
        sample: what it listens to; None where that is no longer in the library.
        since: when it took that file, perhaps together with others before it.
        next: how many files it holds besides.
    """

    worker: str
    run_id: RunId
    file_id: FileId
    sample: Sample | None
    attempt: int
    since: datetime | None
    lease_until: datetime | None
    next: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a run stands.

    Attributes:
        title: what it is about: a sound's name, a folder; empty where nothing is left of it, None
            where that is not known yet.
        rate: files per second, None until it was measured.
        speed: how many seconds of sound are heard in one, None until it was measured.
        seconds_left: s, None until the rate was measured.
    """

    progress: RunProgress
    title: str | None = None
    rate: float | None = None
    speed: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Runs, newest first, and what the workers of those that go on are doing, by worker.

    `elsewhere`: how many workers are busy with runs that the viewer does not see.
    """

    runs: tuple[Standing, ...] = ()
    holding: tuple[Holding, ...] = ()
    elsewhere: int = 0


@dataclass
class Paces:
    """How fast each run goes, over the last seconds in which it was looked at."""

    files: dict[RunId, Pace] = field(default_factory=dict)
    sounds: dict[RunId, Pace] = field(default_factory=dict)

    def standings(
        self, runs: Iterable[RunProgress], titles: Mapping[RunId, str]
    ) -> tuple[Standing, ...]:
        """Take how runs stand now and say how fast they go."""
        return tuple(self._standing(run, titles.get(run.run_id)) for run in runs)

    def _standing(self, run: RunProgress, title: str | None) -> Standing:
        if run.status.ended:
            # Should it be resumed, what it once did says nothing.
            self.files.pop(run.run_id, None)
            self.sounds.pop(run.run_id, None)
            return Standing(progress=run, title=title)
        rate = self.files.setdefault(run.run_id, Pace()).rate(run.tried_files)
        heard = self.sounds.setdefault(run.run_id, Pace()).rate(run.heard_ms)
        return Standing(
            progress=run,
            title=title,
            # Rounded, so that a steady pace is not a change.
            rate=None if rate is None else round(rate, 1),
            speed=None if heard is None else float(f"{heard / 1000:.2g}"),
            seconds_left=None if not rate else float(round((run.total - run.ended_files) / rate)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the status bar says of the work.

    Attributes:
        total, ended: files of the runs that have not ended, together; 0 and 0 when nothing runs.
        processing: files that are being listened to now.
        failed: files that failed in the runs that have not ended and in the newest run.
        rate: files per second, None until it was measured.
        seconds_left: s, None until the rate was measured.
        waiting: why no worker can be reached though there is work; empty when one can.
        runs: the runs that have not ended, newest first; where there is none, the newest run.
        failing: the newest runs in which files failed, newest first, without the failures of which
            another run has heard the sounds since.
    """

    total: int = 0
    ended: int = 0
    processing: int = 0
    failed: int = 0
    rate: float | None = None
    seconds_left: float | None = None
    waiting: str = ""
    runs: tuple[RunProgress, ...] = ()
    failing: tuple[RunProgress, ...] = ()

    @property
    def busy(self) -> bool:
        """There is work that has not ended."""
        return self.ended < self.total


def sum_up(
    runs: tuple[RunProgress, ...], pace: Pace, waiting: str, made_good: Mapping[RunId, int]
) -> Overview:
    """Add up what has not ended; with nothing to do, say how the newest run went."""
    going = tuple(run for run in runs if not run.status.ended)
    newest = runs[:1]
    told = going or newest
    total = sum(run.total for run in going)
    ended = sum(run.ended_files for run in going)
    rate = pace.rate(sum(run.tried_files for run in going)) if going else None
    counted = {run.run_id: run.failed for run in (*going, *newest)}
    return Overview(
        total=total,
        ended=ended,
        processing=sum(run.processing for run in going),
        failed=sum(counted.values()),
        # Rounded, so that a steady pace is not a change.
        rate=None if rate is None else round(rate, 1),
        seconds_left=None if not rate else float(round((total - ended) / rate)),
        waiting=waiting if going else "",
        runs=told,
        failing=tuple(
            replace(run, failed=failed)
            for run in runs
            if (failed := run.failed - made_good.get(run.run_id, 0)) > 0
        ),
    )
