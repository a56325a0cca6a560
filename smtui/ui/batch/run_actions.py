"""What is done with runs: cancelled, resumed, retried, cleared; their failures copied and written.

Apart from the board, which only shows: whatever there is nothing to do for is said here.
"""

from __future__ import annotations

import os.path
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import aiofiles
import aiofiles.os

from smtui.domain.batch import RunId
from smtui.domain.drawn_names import drawn
from smtui.domain.text import counted
from smtui.services.board import Standing
from smtui.ui.base_screen import BaseScreen, Offer
from smtui.ui.batch.run_board import RunBoard
from smtui.ui.clipboard import copied
from smtui.ui.draw.runs import failures_as_text
from smtui.ui.widgets.ask_line import AskLine, FolderSuggester
from smtui.ui.workers import doing, looking

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.batches import Batches

_OLD = timedelta(days=7)
_NO_RUN = "No runs yet; a in the library analyses sounds"
_NOTHING_LEFT = "Nothing left to resume in this run"
_NOTHING_FAILED = "Nothing failed in this run"
# More is a file's business.
_MOST_COPIED = 300
_MOST_WRITTEN = 1_000_000


class RunActions:
    """Changes the run under the cursor, and clears those that ended."""

    def __init__(self, board: RunBoard, batches: Batches, account: Account) -> None:
        self.screen: BaseScreen = board.screen
        self._board = board
        self._batches = batches
        self._account = account

    def cancel(self) -> None:
        """Ask, and stop what has not begun."""
        standing = self._board.standing
        if standing is None:
            self.screen.say(_NO_RUN)
        elif standing.progress.status.ended:
            self.screen.say("This run has ended already")
        elif standing.progress.cancel_requested_at is not None:
            self.screen.say("This run is stopping already; what has started is finished and kept")
        else:
            run_id = standing.progress.run_id
            self.screen.confirm(
                "Cancel the sounds that have not started?", lambda: self._cancel(run_id)
            )

    @doing
    async def _cancel(self, run_id: RunId) -> None:
        count = await self._batches.cancel(run_id, by=self._account)
        self.screen.say(
            f"Cancelled {counted(count, 'sound')}. What has started is finished and kept."
        )

    def resume(self) -> None:
        """Go on with what was left."""
        if self._board.standing is None:
            self.screen.say(_NO_RUN)
        elif self._board.standing.progress.completed == self._board.standing.progress.total:
            self.screen.say(_NOTHING_LEFT)
        else:
            self._resume(self._board.standing.progress.run_id)

    @doing
    async def _resume(self, run_id: RunId) -> None:
        count = await self._batches.resume(run_id, by=self._account)
        if count:
            self.screen.say(f"Resumed {counted(count, 'sound')}")
            return
        now = await self._batches.runs.progress(run_id)
        going = now is not None and not now.status.ended
        self.screen.say("This run goes on already" if going else _NOTHING_LEFT)

    def retry(self) -> None:
        """Try what failed once more."""
        if self._board.standing is None:
            self.screen.say(_NO_RUN)
        elif not self._board.standing.progress.failed:
            self.screen.say(_NOTHING_FAILED)
        else:
            self._retry(self._board.standing.progress.run_id)

    @doing
    async def _retry(self, run_id: RunId) -> None:
        run = await self._batches.runs.progress(run_id)
        failed = 0 if run is None else run.failed
        if await self._batches.retry_failed(run_id, by=self._account) is None:
            self.screen.say(_NOTHING_FAILED)
        else:
            self.screen.say(f"Retrying {counted(failed, 'sound')}")

    def offers(self) -> tuple[Offer, ...]:
        """Offer in the palette what has no key."""
        return (
            Offer(
                title="Clear old runs",
                help="Remove the runs that ended more than a week ago; analyses are kept.",
                begin=self._clear_old,
            ),
            Offer(
                title="Clear all finished runs",
                help="Remove all finished runs from the list; analyses are kept.",
                begin=self._clear_all,
            ),
        )

    def _clear_old(self) -> None:
        self._clear(_OLD)

    def _clear_all(self) -> None:
        question = "Remove all finished runs from the list? Analyses are kept."
        self.screen.confirm(question, lambda: self._clear(timedelta()))

    @doing
    async def _clear(self, age: timedelta) -> None:
        before = datetime.now(UTC) - age
        count = await self._batches.clear(by=self._account, before=before)
        self.screen.say(
            f"Removed {counted(count, 'run')}; analyses are kept" if count else "No run to clear"
        )


class FailureList:
    """Copies and writes what failed in the run under the cursor."""

    def __init__(self, board: RunBoard, batches: Batches, line: AskLine) -> None:
        self.screen: BaseScreen = board.screen
        self._board = board
        self._batches = batches
        self._line = line
        self._asked_for: Standing | None = None
        """The run whose failures a file's name was asked for."""

    def copy(self) -> None:
        """Copy the failures."""
        standing = self._board.standing
        if standing is None or not standing.progress.failed:
            self.screen.say(_NOTHING_FAILED)
        else:
            self._copy(standing.progress.run_id, standing.progress.failed)

    @looking(group="copy")
    async def _copy(self, run_id: RunId, count: int) -> None:
        remark = await copied(self.screen.app, await self._text(run_id, _MOST_COPIED))
        if count > _MOST_COPIED:
            words = f"Copied the first {_MOST_COPIED:,} of {count:,} failures; w writes all"
        else:
            words = f"Copied {counted(count, 'failure')}"
        self.screen.say(words + remark)

    def write(self) -> None:
        """Ask for a file, and write the failures there."""
        self._asked_for = self._board.standing
        at = ""
        if self._asked_for is not None:
            at = f"-{self._asked_for.progress.created_at.astimezone():%Y-%m-%d-%H%M}"
        # The line opens also where nothing failed: letters typed ahead would else be commands.
        nothing = self._board.board.runs == () or (
            self._asked_for is not None and not self._asked_for.progress.failed
        )
        words = "nothing failed in this run; write to" if nothing else "write the failures to"
        self._ask(words, f"~/smtui-failures{at}.tsv")

    def _ask(self, words: str, text: str) -> None:
        """Ask for a file's name, beginning with a text."""
        hint = "/folder/failures.tsv"
        self._line.ask("file", words, hint=hint, suggester=FolderSuggester())
        self._line.set_path(text)

    def answer(self, text: str) -> None:
        """Take the name of the file."""
        standing = self._asked_for or self._board.standing
        if standing is None or not standing.progress.failed:
            self.screen.say(_NOTHING_FAILED)
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
            self._ask("that file is there already; write to", str(path))
        except OSError as error:
            why = error.strerror or "it cannot be written"
            self._ask(f"{drawn(why)}; write to", str(path))
        else:
            self.screen.say(f"Saved {counted(text.count(chr(10)), 'failure')} to {path}")

    async def _text(self, run_id: RunId, limit: int) -> str:
        batches = self._batches
        return failures_as_text(
            await batches.runs.named(await batches.runs.failures(run_id, limit))
        )
