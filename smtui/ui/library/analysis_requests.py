"""Asking for sounds to be analysed: these, all shown, or those that an older version analysed.

Nothing is analysed again by itself. It stands apart from the screen because runs outlive it.
"""

from __future__ import annotations

from collections.abc import Sequence

from smtui.domain.sample import FileId
from smtui.domain.text import counted
from smtui.ui.base_screen import BaseScreen
from smtui.ui.library.browser import Browser, Context
from smtui.ui.library.marks import Marks
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.workers import doing, looking

ASK_FROM = 1_000


class AnalysisRequests:
    """Begins and cancels runs of analysis."""

    def __init__(self, context: Context, marks: Marks, browser: Browser, status: StatusBar) -> None:
        self.screen: BaseScreen = browser.screen
        self._library = context.services.library
        self._batches = context.services.batches
        self._recipe_version = context.services.recipe_version
        self._account = context.account
        self._level = context.options.level
        self._marks = marks
        self._browser = browser
        self._status = status

    def start_targets(self) -> None:
        """Analyse the marked sounds, or this one."""
        if targets := self._marks.targets:
            self._start(targets)

    def start_shown(self) -> None:
        """Analyse every sound shown; many are asked about first."""
        count = self._browser.table.count
        if count > ASK_FROM:
            self.screen.confirm(f"Analyse all {count:,} sounds shown?", self._start_shown)
        elif count:
            self._start_shown()

    @doing
    async def _start_shown(self) -> None:
        ids: list[FileId] = []
        async for chunk in self._library.ids(self._browser.question):
            ids += chunk
        await self._begin_new(ids)

    @doing
    async def _start(self, ids: Sequence[FileId]) -> None:
        # One that is asked for by itself overtakes the run in which it may be waiting.
        await (self._begin(ids) if len(ids) == 1 else self._begin_new(ids))

    async def _begin_new(self, ids: Sequence[FileId]) -> None:
        new = await self._batches.not_waiting(ids, self._level)
        if new:
            await self._begin(new)
        else:
            self.screen.say("All of these are queued already; b shows the runs")

    async def _begin(self, ids: Sequence[FileId]) -> None:
        await self._batches.start(ids, self._level, by=self._account, urgent=len(ids) == 1)
        self._say_queued(len(ids))

    def _say_queued(self, count: int) -> None:
        self.screen.say(f"Queued {counted(count, 'sound')} for analysis")

    @doing
    async def cancel(self) -> None:
        """Stop what has not started."""
        stopped = 0
        for run in self._status.running:
            stopped += await self._batches.cancel(run, by=self._account)
        words = f"Cancelled {counted(stopped, 'sound')}."
        self.screen.say(f"{words} What has started is finished and kept.")

    # What an older version analysed.

    @looking(group="outdated", patient=True)
    async def tell_outdated(self) -> None:
        """Say once, when the library is opened, that there are some."""
        if count := await self._count_outdated():
            sounds = counted(count, "sound was", "sounds were")
            self.screen.say(
                f"{sounds} analysed by an older version; analyse them again from the palette (:)"
            )

    @doing
    async def renew(self) -> None:
        """Count them, and ask before anything is begun."""
        count = await self._count_outdated()
        if not count:
            self.screen.say("Every sound was analysed by the newest version")
            return
        sounds = counted(count, "sound was", "sounds were")
        question = f"{sounds} analysed by an older version. Analyse them again?"
        self.screen.confirm(f"{question} Your corrections are kept.", self._renew)

    @doing
    async def _renew(self) -> None:
        count = await self._batches.hear_outdated(self._account, self._recipe_version)
        if count:
            self._say_queued(count)
        else:
            self.screen.say("These are queued already")

    async def _count_outdated(self) -> int:
        return await self._library.outdated(self._account.user_id, self._recipe_version)
