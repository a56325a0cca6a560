"""The row beside the seed: a phrase on why it was found, a picture of either, its analysis.

Apart from the search: this follows the cursor, that the keys which change what is asked.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from smtui.domain.analysis import Analysis
from smtui.domain.batch import RunId
from smtui.domain.drawn_names import drawn
from smtui.domain.errors import SoundUnreadable
from smtui.domain.sample import FileId
from smtui.ui.base_screen import BaseScreen
from smtui.ui.similar.searcher import Searcher
from smtui.ui.widgets.hit_lines import HitRow
from smtui.ui.widgets.preview import Preview
from smtui.ui.workers import doing, looking

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.box import Services
    from smtui.ui.options import Options

# A held key passes many rows; only where it rests is worth reading an analysis or a picture.
_REST = 0.06
_THIN_REST = 0.6
_SIGNED = {"+": "to be like", "-": "to be unlike"}


class Comparison:
    """Follows the cursor with words and a picture.

    Attributes:
        preview: at wide terminals, about the seed or the row.
        why: a line on why the row was found.
    """

    def __init__(
        self, searcher: Searcher, services: Services, account: Account, options: Options
    ) -> None:
        self.screen: BaseScreen = searcher.screen
        self.preview = Preview(
            self._analysis_of,
            services.pictures,
            options.first_ink,
            rest=_THIN_REST if options.thin_line else _REST,
        )
        self.why = Static(id="why")
        self._searcher = searcher
        self._analyses = services.analyses
        self._batches = services.batches
        self._reasons = services.reasons
        self._account = account
        self._level = options.level
        self._shows_row = False
        self._seed_known: tuple[FileId, Analysis | None] | None = None

    def turn(self) -> None:
        """Show the row where the seed was, and the seed where the row was."""
        self._shows_row = not self._shows_row
        self.look()

    def look(self) -> None:
        """Show the seed, or the row, where there is room."""
        if not self.screen.has_class("-wide"):
            return
        row = self._searcher.table.row if self._shows_row else None
        self.preview.entitle("row" if self._shows_row else "seed")
        seed = self._searcher.seed if row is None else row.seed
        sample = self._searcher.seed_sample if row is None else row.sample
        self.preview.look_at(sample, None if seed is None else seed.path)

    def follow(self, row: HitRow | None) -> None:
        """Say why a row was found, and show it where rows are shown."""
        self._explain(row)
        if self._shows_row:
            self.look()

    async def _analysis_of(self, file_id: FileId) -> Analysis | None:
        """Return the analysis of a sound; that of the seed is read once while it is the seed."""
        seed = self._searcher.seed_sample
        if seed is None or seed.file_id != file_id:
            return await self._analyses.of(file_id)
        if self._seed_known is None or self._seed_known[0] != file_id:
            self._seed_known = (file_id, await self._analyses.of(file_id))
        return self._seed_known[1]

    @looking(group="why", patient=True)
    async def _explain(self, row: HitRow | None) -> None:
        """Say why the row was found: at once where that is known, else when it was read."""
        self.why.update(Content(""), layout=False)
        if row is None:
            return
        words = _SIGNED.get(row.sign, "")
        hit = self._searcher.hit_of(row)
        if not words and hit is not None:
            words = hit.why
        if not words and hit is not None:
            await asyncio.sleep(_REST)
            # Of a file from outside that went away meanwhile there is nothing to say; a toast per
            # move would be noise.
            with suppress(SoundUnreadable):
                reasons = await self._reasons.of(self._searcher.search, [hit])
                words = reasons.get(hit.file_id, "")
        if words:
            self.why.update(Content.assemble(("why  ", "$quiet"), drawn(words)), layout=False)

    # Having a sound analysed that cannot be compared yet, and searching again when it was.

    def analyse(self) -> None:
        """Analyse the sound under the cursor, or the seed where there is none."""
        row, seed = self._searcher.table.row, self._searcher.seed
        file_id = None if row is None else row.file_id
        if file_id is None and seed is not None:
            file_id = seed.file_id
        if file_id is None:
            self.screen.say(
                "This file is not in the library. Scan its folder first (i in the library)."
            )
        else:
            self._start(file_id)

    @doing
    async def _start(self, file_id: FileId) -> None:
        run = await self._batches.start([file_id], self._level, by=self._account, urgent=True)
        self.screen.say("Analysing")
        if self.screen.is_attached:
            self._await_run(run, file_id)

    @looking(group="watching-heard", patient=True)
    async def _await_run(self, run_id: RunId, file_id: FileId) -> None:
        """Follow one run to its end, then search again with what it found."""
        await self._batches.until_ended(run_id)
        self._searcher.samples.pop(file_id, None)
        self._seed_known = None
        if self._searcher.answer is None:
            self._searcher.ask(self._searcher.search)
        else:
            self._searcher.ask_again()
