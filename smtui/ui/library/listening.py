"""Asking for sounds to be listened to, and seeing how far that is."""

from __future__ import annotations

from collections.abc import Sequence

from smtui.domain.sample import FileId
from smtui.domain.text import counted
from smtui.ui.library.browser import Browser
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.workers import doing

ASK_FROM = 1_000


class Listening(Browser):
    """Starts and follows the work of the listeners."""

    def action_analyze(self) -> None:
        """Analyse the marked sounds, or this one."""
        if self.targets:
            self._start(self.targets)

    def action_analyze_all(self) -> None:
        """Listen to every sound shown; many are asked about first."""
        count = self.table.count
        if count > ASK_FROM:
            self.confirm(f"Analyse all {count:,} sounds shown?", self._start_shown)
        elif count:
            self._start_shown()

    @doing
    async def _start_shown(self) -> None:
        ids: list[FileId] = []
        async for chunk in self.services.library.ids(self.question):
            ids += chunk
        await self._begin_new(ids)

    @doing
    async def _start(self, ids: Sequence[FileId]) -> None:
        # One that is asked for by itself overtakes the run in which it may be waiting.
        await (self._begin(ids) if len(ids) == 1 else self._begin_new(ids))

    async def _begin_new(self, ids: Sequence[FileId]) -> None:
        new = await self.services.batches.not_waiting(ids, self.options.level)
        if new:
            await self._begin(new)
        else:
            self.say("All of these are queued already; b shows the runs")

    async def _begin(self, ids: Sequence[FileId]) -> None:
        await self.services.batches.start(
            ids, self.options.level, by=self.account, urgent=len(ids) == 1
        )
        self.say(f"Queued {counted(len(ids), 'sound')} for analysis")

    @doing
    async def cancel_work(self) -> None:
        """Stop what nobody has begun to listen to."""
        stopped = 0
        for run in self.query_one(StatusBar).running:
            stopped += await self.services.batches.cancel(run, by=self.account)
        self.say(f"Cancelled {counted(stopped, 'sound')}. What has started is finished and kept.")
