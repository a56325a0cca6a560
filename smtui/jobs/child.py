"""What a worker child is: one event loop in a side thread, and the main thread free to analyse.

The side thread is made after the fork. It opens the documents, renews leases while the main
thread listens, looks for lost work in the first child, and ends the process when a file cannot
be interrupted. The main thread asks it by `call`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, suppress
from typing import Any, TypeVar
from uuid import uuid4

from smtui.domain.batch import Claimed, RunId
from smtui.domain.errors import ServerUnavailable, SmtuiError, StoreTooNew, StoreUnreachable
from smtui.heap import give_back
from smtui.jobs.app import AUDIO_PROCESSING
from smtui.jobs.claims_journal import Inheritance
from smtui.jobs.forked_listen import took_too_long
from smtui.jobs.heartbeat import Heartbeat, Interval, Present
from smtui.jobs.index_feeder import feeder_of
from smtui.jobs.limits import Stopwatch
from smtui.jobs.loop_thread import EXIT_DEFECT, end_child, run_in_thread
from smtui.jobs.missing_paths import MissingPath
from smtui.jobs.wakeups import PendingWakeups, RunBackoff
from smtui.jobs.worker_context import Seat, WorkerContext
from smtui.services.worker_steps import Assignment, WorkerSteps

T = TypeVar("T")

# What a file is expected to take before any was heard, s, and how much the newest one teaches.
_FIRST_GUESS = 0.2
_LEARNING = 0.2
_TICK_SECONDS = 0.5
_REST_SECONDS = 5.0
_REOPEN_SECONDS = 2.0
_AGAIN_SECONDS = 1.0
_OPEN_PATIENCE = 30.0
_CALL_PATIENCE = 120.0
_GIVE_BACK_SECONDS = 15.0

_log = logging.getLogger(__name__)


class Child:
    """The process that analyses."""

    def __init__(self, context: WorkerContext, seat: Seat) -> None:
        self.listener = context.listener
        self.limits = context.limits
        self.wakeups = context.wakeups()
        self.stopwatch = Stopwatch(grace_seconds=context.limits.grace_seconds)
        self.paths = context.paths
        self.pause = context.pause
        long_work = AUDIO_PROCESSING if AUDIO_PROCESSING in seat.queues else None
        self.backoff = RunBackoff(self.wakeups, long_work)
        self.machine = (
            context.membership.report.machine if context.membership else socket.gethostname()
        )
        self.name = f"{self.machine}:{os.getpid()}:{uuid4().hex[:8]}"
        self.file_seconds = _FIRST_GUESS
        self.feeder = feeder_of(context, seat, self.wakeups)
        self._context = context
        self._seat = seat
        self._inherited = seat.inherited()
        self._steps: WorkerSteps | None = None
        self._opened = threading.Event()
        self._in_use = AsyncExitStack()
        self._holds = False
        self._worked_at = 0.0
        self._assignments: tuple[Assignment, ...] = ()
        self._heartbeat: Heartbeat | None = None
        self._pending = PendingWakeups(self.wakeups)
        self._logged = ""
        self._renew_at = 0.0
        self._sweep_at = 0.0
        self._give_back_at = 0.0
        self._loop = asyncio.new_event_loop()
        self._stirred = asyncio.Event()
        self._sweep: asyncio.Future[None] = self._loop.create_future()
        self._sweep.set_result(None)
        # A child without it would keep its place and do nothing.
        run_in_thread(self._loop, self._live, name="smtui-side", ended=end_child)

    @property
    def steps(self) -> WorkerSteps:
        """The steps of this worker; waits until the documents are open."""
        if not self._opened.wait(_OPEN_PATIENCE) or self._steps is None:
            raise ServerUnavailable("The worker could not open the library")
        return self._steps

    def call(self, step: Coroutine[Any, Any, T]) -> T:
        """Have the side thread take a step, and give its result to the main thread."""
        return self.result(self.begun(step))

    def begun(self, step: Coroutine[Any, Any, T]) -> Future[T]:
        """Have the side thread take a step while the main thread goes on; see `result`."""
        return asyncio.run_coroutine_threadsafe(step, self._loop)

    def result(self, future: Future[T]) -> T:
        """Wait for a step that was begun."""
        try:
            return future.result(_CALL_PATIENCE)
        except TimeoutError as error:
            future.cancel()
            raise StoreUnreachable("The library did not answer in time") from error

    def learn(self, seconds: float) -> None:
        """Take what a file took, for the next claim."""
        self.file_seconds += _LEARNING * (seconds - self.file_seconds)

    def write_down(self, claims: Sequence[Claimed]) -> None:
        """Leave word for the next child of what is held from now on."""
        self._seat.write(claims)

    def hold(self, assignments: Sequence[Assignment]) -> None:
        """Keep the leases of these, the first being the one at work; none lets go of all."""
        if not assignments or not self._assignments:
            # Once for all files: what was ended by then is no longer ours to let go.
            self.write_down([assignment.claimed for assignment in assignments])
        if assignments:
            self._seat.begin(left=len(assignments))
        self._assignments = tuple(assignments)
        self._worked_at = time.monotonic()

    def note_missing(self, missing: MissingPath) -> str:
        """Note what this machine does not have; return the sentence that says so."""
        sentence = f"{self.machine} {missing.words}"
        if self._seat.missing.note(missing):
            _log.warning("%s", sentence)
        return sentence

    def pass_on_wake_up(self, run_id: RunId, queue: str) -> None:
        """Put the wake-up of a run back for others; what nobody has is failed now."""
        self.call(self._give_up(self.steps))
        if not self.wakeups.ensure([run_id], queue):
            self.owe(run_id, queue)

    def rests_in_pause(self, run_id: RunId, queue: str) -> bool:
        """Sit out some of a pause of this machine, the wake-up put back; False without one."""
        if self.pause() is None:
            return False
        if run_id in self.call(self.steps.claimable()):
            # Work that waits for the end of a pause keeps the servers as work that is done.
            self.begin()
            if not self.wakeups.ensure([run_id], queue):
                self.owe(run_id, queue)
            self.backoff.sit_out(self.pause)
        return True

    def owe(self, run_id: RunId, queue: str) -> None:
        """Put a wake-up back as soon as the queue answers again."""
        self._pending.note(run_id, queue)
        self._loop.call_soon_threadsafe(self._stirred.set)

    def begin(self) -> None:
        """Say that there is work, until some seconds after the last file."""
        self._worked_at = time.monotonic()
        self.call(self._take_into_use())

    async def _live(self) -> None:
        if (membership := self._context.membership) is None:
            await self._work()
            return
        async with membership.board() as board:
            interval = Interval(seconds=self.limits.report_seconds)
            missing = self._seat.missing.still
            state = Present(missing=missing, pause=self.pause)
            self._heartbeat = Heartbeat(board, membership.report, state, interval)
            telling = asyncio.ensure_future(self._heartbeat.keep_reporting())
            try:
                await self._work()
            finally:
                telling.cancel()

    async def _work(self) -> None:
        while True:
            try:
                async with self._context.open_steps(self.name) as steps:
                    orphaned = await self._inherit(steps)
                    self._steps = steps
                    self._opened.set()
                    if orphaned:
                        await asyncio.to_thread(self.wakeups.ensure, orphaned)
                    while True:
                        await self._tick(steps)
                        await self._until_next_tick()
            except SmtuiError as error:
                self._opened.clear()
                self.log_once(error)
                await asyncio.sleep(_REOPEN_SECONDS)

    async def _until_next_tick(self) -> None:
        """Wait, long while there is nothing to do and nothing is owed; `stir` ends it."""
        resting = not self._holds and not self._pending and self._sweep.done()
        limits = self.limits
        seconds = min(_REST_SECONDS, limits.sweep_seconds, limits.lease_seconds / 8)
        self._stirred.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds if resting else _TICK_SECONDS):
                await self._stirred.wait()

    def log_once(self, error: SmtuiError) -> None:
        """Write a trouble into the log once, however long it lasts.

        A library that is newer than this smtui stays so: it ends the worker.
        """
        if isinstance(error, StoreTooNew) and self._context.end is not None:
            self._context.end(str(error))
        if str(error) != self._logged:
            self._logged = str(error)
            _log.warning("%s", error)

    async def _inherit(self, steps: WorkerSteps) -> set[RunId]:
        """Let go of what the child before in this seat held when it was killed; return its runs."""
        begun, untouched = self._inherited.begun, self._inherited.untouched
        claims = untouched if begun is None else (begun, *untouched)
        runs = {claimed.run_id for claimed in claims}
        if begun is not None:
            # It may be what killed the child: its attempt counts.
            await steps.renew([begun], lease_seconds=0.0)
        for run_id in runs:
            mine = [claimed for claimed in untouched if claimed.run_id == run_id]
            await steps.leave(run_id, mine)
        if claims:
            # Only now, for one may be killed before; nothing is claimed until the seat is clean.
            self._seat.write(())
            self._inherited = Inheritance()
        return runs

    async def _tick(self, steps: WorkerSteps) -> None:
        now = time.monotonic()
        try:
            if self.stopwatch.overrun():
                await self._end(steps)
            if self._assignments and now >= self._renew_at:
                self._renew_at = now + self.limits.lease_seconds / 4
                claims = [assignment.claimed for assignment in self._assignments]
                await steps.renew(claims, lease_seconds=self.limits.lease_seconds)
        except SmtuiError as error:
            # The documents did not answer; the next tick asks again.
            self.log_once(error)
        if self._pending and self._sweep.done():
            self._sweep = asyncio.ensure_future(self._pending.publish())
        if self._seat.first and now >= self._sweep_at and self._sweep.done():
            self._sweep_at = now + self.limits.sweep_seconds
            # Beside the ticks: a queue that does not answer must not cost a lease.
            self._sweep = asyncio.ensure_future(self._find_lost_work(steps))
        if self.feeder and self.feeder.has_ended and not self._assignments:
            # Between files, so that none pays for it.
            end_child()
        if self._assignments and now >= self._give_back_at:
            self._give_back_at = now + _GIVE_BACK_SECONDS
            await asyncio.to_thread(give_back)
        if self._holds and not self._assignments:
            await self._leave_use_if_idle(steps)

    async def _find_lost_work(self, steps: WorkerSteps) -> None:
        found = True
        try:
            await self._give_up(steps)
            if runs := await steps.claimable():
                # Who waits for work counts as working until it is known that there is none.
                self._worked_at = time.monotonic()
                await self._take_into_use()
                found = await asyncio.to_thread(self.wakeups.ensure, runs)
            self._context.settled()
            self._logged = ""
        except SmtuiError as error:
            self.log_once(error)
            found = False
        if not found:
            self._sweep_at = time.monotonic() + _AGAIN_SECONDS

    async def _give_up(self, steps: WorkerSteps) -> None:
        """Fail what no machine has on which a worker lives."""
        if self._heartbeat and (machines := await self._heartbeat.machines()):
            await steps.give_up(machines, after=self.limits.absent_seconds)

    async def _end(self, steps: WorkerSteps) -> None:
        """End the process: the main thread is in a decoder that does not come back."""
        stuck, *rest = self._assignments
        try:
            await steps.refuse(stuck, took_too_long())
            await steps.leave(stuck.claimed.run_id, [each.claimed for each in rest])
        finally:
            _log.error("A file could not be interrupted: %s", stuck.sample.file_path)
            os._exit(EXIT_DEFECT)

    async def _take_into_use(self) -> None:
        self._stirred.set()
        if not self._holds:
            await self._in_use.enter_async_context(self._context.using())
            self._holds = True

    @property
    def _idle(self) -> bool:
        rested = time.monotonic() - self._worked_at > self.limits.linger_seconds
        return rested and not self._assignments

    async def _leave_use_if_idle(self, steps: WorkerSteps) -> None:
        """Let go of the servers, unless work waits whose wake-up was lost."""
        try:
            waits = self._idle and await steps.claimable()
        except SmtuiError as error:
            self.log_once(error)
            return
        # Looked at once more: the main thread may have begun meanwhile.
        if self._idle and not waits:
            self._holds = False
            await self._in_use.aclose()
            await asyncio.to_thread(give_back)
