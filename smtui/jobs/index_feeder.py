"""How what was heard comes into the similarity index: in a thread beside the analysis.

A child gathers the sounds that it has kept and publishes their ids; whoever takes the message
puts them into the index in bulk. Messages are wake-ups here too: a lost one is made up for by a
comparison with the library, which the first child makes now and then. An index that is away costs
the listening nothing: what was to be put is forgotten, and found again by comparing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from smtui.domain.errors import ServerUnavailable, SmtuiError
from smtui.domain.sample import FileId
from smtui.jobs.loop_thread import run_in_thread
from smtui.jobs.wakeups import Wakeups
from smtui.jobs.worker_context import Seat, WorkerContext
from smtui.services.index_upkeep import IndexUpkeep

Opening = Callable[[], AbstractAsyncContextManager[IndexUpkeep]]
Using = Callable[[], AbstractAsyncContextManager[None]]

_GATHER_SECONDS = 0.3
_FIRST_LOOK_SECONDS = 3.0
_LOOK_SECONDS = 30.0
# What is missing while sounds are on their way says nothing.
_QUIET_SECONDS = 5.0
_AWAY_SECONDS = 60.0

_log = logging.getLogger(__name__)


class IndexFeeder:
    """Fills the index for one child; `looks` is for the child that compares.

    Attributes:
        has_ended: a defect ended it, and with it this child's place is to be given to another.
    """

    def __init__(
        self, open_upkeep: Opening, using: Using, wakeups: Wakeups, *, looks: bool
    ) -> None:
        """Start the thread; nothing is opened before there is something to put."""
        self._open = open_upkeep
        self._using = using
        self._wakeups = wakeups
        self._fresh: list[FileId] = []
        self._pending: dict[FileId, None] = {}
        self._upkeep: IndexUpkeep | None = None
        self._opened = AsyncExitStack()
        self._logged = ""
        self._took_at = 0.0
        self._away_until = 0.0
        self._look_at = time.monotonic() + _FIRST_LOOK_SECONDS if looks else float("inf")
        self._loop = asyncio.new_event_loop()
        self._stirred = asyncio.Event()
        self.has_ended = False
        run_in_thread(self._loop, self._live, name="smtui-index", ended=self._end)

    def add(self, file_id: FileId) -> None:
        """Note a sound that was kept; from any thread."""
        self._loop.call_soon_threadsafe(self._note_fresh, file_id)

    def take(self, file_ids: Sequence[FileId]) -> None:
        """Note the sounds that a message named; from any thread, at once back."""
        self._loop.call_soon_threadsafe(self._note_pending, file_ids)

    def _note_fresh(self, file_id: FileId) -> None:
        self._fresh.append(file_id)
        self._stirred.set()

    def _note_pending(self, file_ids: Sequence[FileId]) -> None:
        self._took_at = time.monotonic()
        self._pending.update(dict.fromkeys(file_ids))
        self._stirred.set()

    def _end(self) -> None:
        self.has_ended = True

    async def _live(self) -> None:
        while True:
            await self._until_stirred()
            await asyncio.sleep(_GATHER_SECONDS)
            self._stirred.clear()
            if self._fresh:
                fresh, self._fresh = self._fresh, []
                await asyncio.to_thread(self._publish, fresh)
            try:
                await self._fill()
                await self._look()
            except SmtuiError as error:
                await self._leave(error)

    async def _until_stirred(self) -> None:
        seconds = max(0.0, self._look_at - time.monotonic())
        try:
            async with asyncio.timeout(seconds if seconds < float("inf") else None):
                await self._stirred.wait()
        except TimeoutError:
            return

    def _publish(self, file_ids: Sequence[FileId]) -> None:
        try:
            self._wakeups.publish_heard(file_ids)
        except ServerUnavailable as error:
            self._log_once(error)

    async def _fill(self) -> None:
        pending, self._pending = list(self._pending), {}
        if not pending or time.monotonic() < self._away_until:
            return
        async with self._using():
            await (await self._ready()).add(pending)
        self._logged = ""

    async def _look(self) -> None:
        """Make the index what the library is."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_SECONDS
        if now < self._took_at + _QUIET_SECONDS or now < self._away_until:
            return
        async with self._using():
            mended = await (await self._ready()).mend()
        if mended.added or mended.removed:
            _log.info("the index gained %s sounds and lost %s", mended.added, mended.removed)

    async def _ready(self) -> IndexUpkeep:
        if self._upkeep is None:
            self._upkeep = await self._opened.enter_async_context(self._open())
        return self._upkeep

    async def _leave(self, error: SmtuiError) -> None:
        """Ask nothing of what is away for a while; what was missed is found later."""
        self._log_once(error)
        self._away_until = time.monotonic() + _AWAY_SECONDS
        self._upkeep = None
        await self._opened.aclose()

    def _log_once(self, error: SmtuiError) -> None:
        if str(error) != self._logged:
            self._logged = str(error)
            _log.warning("the index is not filled: %s", error)


def feeder_of(context: WorkerContext, seat: Seat, wakeups: Wakeups) -> IndexFeeder | None:
    """Make what fills the index for a child; the first one compares."""
    if context.open_upkeep is None:
        return None
    return IndexFeeder(context.open_upkeep, context.using, wakeups, looks=seat.first)
