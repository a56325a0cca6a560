"""The question that the library is asked, and its answer in the table.

A newer question replaces an older one. What workers, scans and other screens change is seen within
a second: the same is asked again, rows change in place, and the cursor stays on its sound.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who uses the library screen with what."""

    services: Services
    account: Account
    options: Options
    attention: Attention


@dataclass(frozen=True, slots=True, kw_only=True)
class Panes:
    """Where a question and its answer are shown."""

    table: SampleTable
    filter: FilterLine
    title: TitleLine


class Browser:
    """Asks the library and fills the table.

    Attributes:
        asked: what is asked now.
        followers: what has to know an answer before the next key is taken.
    """

    @dataclass
    class Answered(Message):
        """What was asked last has its whole answer."""

    def __init__(self, screen: BaseScreen, context: Context, panes: Panes) -> None:
        self.screen = screen
        self.table = panes.table
        self.asked = Asked()
        self.followers: list[Callable[[], Awaitable[None]]] = []
        self._context = context
        self._library = context.services.library
        self._panes = panes
        self._total = 0
        self._total_at: int | None = None
        self._listing: Listing | None = None
        self._generation = -1
        self._answering: Worker[None] | None = None
        self._rows_shown = True
        self._row_awaited = False

    @property
    def question(self) -> Question:
        """What is asked now, as the library takes it."""
        return self._question(self.asked)

    def _question(self, asked: Asked) -> Question:
        return asked.question(self._context.account.user_id, self._context.services.paths)

    @property
    def listing(self) -> Listing:
        """The answer, in order."""
        assert self._listing is not None
        return self._listing

    @property
    def answered(self) -> bool:
        """True if there is an answer to look at."""
        return self._listing is not None

    @property
    def is_asking(self) -> bool:
        """True while an answer is waited for."""
        return self._answering is not None and not self._answering.is_finished

    @property
    def keys_wait(self) -> bool:
        """True while keys are for the rows that a filter, an order or a folder brings."""
        if isinstance(self.screen.focused, Input) or self._rows_shown:
            return False
        return self.is_asking and (self.answered or self._row_awaited)

    async def sound_at(self, row: int) -> FileId | None:
        """Return the sound of a row, once the answer that is waited for is there."""
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
        """Ask; a mistake is named under the line, and what stands before it is asked."""
        asked, mistake = asked.understood()
        self._panes.filter.show_mistake(mistake)
        self._panes.filter.show_order(asked.order(ascii=self._context.options.ascii))
        self._rows_shown = False
        self._answering = self._ask(asked, pause)
        return self._answering

    def ask_typed(self, text: str) -> None:
        """Ask for a filter that is being typed, unless it is asked for already."""
        if text != self.asked.text or self.is_asking:
            self.ask(replace(self.asked, text=text), pause=_TYPING_PAUSE)
        else:
            self._panes.filter.show_mistake(None)

    @looking(group="question", patient=True)
    async def _ask(self, asked: Asked, pause: float) -> None:
        await asyncio.sleep(pause)
        held = self.table.sample if asked.keeps_to_its_sound(self.asked) else None
        # Taken before the rows are read, so that no change in between is missed.
        self._generation = await self._library.generation()
        listing = self._library.listing(self._question(asked))
        window = await listing.window(0, _FIRST_ROWS)
        row = await self._row_of(held, listing)
        self._take(asked, listing)
        # Each new height lays the screen out again, so a count that comes soon is waited for.
        self.table.show(await self._count(listing) or len(window.samples))
        self.table.fill(0, window.samples, exact=window.exact)
        self.table.grow(await listing.count())
        if row is not None:
            self.table.move_to(row)
        await self._tell_followers()
        self._rows_shown = True
        await self._show_counts()
        self.screen.post_message(self.Answered())

    async def _count(self, listing: Listing) -> int | None:
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

    def _take(self, asked: Asked, listing: Listing) -> None:
        if self._listing is not None:
            self._listing.close()
        self._listing = listing
        self.asked = asked
        self.table.sort = asked.sort

    async def _tell_followers(self) -> None:
        for follower in self.followers:
            await follower()

    async def reload(self) -> None:
        """Ask the same again: rows change in place and the cursor stays on its sound."""
        listing, held, before = self.listing, self.table.sample, self.table.cursor
        listing.renew()
        count = await listing.count()
        now = None if held is None else await listing.position(held.file_id)
        if listing is self._listing:
            self.table.renew(count, shift=0 if now is None else now - before)
            await self._tell_followers()
            await self._show_counts()

    async def _show_counts(self) -> None:
        """Say how many of how many sounds are seen."""
        count = self.table.count
        if self.asked.is_everything:
            self._total, self._total_at = count, self._generation
        elif self._total_at != self._generation:
            self._total_at = self._generation
            viewer = self._context.account.user_id
            self._total = await self._library.count(Question(viewer=viewer))
        where = self.asked.folder or "all folders"
        self._panes.title.show(f"{count:,} of {self._total:,}  {where}")
        self.screen.set_class(self._total == 0, "-empty")
        self.screen.set_class(self._total > 0 and count == 0, "-nothing")

    # Keeping up.

    @looking(group="watching-changes")
    async def watch_changes(self) -> None:
        """Show what workers, scans and other screens change, without end."""
        trouble = ""
        while True:
            began = time.monotonic()
            try:
                generation = await self._library.generation()
                if generation != self._generation and self.answered and not self.is_asking:
                    self._generation = generation
                    await self.reload()
                trouble = ""
            except SmtuiError as error:
                # What changed meanwhile was not seen.
                self._generation = -1
                if trouble != error.title:
                    self.screen.tell(error)
                trouble = error.title
            spent = time.monotonic() - began
            await self._context.attention.pause(max(_LOOK_AGAIN, spent * _SHARE))

    # Rows.

    @looking(group="rows", patient=True)
    async def load(self, first: int, size: int) -> None:
        """Give the table rows that it shows or soon will show."""
        window = await self.listing.window(first, size)
        self.table.fill(window.start, window.samples, exact=window.exact)
        if not window.exact:
            await asyncio.sleep(_APPROXIMATE_PAUSE)
            self.table.want_rows()

    @looking(group="follow")
    async def follow(self, file_id: FileId) -> None:
        """Put the cursor on a sound that is shown elsewhere, if this answer has it."""
        row = await self.listing.position(file_id)
        if row is not None:
            self.table.move_to(row)

    # Keys.

    def sort(self) -> None:
        """Sort by the next column that is seen."""
        fields = self.table.seen_fields
        at = fields.index(self.asked.sort.field) if self.asked.sort.field in fields else -1
        self.ask(self.asked.sorted_by(fields[(at + 1) % len(fields)]))

    def reverse(self) -> None:
        """Reverse the sort order."""
        self.ask(self.asked.reversed())

    def toggle_folder(self) -> None:
        """See only the folder of this sound, or all folders again."""
        if self.asked.folder is not None:
            self.ask(replace(self.asked, folder=None))
        elif self.table.sample is not None:
            self.ask(replace(self.asked, folder=self.table.sample.folder))
