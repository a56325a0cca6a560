"""Seed and row beside each other: one phrase on why, and at wide terminals a picture of either."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from textual import events, on
from textual.content import Content
from textual.widgets import Static

from smtui.domain.analysis import Analysis
from smtui.domain.drawn import drawn
from smtui.domain.errors import SoundUnreadable
from smtui.domain.picture import PictureRequest, View
from smtui.domain.sample import FileId, Sample
from smtui.domain.search import Seed
from smtui.ui.draw.cells import Depth, Ink, depth_of
from smtui.ui.similar.searching import Searching
from smtui.ui.widgets.hit_lines import HitRow
from smtui.ui.widgets.hit_table import HitTable
from smtui.ui.widgets.preview import Preview
from smtui.ui.workers import looking

# A held key passes many rows; only where it rests is worth reading an analysis or a picture.
_REST = 0.06
_THIN_REST = 0.6
_SIGNED = {"+": "to be like", "-": "to be unlike"}


class Comparing(Searching):
    """Follows the cursor with words and pictures."""

    shows_row = False
    _seed_known: tuple[FileId, Analysis | None] | None = None

    @property
    def ink(self) -> Ink:
        """What small pictures are drawn with: few colours on a thin line."""
        depth = depth_of(self.options.colours)
        if self.options.thin_line:
            depth = min(depth, Depth.LEVELS)
        return Ink(depth=depth, ascii=self.options.ascii)

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
            await asyncio.sleep(_REST)
            # Of a file from outside that went away meanwhile there is nothing to say; a toast per
            # move would be noise.
            with suppress(SoundUnreadable):
                told = await self.services.reasons.of(self.search, [hit])
                words = told.get(hit.file_id, "")
        if words:
            line.update(Content.assemble(("why  ", "$quiet"), drawn(words)), layout=False)

    async def _seed_analysis(self, sample: Sample) -> Analysis | None:
        """What was heard of the seed, read once while it is the seed."""
        if self._seed_known is None or self._seed_known[0] != sample.file_id:
            analysis = await self.services.analyses.of(sample.file_id)
            self._seed_known = (sample.file_id, analysis)
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
        self._look(*self._of_seed() if row is None else (row.sample, row.seed))

    def _of_seed(self) -> tuple[Sample | None, Seed | None]:
        return self.seed_sample, self.seed

    @looking(group="preview", patient=True)
    async def _look(self, sample: Sample | None, seed: Seed | None) -> None:
        """Show what is known at once, the rest and the picture where the cursor rests."""
        preview = self.query_one(Preview)
        outside = None if seed is None else seed.path
        if sample is not None:
            preview.show(sample)
        elif outside is not None:
            preview.show_outside(outside)
        else:
            preview.show(None)
            preview.picture.show(None)
            return
        await asyncio.sleep(_THIN_REST if self.options.thin_line else _REST)
        analysis = None
        if sample is not None:
            analysis = await self._analysis_of(sample)
            preview.show(sample, analysis)
            outside = sample.path
        if outside is not None:
            await self._draw(outside, sample, analysis)

    async def _analysis_of(self, sample: Sample) -> Analysis | None:
        if sample is self.seed_sample:
            return await self._seed_analysis(sample)
        return await self.services.analyses.of(sample.file_id)

    async def _draw(self, path: Path, sample: Sample | None, analysis: Analysis | None) -> None:
        picture = self.query_one(Preview).picture
        size = picture.wanted
        if not size.area:
            return
        request = PictureRequest(
            path=path, view=View.SPECTROGRAM, width=size.width, height=size.height, coarse=True
        )
        try:
            drawn = await self.services.pictures.picture(
                request,
                file_hash=None if sample is None else sample.file_hash,
                heard=None if analysis is None else analysis.measured,
            )
        except SoundUnreadable:
            # A toast per move would be noise.
            picture.show(None)
        else:
            picture.show(drawn)
