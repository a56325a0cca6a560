"""What a worker says of itself on the board, and which machines it may count on.

Every child reports the same, so that the worker is known to live for as long as one of them does.
Apart from the child's own ticks: the board may be away while the documents are not.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from smtui.domain.errors import ServerUnavailable
from smtui.domain.health import WorkerReport
from smtui.domain.pause import Pause
from smtui.domain.ports.sessions import WorkerBoard

_LIVES = 4
"""A report that was not renewed for so many intervals has vanished."""

_RESTART_SECONDS = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """How often a worker says that it lives, s, and how long each time counts."""

    seconds: float

    @property
    def lives(self) -> int:
        """Seconds after which a report that was not renewed has vanished."""
        return max(1, round(_LIVES * self.seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What changes between two reports: folders that are missing, and why the worker rests.

    Files are looked at, so not in the loop.
    """

    missing: Callable[[], tuple[str, ...]]
    pause: Callable[[], Pause | None]

    def filled_in(self, report: WorkerReport) -> WorkerReport:
        """Return the report with how it is now."""
        pause = self.pause()
        rests = "" if pause is None else f"paused {pause.end}"
        return replace(report, missing=self.missing(), rests=rests)


class Heartbeat:
    """A child's reports on the board; belongs to the loop in which the board was opened."""

    def __init__(
        self,
        board: WorkerBoard,
        report: WorkerReport,
        present: Present,
        interval: Interval,
    ) -> None:
        self._board = board
        self._report = report
        self._present = present
        self._interval = interval
        self._trusted_at: float | None = None
        self._seen: dict[str, float] = {}
        self._answers = True

    async def keep_reporting(self) -> None:
        """Renew the report for ever; a board that does not answer is asked again."""
        while True:
            await self.report()
            await asyncio.sleep(self._interval.seconds)

    async def report(self) -> None:
        """Put up the report as it is now."""
        report = await asyncio.to_thread(self._present.filled_in, self._report)
        try:
            await self._board.report(report, seconds=self._interval.lives)
        except ServerUnavailable as error:
            self._trusted_at = None
            if self._answers:
                _log.warning("%s", error)
            self._answers = False
        else:
            self._answers = True

    async def machines(self) -> frozenset[str]:
        """Return the machines on which workers live; none while that is not certain.

        After the board was lost, and at the start, everybody is given the time to report first:
        what is decided by who lives must not be decided by who was quick. And a machine whose
        worker has just ended still counts: it may only be starting again.
        """
        try:
            reports = await self._board.reports()
        except ServerUnavailable:
            self._trusted_at = None
            return frozenset()
        if not any(report.name == self._report.name for report in reports):
            self._trusted_at = None
            return frozenset()
        now = time.monotonic()
        self._seen |= dict.fromkeys((report.machine for report in reports), now)
        if self._trusted_at is None:
            self._trusted_at = now + 2 * self._interval.seconds
        if now < self._trusted_at:
            return frozenset()
        return frozenset(name for name, at in self._seen.items() if now - at < _RESTART_SECONDS)
