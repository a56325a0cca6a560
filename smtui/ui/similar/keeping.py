"""What was asked here is remembered, and asked again from the list of what is kept."""

from __future__ import annotations

from dataclasses import replace

from smtui.domain.kept_search import KeptKind, KeptSearch
from smtui.domain.search import Search, View
from smtui.ui.clipboard import copied
from smtui.ui.saved_searches_link import quietly, want_saved
from smtui.ui.similar.seeding import Seeding
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.workers import doing, looking


class Keeping(Seeding):
    """Remembers searches, and writes them so that they find the same again."""

    _noted = ""

    def action_kept(self) -> None:
        """Show what was saved and asked lately, the present search among it."""
        self._open_kept(self.understood())

    @doing
    async def _open_kept(self, search: Search) -> None:
        text = await self._line(search)
        await self._note(search, text)
        want_saved(self, self.services.kept_searches.at_present(KeptKind.SEARCH, text))

    def note_search(self) -> None:
        """Remember what is asked, for it led somewhere."""
        self._note_asked(self.understood())

    @doing
    async def _note_asked(self, search: Search) -> None:
        with quietly():
            await self._note(search, await self._line(search))

    async def _note(self, search: Search, text: str) -> None:
        if not text or text == self._noted:
            return
        kept, by = self.services.kept_searches, self.account
        if search.filter:
            await kept.asked(KeptKind.FILTER, search.filter, by=by)
        await kept.asked(KeptKind.SEARCH, text, by=by)
        self._noted = text

    async def _line(self, search: Search) -> str:
        """A search as one line; empty where nothing could be found by it."""
        if not (search.words if search.view is View.WORDS else search.more):
            return ""
        return await self.services.seeds.line_of(search, self.account.user_id)

    def remember(self) -> None:
        """Keep the way back to this search, and the search itself."""
        super().remember()
        self.note_search()

    def action_copy_line(self) -> None:
        """Copy the search as one line."""
        self._copy_line(self.understood())

    @looking(group="copy")
    async def _copy_line(self, search: Search) -> None:
        text = await self._line(search)
        if text:
            await self._copy_now(text)
        else:
            self.say("Nothing to look for yet")

    @looking(group="copy")
    async def copy(self, text: str) -> None:
        """Put a text onto the clipboard, and say so."""
        await self._copy_now(text)

    async def _copy_now(self, text: str) -> None:
        remark = await copied(self.app, text)
        self.say(f"Copied: {text}{remark}")
        self.note_search()

    def ask_saved(self, saved: KeptSearch) -> None:
        """Ask what was kept: a whole search, or the present one within a filter."""
        if saved.kind is KeptKind.SEARCH:
            self.answer_line(saved.text)
            return
        line = self.query_one(FilterLine)
        line.restore(saved.text)
        self.ask(replace(self.search, filter=line.text))
