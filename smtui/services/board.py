"""What stands on the board of runs: each with its speed, measured while one looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from smtui.domain.batch import RunId, RunProgress
from smtui.domain.sample import FileId, Sample
from smtui.services.pace import Pace


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
