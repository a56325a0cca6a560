"""What was asked before: filters that found something, and the place where the last start ended.

It stands apart from the screen because it reads and writes what outlives one.
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiofiles
from textual.worker import WorkerCancelled

from smtui.domain.kept_search import KeptKind, KeptSearch
from smtui.domain.question import Field, Sort
from smtui.domain.sample import FileId
from smtui.files import write_whole_in_thread
from smtui.ui.base_screen import BaseScreen
from smtui.ui.filter_query import Asked
from smtui.ui.library.browser import Browser, Context
from smtui.ui.library.marks import Marks
from smtui.ui.screen_links import Begin, SimilarLink, quietly, want_saved
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.workers import doing, looking

_log = logging.getLogger(__name__)

# More marks than these are a passing thing, and the file stays small.
_MOST_MARKS = 1_000


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
            await self._searches.remember(KeptKind.FILTER, text, by=self._account)


class LastPlace:
    """Goes on where the person was.

    Attributes:
        restored: what is typed is not overwritten any more by the filter of the last session.
    """

    def __init__(self, context: Context, browser: Browser, marks: Marks, line: FilterLine) -> None:
        self.screen: BaseScreen = browser.screen
        self.restored = False
        self._path = context.options.last_seen
        self._user_id = context.account.user_id
        self._browser = browser
        self._marks = marks
        self._line = line

    @looking(group="remember")
    async def go_on(self) -> None:
        """Ask what was asked last, and stand where the cursor stood."""
        place = await _load(self._path)
        if place.get("user_id") != self._user_id:
            place = {}
        asked = _asked_in(place)
        self._line.restore(asked.text)
        self.restored = True
        with suppress(WorkerCancelled):  # the person typed before the first answer was there
            await self._browser.ask(asked).wait()
        if not self._browser.answered:
            return
        table, marks = self._browser.table, place.get("marks")
        table.marked = set(marks) if isinstance(marks, list) else set()
        await self._marks.find_hidden()
        self._marks.show()
        file_id = place.get("file_id")
        if file_id and (row := await self._browser.listing.position(FileId(file_id))):
            table.move_to(row)

    async def save(self) -> None:
        """Write down what is asked and where the cursor stands."""
        table, asked = self._browser.table, self._browser.asked
        if self._path is None or table.sample is None:
            return
        place = {
            "user_id": self._user_id,
            "text": asked.text,
            "folder": asked.folder,
            "sort": asked.sort.field.value,
            "descending": asked.sort.descending,
            "file_id": table.sample.file_id,
            "marks": sorted(table.marked) if len(table.marked) <= _MOST_MARKS else [],
        }
        try:
            await write_whole_in_thread(self._path, json.dumps(place).encode())
        except OSError as error:
            _log.warning("the place in the library could not be kept: %s", error)


async def _load(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        async with aiofiles.open(path, encoding="utf-8") as file:
            place = json.loads(await file.read())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        _log.warning("the place in the library could not be read: %s", error)
        return {}
    return place if isinstance(place, dict) else {}


def _asked_in(place: dict[str, Any]) -> Asked:
    """Return what was asked; anything odd in a file that a person may have touched is left out."""
    text, folder = place.get("text"), place.get("folder")
    try:
        by = Field(place.get("sort", "name"))
        sort = Sort(field=by, descending=bool(place.get("descending")))
    except ValueError:
        sort = Sort()
    asked = Asked(
        text=text if isinstance(text, str) else "",
        folder=folder if isinstance(folder, str) else None,
        sort=sort,
    )
    return asked.understood()[0]
