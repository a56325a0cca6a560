"""What every intention of the library screen shares: the table, the question, its answer."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message
from textual.widgets import Input
from textual.worker import Worker, WorkerCancelled, WorkerFailed

from smtui.domain.errors import SmtuiError
from smtui.domain.question import Question
from smtui.domain.sample import FileId, Sample
from smtui.ui.base_screen import BaseScreen
from smtui.ui.filter_query import Asked
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.widgets.sample_table import SampleTable
from smtui.ui.widgets.title_line import TitleLine
from smtui.ui.workers import looking

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.box import Services
    from smtui.services.listing import Listing
    from smtui.ui.attention import Attention
    from smtui.ui.options import Options

# A person types faster than this; the answer to half a word is of no use.
_TYPING_PAUSE = 0.12
_KEEP_PATIENCE = 1.0
_COUNT_PATIENCE = 0.08
_FIRST_ROWS = 100
_LOOK_AGAIN = 1.0
_APPROXIMATE_PAUSE = 0.3
# Looking at changes may take this share of the time.
_SHARE = 5


class Browser(BaseScreen):
    """Asks the library and fills the table."""

    @dataclass
    class Answered(Message):
        """What was asked last has its whole answer."""

    def __init__(
        self, services: Services, account: Account, options: Options, attention: Attention
    ) -> None:
        super().__init__()
        self._attention = attention
        self.services = services
        self.account = account
        self.options = options
        self.table = SampleTable(id="table")
        self.table.leaps = options.thin_line
        self.asked = Asked()
        self.total = 0
        self._total_at: int | None = None
        self._listing: Listing | None = None
        self._generation = -1
        self._answering: Worker[None] | None = None
        self._rows_shown = True
        self._row_awaited = False
        self.hidden_marks: frozenset[FileId] = frozenset()

    @property
    def question(self) -> Question:
        """What is asked now."""
        return self.asked.question(self.account.user_id, self.services.paths)

    @property
    def listing(self) -> Listing:
        """The answer, in order."""
        assert self._listing is not None
        return self._listing

    @property
    def answered(self) -> bool:
        """There is an answer to look at."""
        return self._listing is not None

    @property
    def is_asking(self) -> bool:
        """An answer is waited for."""
        return self._answering is not None and not self._answering.is_finished

    @property
    def keys_wait(self) -> bool:
        """Keys after a filter, an order or a folder are for the rows that these bring."""
        if isinstance(self.focused, Input) or self._rows_shown:
            return False
        return self.is_asking and (self.answered or self._row_awaited)

    @property
    def targets(self) -> tuple[FileId, ...]:
        """The marked sounds that are shown, else the one under the cursor."""
        if shown := self.table.marked - self.hidden_marks:
            return tuple(shown)
        return () if self.table.sample is None else (self.table.sample.file_id,)

    async def sound_at(self, row: int) -> FileId | None:
        """Give the sound of a row, once the answer that is waited for is there."""
        self._row_awaited = True
        try:
            while self._answering is not None and not self._answering.is_finished:
                with suppress(WorkerCancelled, WorkerFailed):
                    await self._answering.wait()
        finally:
            self._row_awaited = False
        if not self.answered:
            return None
        window = await self.listing.window(row, 1)
        return window.samples[0].file_id if window.samples else None

    # Asking.

    def ask(self, asked: Asked, *, pause: float = 0.0) -> Worker[None]:
        """Ask anew; a mistake is named under the line, and what stands before it is asked."""
        line = self.query_one(FilterLine)
        asked, mistake = asked.understood()
        line.show_mistake(mistake)
        line.show_order(asked.order(ascii=self.options.ascii))
        self._rows_shown = False
        self._answering = self._ask(asked, pause)
        return self._answering

    @looking(group="question", patient=True)
    async def _ask(self, asked: Asked, pause: float) -> None:
        await asyncio.sleep(pause)
        held = self.table.sample if asked.keeps_to_its_sound(self.asked) else None
        # Taken before the rows are read, so that no change in between is missed.
        self._generation = await self.services.library.generation()
        question = asked.question(self.account.user_id, self.services.paths)
        listing = self.services.library.listing(question)
        window = await listing.window(0, _FIRST_ROWS)
        row = await self._row_of(held, listing)
        self._take(asked, listing)
        # Each new height lays the screen out anew, so a count that comes soon is waited for.
        self.table.show(await self._counted(listing) or len(window.samples))
        self.table.fill(0, window.samples, exact=window.exact)
        self.table.grow(await listing.count())
        if row is not None:
            self.table.move_to(row)
        await self.look_for_hidden_marks()
        self._rows_shown = True
        await self.count_all()
        self.post_message(self.Answered())

    async def _counted(self, listing: Listing) -> int | None:
        """Count an answer, unless that takes longer than a person would notice."""
        try:
            async with asyncio.timeout(_COUNT_PATIENCE):
                return await listing.count()
        except TimeoutError:
            return None

    async def _row_of(self, held: Sample | None, listing: Listing) -> int | None:
        """Find a sound in an answer, unless that takes longer than a person would wait."""
        if held is None:
            return None
        try:
            async with asyncio.timeout(_KEEP_PATIENCE):
                return await listing.position(held.file_id)
        except TimeoutError:
            return None

    async def look_for_hidden_marks(self) -> None:
        """Find which marked sounds the filter or the folder hides: they are nobody's target."""
        marked, hidden = tuple(self.table.marked), frozenset[FileId]()
        if marked and not self.asked.is_everything:
            shown = await self.services.library.among(self.question, marked)
            hidden = frozenset(marked) - shown
        if hidden != self.hidden_marks:
            self.hidden_marks = hidden
            self.show_marks()

    def show_marks(self) -> None:
        """Say how many sounds are marked."""

    def _take(self, asked: Asked, listing: Listing) -> None:
        if self._listing is not None:
            self._listing.close()
        self._listing = listing
        self.asked = asked
        self.table.sort = asked.sort

    async def reload(self) -> None:
        """Ask the same again: rows change in place and the cursor stays on its sound."""
        listing, held, before = self.listing, self.table.sample, self.table.cursor
        listing.renew()
        count = await listing.count()
        now = None if held is None else await listing.position(held.file_id)
        if listing is self._listing:
            self.table.renew(count, shift=0 if now is None else now - before)
            await self.look_for_hidden_marks()
            await self.count_all()

    async def count_all(self) -> None:
        """Say how many of how many sounds are seen."""
        if self.asked.is_everything:
            self.total, self._total_at = self.table.count, self._generation
        elif self._total_at != self._generation:
            self._total_at = self._generation
            self.total = await self.services.library.count(Question(viewer=self.account.user_id))
        seen = f"{self.table.count:,} of {self.total:,}"
        where = self.asked.folder or "all folders"
        self.query_one(TitleLine).show(f"{seen}  {where}")
        self.set_class(self.total == 0, "-empty")
        self.set_class(self.total > 0 and self.table.count == 0, "-nothing")

    # Keeping up.

    @looking(group="watching-changes")
    async def watch_changes(self) -> None:
        """Show what workers, scans and other screens change, without end."""
        told = ""
        while True:
            began = time.monotonic()
            try:
                generation = await self.services.library.generation()
                if generation != self._generation and self.answered and not self.is_asking:
                    self._generation = generation
                    await self.reload()
                told = ""
            except SmtuiError as error:
                # What changed meanwhile was not seen.
                self._generation = -1
                if told != error.title:
                    self.tell(error)
                told = error.title
            spent = time.monotonic() - began
            await self._attention.pause(max(_LOOK_AGAIN, spent * _SHARE))

    # Rows.

    @on(SampleTable.RowsWanted)
    def _rows_wanted(self, message: SampleTable.RowsWanted) -> None:
        message.stop()
        self._load(message.first, message.size)

    @looking(group="rows", patient=True)
    async def _load(self, first: int, size: int) -> None:
        window = await self.listing.window(first, size)
        self.table.fill(window.start, window.samples, exact=window.exact)
        if not window.exact:
            await asyncio.sleep(_APPROXIMATE_PAUSE)
            self.table.want_rows()

    # The filter line.

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterLine).open()

    @on(FilterLine.Typed)
    def _filter_typed(self, message: FilterLine.Typed) -> None:
        if message.text != self.asked.text or self.is_asking:
            self.ask(replace(self.asked, text=message.text), pause=_TYPING_PAUSE)
        else:
            self.query_one(FilterLine).show_mistake(None)

    @on(FilterLine.Kept)
    @on(FilterLine.Closed)
    def _filter_left(self) -> None:
        self.table.focus()

    def action_sort(self) -> None:
        """Sort by the next column that is seen."""
        fields = self.table.seen_fields
        at = fields.index(self.asked.sort.field) if self.asked.sort.field in fields else -1
        self.ask(self.asked.sorted_by(fields[(at + 1) % len(fields)]))

    def action_reverse(self) -> None:
        """Reverse the sort order."""
        self.ask(self.asked.reversed())

    def action_folder_only(self) -> None:
        """See only the folder of this sound, or all folders again."""
        if self.asked.folder is not None:
            self.ask(replace(self.asked, folder=None))
        elif self.table.sample is not None:
            self.ask(replace(self.asked, folder=self.table.sample.folder))
