"""What a person asked to be heard, summed up in one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from smtui.domain.batch import RunId, RunProgress
from smtui.services.pace import Pace


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


def summed(
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
