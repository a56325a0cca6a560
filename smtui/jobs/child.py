"""What a worker child is: one event loop in a side thread, and the main thread free to listen.

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
from smtui.jobs.apart import took_too_long
from smtui.jobs.app import AUDIO_PROCESSING
from smtui.jobs.attendance import Attendance, Interval, Present
from smtui.jobs.filling import filling_of
from smtui.jobs.limits import Stopwatch
from smtui.jobs.means import Means, Seat
from smtui.jobs.owed import Owed
from smtui.jobs.rests import Rests
from smtui.jobs.side import EXIT_DEFECT, end_child, live_beside
from smtui.jobs.sight import Gap
from smtui.jobs.slate import Inheritance
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
    """The process that listens."""

    def __init__(self, means: Means, seat: Seat) -> None:
        self.listener = means.listener
        self.limits = means.limits
        self.wakeups = means.wakeups()
        self.stopwatch = Stopwatch(grace_seconds=means.limits.grace_seconds)
        self.paths = means.paths
        self.pause = means.pause
        long_work = AUDIO_PROCESSING if AUDIO_PROCESSING in seat.queues else None
        self.rests = Rests(self.wakeups, long_work)
        self.machine = means.standing.report.machine if means.standing else socket.gethostname()
        self.name = f"{self.machine}:{os.getpid()}:{uuid4().hex[:8]}"
        self.file_seconds = _FIRST_GUESS
        self.filling = filling_of(means, seat, self.wakeups)
        self._means = means
        self._seat = seat
        self._inherited = seat.read()
        self._hearing: WorkerSteps | None = None
        self._opened = threading.Event()
        self._in_use = AsyncExitStack()
        self._holds = False
        self._worked_at = 0.0
        self._assignments: tuple[Assignment, ...] = ()
        self._attendance: Attendance | None = None
        self._owed = Owed(self.wakeups)
        self._told = ""
        self._renew_at = 0.0
        self._sweep_at = 0.0
        self._give_back_at = 0.0
        self._loop = asyncio.new_event_loop()
        self._stirred = asyncio.Event()
        self._sweep: asyncio.Future[None] = self._loop.create_future()
        self._sweep.set_result(None)
        # A child without it would keep its place and do nothing.
        live_beside(self._loop, self._live, name="smtui-side", ended=end_child)

    @property
    def hearing(self) -> WorkerSteps:
        """The steps of this worker; waits until the documents are open."""
        if not self._opened.wait(_OPEN_PATIENCE) or self._hearing is None:
            raise ServerUnavailable("The worker could not open the library")
        return self._hearing

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
        """Keep the leases of these, the one being heard first; none to let go of all."""
        if not assignments or not self._assignments:
            # Once for all files: what was ended by then is no longer ours to let go.
            self.write_down([assignment.claimed for assignment in assignments])
        if assignments:
            self._seat.begin(left=len(assignments))
        self._assignments = tuple(assignments)
        self._worked_at = time.monotonic()

    def misses(self, gap: Gap) -> str:
        """Take note of what this machine does not have; gives the sentence that says so."""
        sentence = f"{self.machine} {gap.words}"
        if self._seat.missing.note(gap):
            _log.warning("%s", sentence)
        return sentence

    def pass_on_wake_up(self, run_id: RunId, queue: str) -> None:
        """Put the wake-up of a run back for others; what nobody has is failed now."""
        self.call(self._give_up(self.hearing))
        if not self.wakeups.ensure([run_id], queue):
            self.owe(run_id, queue)

    def rests_in_pause(self, run_id: RunId, queue: str) -> bool:
        """Sit out some of a pause of this machine, the wake-up put back; False where it listens."""
        if self.pause() is None:
            return False
        if run_id in self.call(self.hearing.claimable()):
            # Work that waits for the end of a pause keeps the servers as work that is done.
            self.begin()
            if not self.wakeups.ensure([run_id], queue):
                self.owe(run_id, queue)
            self.rests.sit_out(self.pause)
        return True

    def owe(self, run_id: RunId, queue: str) -> None:
        """Put a wake-up back as soon as the queue answers again."""
        self._owed.note(run_id, queue)
        self._loop.call_soon_threadsafe(self._stirred.set)

    def begin(self) -> None:
        """Say that there is work, until some seconds after the last file."""
        self._worked_at = time.monotonic()
        self.call(self._take_into_use())

    async def _live(self) -> None:
        if (standing := self._means.standing) is None:
            await self._work()
            return
        async with standing.board() as board:
            interval = Interval(seconds=self.limits.report_seconds)
            missing = self._seat.missing.still
            state = Present(missing=missing, pause=self.pause)
            self._attendance = Attendance(board, standing.report, state, interval)
            telling = asyncio.ensure_future(self._attendance.keep_telling())
            try:
                await self._work()
            finally:
                telling.cancel()

    async def _work(self) -> None:
        while True:
            try:
                async with self._means.open_hearing(self.name) as hearing:
                    orphaned = await self._inherit(hearing)
                    self._hearing = hearing
                    self._opened.set()
                    if orphaned:
                        await asyncio.to_thread(self.wakeups.ensure, orphaned)
                    while True:
                        await self._tick(hearing)
                        await self._until_next_tick()
            except SmtuiError as error:
                self._opened.clear()
                self.say(error)
                await asyncio.sleep(_REOPEN_SECONDS)

    async def _until_next_tick(self) -> None:
        """Wait, long while there is nothing to do and nothing is owed; `stir` ends it."""
        resting = not self._holds and not self._owed and self._sweep.done()
        limits = self.limits
        seconds = min(_REST_SECONDS, limits.sweep_seconds, limits.lease_seconds / 8)
        self._stirred.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds if resting else _TICK_SECONDS):
                await self._stirred.wait()

    def say(self, error: SmtuiError) -> None:
        """Write a trouble into the log once, however long it lasts.

        A library that is newer than this smtui stays so: it ends the worker.
        """
        if isinstance(error, StoreTooNew) and self._means.end is not None:
            self._means.end(str(error))
        if str(error) != self._told:
            self._told = str(error)
            _log.warning("%s", error)

    async def _inherit(self, hearing: WorkerSteps) -> set[RunId]:
        """Let go of what the child before in this seat held when it was killed; gives its runs."""
        begun, untouched = self._inherited.begun, self._inherited.untouched
        claims = untouched if begun is None else (begun, *untouched)
        runs = {claimed.run_id for claimed in claims}
        if begun is not None:
            # It may be what killed the child: its attempt counts.
            await hearing.renew([begun], lease_seconds=0.0)
        for run_id in runs:
            mine = [claimed for claimed in untouched if claimed.run_id == run_id]
            await hearing.leave(run_id, mine)
        if claims:
            # Only now, for one may be killed before; nothing is claimed until the seat is clean.
            self._seat.write(())
            self._inherited = Inheritance()
        return runs

    async def _tick(self, hearing: WorkerSteps) -> None:
        now = time.monotonic()
        try:
            if self.stopwatch.overrun():
                await self._end(hearing)
            if self._assignments and now >= self._renew_at:
                self._renew_at = now + self.limits.lease_seconds / 4
                claims = [assignment.claimed for assignment in self._assignments]
                await hearing.renew(claims, lease_seconds=self.limits.lease_seconds)
        except SmtuiError as error:
            # The documents did not answer; the next tick asks again.
            self.say(error)
        if self._owed and self._sweep.done():
            self._sweep = asyncio.ensure_future(self._owed.pay())
        if self._seat.first and now >= self._sweep_at and self._sweep.done():
            self._sweep_at = now + self.limits.sweep_seconds
            # Beside the ticks: a queue that does not answer must not cost a lease.
            self._sweep = asyncio.ensure_future(self._find_lost_work(hearing))
        if self.filling and self.filling.has_ended and not self._assignments:
            # Between files, so that none pays for it.
            end_child()
        if self._assignments and now >= self._give_back_at:
            self._give_back_at = now + _GIVE_BACK_SECONDS
            await asyncio.to_thread(give_back)
        if self._holds and not self._assignments:
            await self._leave_use_if_idle(hearing)

    async def _find_lost_work(self, hearing: WorkerSteps) -> None:
        found = True
        try:
            await self._give_up(hearing)
            if runs := await hearing.claimable():
                # Who waits for work counts as working until it is known that there is none.
                self._worked_at = time.monotonic()
                await self._take_into_use()
                found = await asyncio.to_thread(self.wakeups.ensure, runs)
            self._means.settled()
            self._told = ""
        except SmtuiError as error:
            self.say(error)
            found = False
        if not found:
            self._sweep_at = time.monotonic() + _AGAIN_SECONDS

    async def _give_up(self, hearing: WorkerSteps) -> None:
        """Fail what no machine has on which a worker lives."""
        if self._attendance and (machines := await self._attendance.machines()):
            await hearing.give_up(machines, after=self.limits.absent_seconds)

    async def _end(self, hearing: WorkerSteps) -> None:
        """End the process: the main thread is in a decoder that does not come back."""
        stuck, *rest = self._assignments
        try:
            await hearing.refuse(stuck, took_too_long())
            await hearing.leave(stuck.claimed.run_id, [each.claimed for each in rest])
        finally:
            _log.error("A file could not be interrupted: %s", stuck.sample.file_path)
            os._exit(EXIT_DEFECT)

    async def _take_into_use(self) -> None:
        self._stirred.set()
        if not self._holds:
            await self._in_use.enter_async_context(self._means.using())
            self._holds = True

    @property
    def _idle(self) -> bool:
        rested = time.monotonic() - self._worked_at > self.limits.linger_seconds
        return rested and not self._assignments

    async def _leave_use_if_idle(self, hearing: WorkerSteps) -> None:
        """Let go of the servers, unless work waits whose wake-up was lost."""
        try:
            waits = self._idle and await hearing.claimable()
        except SmtuiError as error:
            self.say(error)
            return
        # Looked at once more: the main thread may have begun meanwhile.
        if self._idle and not waits:
            self._holds = False
            await self._in_use.aclose()
            await asyncio.to_thread(give_back)
