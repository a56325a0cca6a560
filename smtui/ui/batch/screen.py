"""The runs: what is analysed, how far that is, who works on what, and what failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message

from smtui.domain.sample import FileId
from smtui.paths import styles
from smtui.ui.base_screen import BaseScreen, Offer, done_by, keys_of
from smtui.ui.batch.run_actions import FailureList, RunActions
from smtui.ui.batch.run_board import RunBoard
from smtui.ui.widgets.ask_line import AskLine
from smtui.ui.widgets.key_line import KeyLine
from smtui.ui.widgets.line_table import LineTable
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.workers import doing

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.box import Services
    from smtui.ui.options import Options

_GONE = "This sound is no longer in the library"


_key = keys_of("batch", shown=True)


class BatchScreen(BaseScreen):
    """All runs; below them the one under the cursor: its bar, its workers, its failures."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 — Textual's type
    CSS_PATH: ClassVar = str(styles() / "batch.tcss")
    AUTO_FOCUS = "#runs"
    BINDINGS: ClassVar[list[BindingType]] = [
        _key("X", "cancel", "Cancel", "Stop what has not begun in this run."),
        _key("r", "resume", "Resume", "Resume cancelled and missing sounds."),
        _key("R", "retry", "Retry", "Retry what failed in this run."),
        _key("y", "copy", "Copy", "Copy the failures of this run."),
        _key("w", "write", "Write", "Write the failures of this run into a file."),
        _key("n", "next", "Next", "To the next failure."),
        _key("v", "view", "View", "Next pane: failures, workers, runs.", show=False),
        _key("escape,q", "back", "Back", "Back to where you were.", show=False),
    ]

    @dataclass
    class SampleOpened(Message):
        """A sound of a run was opened."""

        file_id: FileId

    def __init__(self, services: Services, account: Account, options: Options) -> None:
        super().__init__()
        self.ask_line = AskLine(id="ask")
        self.board = RunBoard(self, services, account, options)
        self.actions = RunActions(self.board, services.batches, account)
        self.failure_list = FailureList(self.board, services.batches, self.ask_line)
        self._library = services.library

    def compose(self) -> ComposeResult:
        """Lay out title, runs, the open run's bar, workers, files; status and keys."""
        board = self.board
        yield board.title
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield board.runs
                yield board.bar
                yield board.strip
                yield board.files
            yield board.crew
        yield self.ask_line
        yield StatusBar(id="status")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin to follow."""
        self.board.runs.focus()
        self.board.begin()

    def offers(self) -> tuple[Offer, ...]:
        """Offer in the palette what has no key."""
        return self.actions.offers()

    def show_runs(self) -> None:
        """Go to the list of runs."""
        self._show_view(self.board.runs)

    def _show_view(self, table: LineTable) -> None:
        """Give a table the keys, and where there is little room, the room."""
        self.set_class(table is self.board.crew, "-workers")
        self.set_class(table is self.board.files, "-files")
        table.focus()

    @on(LineTable.CursorMoved)
    def _show_run(self, message: LineTable.CursorMoved) -> None:
        if message.table is self.board.runs:
            self.board.show_run()

    @on(LineTable.Opened)
    def _open_line(self, message: LineTable.Opened) -> None:
        table, board = message.table, self.board
        if table.key is None:
            self.say("Nothing to open")
        elif table is board.runs:
            self._show_view(board.files)
        elif table is board.crew:
            held = {holding.worker: holding.file_id for holding in board.board.holding}
            self._open(held[table.key])
        else:
            self._open(FileId(table.key))

    @doing
    async def _open(self, file_id: FileId) -> None:
        if await self._library.samples([file_id]):
            self.post_message(self.SampleOpened(file_id))
        else:
            self.say(_GONE)

    @on(AskLine.Answered)
    def _take_answer(self, message: AskLine.Answered) -> None:
        self.failure_list.answer(message.text)

    @on(AskLine.Closed)
    def _leave_line(self) -> None:
        self.board.files.focus()

    # Keys.

    action_cancel = done_by("actions", RunActions.cancel)
    action_resume = done_by("actions", RunActions.resume)
    action_retry = done_by("actions", RunActions.retry)
    action_copy = done_by("failure_list", FailureList.copy)
    action_write = done_by("failure_list", FailureList.write)

    def action_view(self) -> None:
        """Go to the next of runs, failures, workers."""
        views = (self.board.runs, self.board.files, self.board.crew)
        now = next((place for place, table in enumerate(views) if table.has_focus), 0)
        self._show_view(views[(now + 1) % len(views)])

    def action_next(self) -> None:
        """Go to the next failure, after the last to the first."""
        files, all_failed = self.board.files, self.board.failed
        failed = [line.key for line in files.lines if line.key in all_failed]
        if not failed:
            self.say("Nothing failed in this run")
            return
        if not files.has_focus:
            self._show_view(files)
            if files.key in all_failed:
                return
        now = failed.index(files.key) if files.key in failed else -1
        if now + 1 == len(failed) and now >= 0:
            self.say("That was the last failure; this is the first")
        files.stand_on(failed[(now + 1) % len(failed)])

    async def action_back(self) -> None:
        """Where a view has taken the room of the runs, back to them; else to where one was."""
        if self.has_class("-narrow") and self.classes & {"-workers", "-files"}:
            self.show_runs()
        else:
            await super().action_back()
