"""Filters that were entered are remembered, and asked again from the list of what is saved."""

from __future__ import annotations

from dataclasses import replace

from smtui.domain.kept_search import KeptKind, KeptSearch
from smtui.ui.base_screen import BaseScreen
from smtui.ui.filter_query import Asked
from smtui.ui.library.browser import Browser, Context
from smtui.ui.saved_searches_link import quietly, want_saved
from smtui.ui.similar_link import Begin, SimilarLink
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.workers import doing


class FilterHistory:
    """Remembers a filter once it was entered and has found a sound."""

    def __init__(self, context: Context, browser: Browser, line: FilterLine) -> None:
        self.screen: BaseScreen = browser.screen
        self._searches = context.services.kept_searches
        self._account = context.account
        self._browser = browser
        self._line = line
        self._entered = ""
        """The filter that was entered last, until its answer is there."""

    def open(self) -> None:
        """Show what was saved and asked lately, the present filter among it."""
        present = self._searches.at_present(KeptKind.FILTER, self._browser.asked.text)
        want_saved(self.screen, present)

    def ask_saved(self, saved: KeptSearch) -> None:
        """Ask what was saved: a filter here, a search where sounds are compared."""
        if saved.kind is KeptKind.SEARCH:
            self.screen.post_message(SimilarLink.Wanted(Begin(line=saved.text)))
            return
        self._line.restore(saved.text)
        asked = replace(self._browser.asked, text=self._line.text)
        self._browser.ask(asked)
        if asked.understood()[1] is None:
            self.enter(asked.text)
        else:
            # The place of the mistake is marked there, and it is mended there.
            self._line.open()

    def enter(self, text: str) -> None:
        """Remember a filter as soon as it has found a sound."""
        self._entered = Asked(text=text).understood()[0].text
        self.note_entered()

    def note_entered(self) -> None:
        """Remember what was entered, if its answer is there."""
        browser = self._browser
        if self._entered and self._entered == browser.asked.text and not browser.is_asking:
            if browser.table.count:
                self._note(self._entered)
            self._entered = ""

    @doing
    async def _note(self, text: str) -> None:
        with quietly():
            await self._searches.asked(KeptKind.FILTER, text, by=self._account)
