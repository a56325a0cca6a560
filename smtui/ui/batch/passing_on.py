"""The list of failures, for elsewhere: onto the clipboard, into a file."""

from __future__ import annotations

import os.path
from datetime import datetime
from pathlib import Path

import aiofiles
import aiofiles.os

from smtui.domain.batch import RunId
from smtui.domain.drawn import drawn
from smtui.domain.text import counted
from smtui.services.board import Standing
from smtui.ui.batch.following import Following
from smtui.ui.clipboard import copied
from smtui.ui.draw.runs import failures_as_text
from smtui.ui.widgets.ask_line import AskLine, FolderSuggester
from smtui.ui.workers import doing, looking

FILE = "file"

# More is a file's business.
_MOST_COPIED = 300
_MOST_WRITTEN = 1_000_000
_NOTHING = "Nothing failed in this run"


class PassingOn(Following):
    """Copies and writes what failed in the run under the cursor."""

    _written: Standing | None = None
    """The run whose failures a file's name was asked for."""

    def action_copy(self) -> None:
        """Copy the failures."""
        standing = self.standing
        if standing is None or not standing.progress.failed:
            self.say(_NOTHING)
        else:
            self._copy(standing.progress.run_id, standing.progress.failed)

    @looking(group="copy")
    async def _copy(self, run_id: RunId, count: int) -> None:
        remark = await copied(self.app, await self._text(run_id, _MOST_COPIED))
        if count > _MOST_COPIED:
            told = f"Copied the first {_MOST_COPIED:,} of {count:,} failures; w writes all"
        else:
            told = f"Copied {counted(count, 'failure')}"
        self.say(told + remark)

    def action_write(self) -> None:
        """Ask for a file, and write the failures there."""
        self._written = self.standing
        at = "" if self._written is None else f"-{self._begun_at(self._written):%Y-%m-%d-%H%M}"
        # The line opens also where nothing failed: letters typed ahead would else be commands.
        nothing = self.board.runs == () or (
            self._written is not None and not self._written.progress.failed
        )
        words = "nothing failed in this run; write to" if nothing else "write the failures to"
        self.ask_file(words, f"~/smtui-failures{at}.tsv")

    def _begun_at(self, standing: Standing) -> datetime:
        return standing.progress.created_at.astimezone()

    def ask_file(self, words: str, text: str) -> None:
        """Ask for a file's name, beginning with a text."""
        line = self.query_one(AskLine)
        line.ask(FILE, words, hint="/folder/failures.tsv", suggester=FolderSuggester())
        line.set_path(text)

    def answer_file(self, text: str) -> None:
        """Take the name of the file."""
        standing = self._written or self.standing
        if standing is None or not standing.progress.failed:
            self.say(_NOTHING)
            return
        # A Path would lose what a name of a folder ends with.
        path = Path(os.path.expanduser(text.strip())).absolute()  # noqa: PTH111
        self._write(standing.progress.run_id, path)

    @doing
    async def _write(self, run_id: RunId, path: Path) -> None:
        text = await self._text(run_id, _MOST_WRITTEN)
        try:
            # A file that is there already is never lost by this.
            async with aiofiles.open(path, "x", encoding="utf-8") as file:
                await file.write(text)
        except FileExistsError:
            self.ask_file("that file is there already; write to", str(path))
        except OSError as error:
            why = error.strerror or "it cannot be written"
            self.ask_file(f"{drawn(why)}; write to", str(path))
        else:
            self.say(f"Saved {counted(text.count(chr(10)), 'failure')} to {path}")

    async def _text(self, run_id: RunId, limit: int) -> str:
        batches = self.services.batches
        return failures_as_text(
            await batches.runs.named(await batches.runs.failures(run_id, limit))
        )
