"""What was asked and where one was, kept for the next start and after a line that dropped."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiofiles
from textual.worker import WorkerCancelled

from smtui.domain.question import Field, Sort
from smtui.domain.sample import FileId
from smtui.files import write_whole_in_thread
from smtui.ui.filter_query import Asked
from smtui.ui.library.marking import Marking
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.workers import looking

_log = logging.getLogger(__name__)

# More marks than these are a passing thing, and the file stays small.
_MOST_MARKS = 1_000


class Remembering(Marking):
    """Goes on where the person was."""

    _went_on = False

    @property
    def keys_wait(self) -> bool:
        """What is typed at the start would be overwritten by the filter of the last session."""
        return not self._went_on or super().keys_wait

    @looking(group="remember")
    async def go_on(self) -> None:
        """Ask what was asked last, and stand where the cursor stood."""
        kept = await _read(self.options.last_seen)
        if kept.get("user_id") != self.account.user_id:
            kept = {}
        asked = _asked(kept)
        self.query_one(FilterLine).restore(asked.text)
        self._went_on = True
        with suppress(WorkerCancelled):  # the person typed before the first answer was there
            await self.ask(asked).wait()
        if not self.answered:
            return
        marks = kept.get("marks")
        self.table.marked = set(marks) if isinstance(marks, list) else set()
        await self.look_for_hidden_marks()
        self.show_marks()
        if kept.get("file_id") and (row := await self.listing.position(FileId(kept["file_id"]))):
            self.table.move_to(row)

    async def keep_place(self) -> None:
        """Write down what is asked and where the cursor stands."""
        path = self.options.last_seen
        if path is None or self.table.sample is None:
            return
        marked = self.table.marked
        kept = {
            "user_id": self.account.user_id,
            "text": self.asked.text,
            "folder": self.asked.folder,
            "sort": self.asked.sort.field.value,
            "descending": self.asked.sort.descending,
            "file_id": self.table.sample.file_id,
            "marks": sorted(marked) if len(marked) <= _MOST_MARKS else [],
        }
        try:
            await write_whole_in_thread(path, json.dumps(kept).encode())
        except OSError as error:
            _log.warning("the place in the library could not be kept: %s", error)


async def _read(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        async with aiofiles.open(path, encoding="utf-8") as file:
            kept = json.loads(await file.read())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        _log.warning("the place in the library could not be read: %s", error)
        return {}
    return kept if isinstance(kept, dict) else {}


def _asked(kept: dict[str, Any]) -> Asked:
    """Read what was asked; anything odd in a file that a person may have touched is left out."""
    text, folder = kept.get("text"), kept.get("folder")
    try:
        sort = Sort(field=Field(kept.get("sort", "name")), descending=bool(kept.get("descending")))
    except ValueError:
        sort = Sort()
    asked = Asked(
        text=text if isinstance(text, str) else "",
        folder=folder if isinstance(folder, str) else None,
        sort=sort,
    )
    return asked.understood()[0]
