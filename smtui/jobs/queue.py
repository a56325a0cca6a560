"""The queue as services see it: waking workers through Celery's messages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from smtui.domain.batch import RunId

if TYPE_CHECKING:
    from smtui.jobs.wakeups import Wakeups


class CeleryQueue:
    """Wakes workers; `broker` gives the address of Redis, `ensure_worker` sees that one runs."""

    def __init__(
        self,
        broker: Callable[[], Awaitable[str]],
        ensure_worker: Callable[[], Awaitable[None]],
    ) -> None:
        self._broker = broker
        self._ensure_worker = ensure_worker
        self._wakeups: dict[str, Wakeups] = {}

    async def wake(self, run_id: RunId, *, urgent: bool) -> None:
        """Ask a worker to look at the run, starting one where none runs.

        Raises ServerUnavailable; the run is saved and is found by the next worker all the same.
        """
        address = await self._broker()
        # First the message, then the worker: a cold one finds it as soon as it is up.
        await asyncio.to_thread(self._publish, address, run_id, urgent=urgent)
        await self._ensure_worker()

    def _publish(self, address: str, run_id: RunId, *, urgent: bool) -> None:
        # Late imports, 0.3 s, in a thread: a screen that starts no work loads no Celery.
        from smtui.jobs.app import AUDIO_PROCESSING, DEFAULT, WorkLimits, celery_app
        from smtui.jobs.wakeups import Wakeups

        if address not in self._wakeups:
            app = celery_app(address, None, WorkLimits())
            self._wakeups = {address: Wakeups(app, address)}
        wakeups = self._wakeups[address]
        wakeups.publish(run_id, DEFAULT if urgent else AUDIO_PROCESSING)
