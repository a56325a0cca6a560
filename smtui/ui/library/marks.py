"""Marks: the sounds that the next action is for, and their paths for elsewhere."""

from __future__ import annotations

from smtui.domain.sample import FileId
from smtui.domain.text import counted
from smtui.services.library import Library
from smtui.ui.base_screen import BaseScreen
from smtui.ui.clipboard import copied
from smtui.ui.library.browser import Browser
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.workers import looking

MOST_MARKED = 100_000

_CHUNK = 1_000
# More paths are a file's business: `smtui list`.
_MOST_COPIED = 1_000


class Marks:
    """Marks sounds of the table and says how many are marked."""

    def __init__(
        self, screen: BaseScreen, library: Library, browser: Browser, status: StatusBar
    ) -> None:
        self.screen = screen
        self._library = library
        self._browser = browser
        self._table = browser.table
        self._status = status
        self._hidden: frozenset[FileId] = frozenset()
        browser.followers.append(self.find_hidden)

    @property
    def targets(self) -> tuple[FileId, ...]:
        """The marked sounds that are shown, else the one under the cursor."""
        if shown := self._table.marked - self._hidden:
            return tuple(shown)
        return () if self._table.sample is None else (self._table.sample.file_id,)

    async def find_hidden(self) -> None:
        """Find which marked sounds the filter or the folder hides: they are nobody's target."""
        marked, hidden = tuple(self._table.marked), frozenset[FileId]()
        if marked and not self._browser.asked.is_everything:
            shown = await self._library.among(self._browser.question, marked)
            hidden = frozenset(marked) - shown
        if hidden != self._hidden:
            self._hidden = hidden
            self.show()

    def show(self) -> None:
        """Say how many sounds are marked."""
        table = self._table
        words = f"{len(table.marked):,} marked" if table.marked else ""
        if hidden := len(self._hidden & table.marked):
            words += f", {hidden:,} hidden by the filter"
        if table.span_start is not None:
            words = f"range from row {table.span_start + 1:,}  {words}".rstrip()
        self._status.show_marks(words)
        table.refresh()

    def toggle(self) -> None:
        """Mark this sound or take its mark away, and go on; ends a range."""
        if self._table.span_start is not None:
            self.toggle_range()
            return
        sample = self._table.sample
        if sample is None:
            return
        self._table.marked ^= {sample.file_id}
        self._table.action_move(1)
        self.show()

    @looking(group="marks")
    async def toggle_all(self) -> None:
        """Mark every sound shown; where all are marked take their marks away."""
        shown: set[FileId] = set()
        async for chunk in self._library.ids(self._browser.question, limit=MOST_MARKED):
            shown.update(chunk)
        if shown <= self._table.marked:
            self._table.marked -= shown
        else:
            self._table.marked |= shown
        self.show()
        if self._table.count > MOST_MARKED:
            self.screen.say(f"Only the first {MOST_MARKED:,} are marked")

    def toggle_range(self) -> None:
        """Begin a range at this sound, or mark the range up to here."""
        start = self._table.span_start
        if start is None:
            self._table.span_start = self._table.cursor
        else:
            low, high = sorted((start, self._table.cursor))
            self._table.span_start = None
            self._mark_rows(low, min(high, low + MOST_MARKED - 1))
        self.show()

    @looking(group="marks")
    async def _mark_rows(self, low: int, high: int) -> None:
        for first in range(low, high + 1, _CHUNK):
            window = await self._browser.listing.window(first, min(_CHUNK, high + 1 - first))
            self._table.marked |= {sample.file_id for sample in window.samples}
        self.show()

    def clear(self) -> None:
        """Give up a range, else take all marks away."""
        if self._table.span_start is not None:
            self._table.span_start = None
        else:
            self._table.marked.clear()

    def copy_paths(self) -> None:
        """Copy the path of each target, one a line."""
        if self.targets:
            self._copy_paths(self.targets)
        else:
            self.screen.say("No sound selected")

    @looking(group="copy")
    async def _copy_paths(self, targets: tuple[FileId, ...]) -> None:
        samples = await self._library.samples(targets[:_MOST_COPIED])
        paths = sorted(str(sample.path) for sample in samples)
        remark = await copied(self.screen.app, "\n".join(paths))
        if len(targets) > _MOST_COPIED:
            words = f"Copied the first {_MOST_COPIED:,} of {counted(len(targets), 'path')}"
        else:
            words = f"Copied: {paths[0]}" if len(paths) == 1 else f"Copied {len(paths):,} paths"
        self.screen.say(words + remark)
