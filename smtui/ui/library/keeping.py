"""Filters that were entered are remembered, and asked again from the list of what is kept."""

from __future__ import annotations

from dataclasses import replace

from textual import on

from smtui.domain.kept_search import KeptKind, KeptSearch
from smtui.ui.filter_query import Asked
from smtui.ui.library.browser import Browser
from smtui.ui.saved_searches_link import TowardsKept, quietly
from smtui.ui.similar_link import Begin, TowardsAlike
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.workers import doing


class Keeping(TowardsKept, Browser):
    """Remembers a filter once it was entered and has found a sound."""

    _awaited = ""
    """The filter that was entered last, until its answer is there."""

    def action_kept(self) -> None:
        """Show what was saved and asked lately, the present filter among it."""
        self.want_kept(KeptKind.FILTER, self.asked.text)

    def take_kept(self, kept: KeptSearch) -> None:
        """Ask what was kept: a filter here, a search where sounds are compared."""
        if kept.kind is KeptKind.SEARCH:
            self.post_message(TowardsAlike.AlikeWanted(Begin(line=kept.text)))
            return
        line = self.query_one(FilterLine)
        line.restore(kept.text)
        asked = replace(self.asked, text=line.text)
        self.ask(asked)
        if asked.understood()[1] is None:
            self._enter(line.text)
        else:
            # The place of the mistake is marked there, and it is mended there.
            line.open()

    @on(FilterLine.Left)
    def _line_left(self, message: FilterLine.Left) -> None:
        self._enter(message.text)

    def _enter(self, text: str) -> None:
        self._awaited = Asked(text=text).understood()[0].text
        self._note_entered()

    @on(Browser.Answered)
    def _note_entered(self) -> None:
        if self._awaited and self._awaited == self.asked.text and not self.is_asking:
            if self.table.count:
                self._note(self._awaited)
            self._awaited = ""

    @doing
    async def _note(self, text: str) -> None:
        with quietly():
            await self.services.kept_searches.asked(KeptKind.FILTER, text, by=self.account)
