"""What was asked and where one was, kept for the next start and after a line that dropped."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiofiles
import aiofiles.os
from textual.worker import WorkerCancelled

from smtui.domain.question import Field, Sort
from smtui.domain.sample import FileId
from smtui.ui.base_screen import BaseScreen
from smtui.ui.filter_query import Asked
from smtui.ui.library.browser import Browser, Context
from smtui.ui.library.marks import Marks
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.workers import looking

_log = logging.getLogger(__name__)

# More marks than these are a passing thing, and the file stays small.
_MOST_MARKS = 1_000


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
        fresh = self._path.with_name(f"{self._path.name}.new")
        try:
            async with aiofiles.open(fresh, "w", encoding="utf-8") as file:
                await file.write(json.dumps(place))
            await aiofiles.os.replace(fresh, self._path)
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
