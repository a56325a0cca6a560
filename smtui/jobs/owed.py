"""Wake-ups that the queue did not take, put there as soon as it answers again."""

from __future__ import annotations

import asyncio

from smtui.domain.batch import RunId
from smtui.jobs.wakeups import Wakeups

_AGAIN_SECONDS = 1.0


class Owed:
    """What a child still owes the queue; noted from any thread, paid in its loop."""

    def __init__(self, wakeups: Wakeups) -> None:
        self._wakeups = wakeups
        self._owed: dict[RunId, str] = {}

    def note(self, run_id: RunId, queue: str) -> None:
        """Put a wake-up back as soon as the queue answers."""
        self._owed[run_id] = queue

    def __bool__(self) -> bool:
        return bool(self._owed)

    async def pay(self) -> None:
        """Publish what is owed; where the queue does not answer, the rest waits a moment."""
        while self._owed:
            run_id, queue = self._owed.popitem()
            if not await asyncio.to_thread(self._wakeups.ensure, [run_id], queue):
                self._owed.setdefault(run_id, queue)
                await asyncio.sleep(_AGAIN_SECONDS)
                return
