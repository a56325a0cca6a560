"""Seed and row beside each other: one phrase on why, and at wide terminals a picture of either."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from textual import events, on
from textual.content import Content
from textual.widgets import Static

from smtui.domain.analysis import Analysis
from smtui.domain.drawn import drawn
from smtui.domain.errors import SoundUnreadable
from smtui.domain.sample import FileId
from smtui.ui.similar.searching import Searching
from smtui.ui.widgets.hit_lines import HitRow
from smtui.ui.widgets.hit_table import HitTable
from smtui.ui.widgets.preview import Preview
from smtui.ui.workers import looking

# A held key passes many rows; only where it rests is worth reading an analysis or a picture.
REST = 0.06
THIN_REST = 0.6
_SIGNED = {"+": "to be like", "-": "to be unlike"}


class Comparing(Searching):
    """Follows the cursor with words and pictures."""

    shows_row = False
    _seed_known: tuple[FileId, Analysis | None] | None = None

    @property
    def is_wide(self) -> bool:
        """There is room for a picture."""
        return self.has_class("-wide")

    def action_turns(self) -> None:
        """Show the row where the seed was, and the seed where the row was."""
        self.shows_row = not self.shows_row
        self.look_at()

    def on_resize(self, event: events.Resize) -> None:
        """The picture may have come into sight."""
        del event
        self.call_after_refresh(self._resized)

    def _resized(self) -> None:
        self.refresh_bindings()
        self.look_at()

    @on(HitTable.CursorMoved)
    def _cursor_moved(self, message: HitTable.CursorMoved) -> None:
        self._explain(message.row)
        if self.shows_row:
            self.look_at()

    # Why.

    @looking(group="why", patient=True)
    async def _explain(self, row: HitRow | None) -> None:
        """Say why the row was found: at once where that is known, else when it was read."""
        line = self.query_one("#why", Static)
        line.update(Content(""), layout=False)
        if row is None:
            return
        words = _SIGNED.get(row.sign, "")
        hit = self.hit_of(row)
        if not words and hit is not None:
            words = hit.why
        if not words and hit is not None:
            await asyncio.sleep(REST)
            # Of a file from outside that went away meanwhile there is nothing to say; a toast per
            # move would be noise.
            with suppress(SoundUnreadable):
                told = await self.services.reasons.of(self.search, [hit])
                words = told.get(hit.file_id, "")
        if words:
            line.update(Content.assemble(("why  ", "$quiet"), drawn(words)), layout=False)

    async def analysis_of(self, file_id: FileId) -> Analysis | None:
        """Return what was heard of a sound; of the seed it is read once while it is the seed."""
        seed = self.seed_sample
        if seed is None or seed.file_id != file_id:
            return await self.services.analyses.of(file_id)
        if self._seed_known is None or self._seed_known[0] != file_id:
            self._seed_known = (file_id, await self.services.analyses.of(file_id))
        return self._seed_known[1]

    def forget_seed(self) -> None:
        """It was heard anew."""
        self._seed_known = None

    # The picture.

    def show_search(self) -> None:
        """Show what is asked, and the seed's picture."""
        super().show_search()
        self.look_at()

    def look_at(self) -> None:
        """Show the seed, or the row, where there is room."""
        if not self.is_wide:
            return
        row = self.table.row if self.shows_row else None
        preview = self.query_one(Preview)
        preview.entitle("row" if self.shows_row else "seed")
        sample, seed = (self.seed_sample, self.seed) if row is None else (row.sample, row.seed)
        preview.look_at(sample, None if seed is None else seed.path)
