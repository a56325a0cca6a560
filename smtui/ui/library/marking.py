"""Marks: the sounds that the next action is for."""

from __future__ import annotations

from smtui.domain.sample import FileId
from smtui.ui.library.browser import Browser
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.workers import looking

MOST_MARKED = 100_000

_CHUNK = 1_000


class Marking(Browser):
    """Marks sounds and says how many are marked."""

    def action_mark(self) -> None:
        """Mark this sound or take its mark away, and go on; ends a range."""
        if self.table.span_start is not None:
            self.action_span()
            return
        sample = self.table.sample
        if sample is None:
            return
        self.table.marked ^= {sample.file_id}
        self.table.action_move(1)
        self.show_marks()

    def action_mark_all(self) -> None:
        """Mark every sound shown; where all are marked take their marks away."""
        self._mark_all()

    @looking(group="marks")
    async def _mark_all(self) -> None:
        found: set[FileId] = set()
        async for chunk in self.services.library.ids(self.question, limit=MOST_MARKED):
            found.update(chunk)
        if found <= self.table.marked:
            self.table.marked -= found
        else:
            self.table.marked |= found
        self.show_marks()
        if self.table.count > MOST_MARKED:
            self.say(f"Only the first {MOST_MARKED:,} are marked")

    def action_span(self) -> None:
        """Begin a range at this sound, or mark the range up to here."""
        start = self.table.span_start
        if start is None:
            self.table.span_start = self.table.cursor
        else:
            low, high = sorted((start, self.table.cursor))
            self.table.span_start = None
            self._mark_rows(low, min(high, low + MOST_MARKED - 1))
        self.show_marks()

    @looking(group="marks")
    async def _mark_rows(self, low: int, high: int) -> None:
        for first in range(low, high + 1, _CHUNK):
            window = await self.listing.window(first, min(_CHUNK, high + 1 - first))
            self.table.marked |= {sample.file_id for sample in window.samples}
        self.show_marks()

    def action_escape(self) -> None:
        """Close the filter, else give up a range, else take all marks away."""
        line = self.query_one(FilterLine)
        if line.text:
            line.action_close()
        elif self.table.span_start is not None:
            self.table.span_start = None
        else:
            self.table.marked.clear()
        self.show_marks()

    def show_marks(self) -> None:
        """Say how many sounds are marked."""
        words = f"{len(self.table.marked):,} marked" if self.table.marked else ""
        if hidden := len(self.hidden_marks & self.table.marked):
            words += f", {hidden:,} hidden by the filter"
        if self.table.span_start is not None:
            words = f"range from row {self.table.span_start + 1:,}  {words}".rstrip()
        self.query_one(StatusBar).show_marks(words)
        self.table.refresh()
