"""Runs of which this machine can do nothing now, and how long it leaves them to others.

Their wake-ups are in the queue while this child rests, so that a machine that has the files finds
one at once. Redis gives a wake-up to whoever waits longest: without the rest an idle machine would
take it again and again before a busy one comes.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from smtui.domain.batch import RunId
from smtui.domain.errors import ServerUnavailable
from smtui.jobs.wakeups import Wakeups

_FIRST_SECONDS = 0.25
_LONGEST_SECONDS = 2.0
_LOOK_SECONDS = 0.2
_FORGOTTEN = 60.0


class Rests:
    """One child's rests; belongs to its main thread.

    `queue` is where other work may wait for it; None for a child that is kept free of long work.
    """

    def __init__(self, wakeups: Wakeups, queue: str | None) -> None:
        self._wakeups = wakeups
        self._queue = queue
        self._seconds: dict[RunId, float] = {}
        self._until: dict[RunId, float] = {}

    def rest(self, run_id: RunId) -> RunId | None:
        """Leave a run to others for a while, longer each time.

        Gives another run of which a wake-up waits, as soon as there is one; it ends also at once
        for a person's own request.
        """
        now = time.monotonic()
        for over in [each for each, until in self._until.items() if until < now - _FORGOTTEN]:
            self.forget(over)
        seconds = self._seconds.get(run_id, _FIRST_SECONDS)
        self._seconds[run_id] = min(2 * seconds, _LONGEST_SECONDS)
        self._until[run_id] = now + seconds
        while time.monotonic() < now + seconds:
            resting = self.resting()
            if self._wakeups.urgent(resting):
                return None
            if others := self._waiting() - resting:
                return min(others)
            time.sleep(_LOOK_SECONDS)
        return None

    def sit_out(self, paused: Callable[[], object]) -> None:
        """Rest while this machine is paused, not longer than somebody waits who ends the worker."""
        end = time.monotonic() + _LONGEST_SECONDS
        while paused() and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)

    def resting(self) -> frozenset[RunId]:
        """The runs that are left to others now."""
        now = time.monotonic()
        return frozenset(run_id for run_id, until in self._until.items() if until > now)

    def forget(self, run_id: RunId) -> None:
        """A run has something for this machine again."""
        self._seconds.pop(run_id, None)
        self._until.pop(run_id, None)

    def _waiting(self) -> frozenset[RunId]:
        if self._queue is None:
            return frozenset()
        try:
            return self._wakeups.waiting(self._queue)
        except ServerUnavailable:
            return frozenset()
