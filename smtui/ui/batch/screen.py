"""The runs: what is listened to, how far that is, who works on what, and what failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message

from smtui.domain.batch import RunId
from smtui.domain.sample import FileId
from smtui.paths import styles
from smtui.ui.base_screen import keys_of
from smtui.ui.batch.deciding import Deciding
from smtui.ui.batch.passing_on import PassingOn
from smtui.ui.widgets.ask_line import AskLine
from smtui.ui.widgets.batch_table import BatchTable
from smtui.ui.widgets.key_line import KeyLine
from smtui.ui.widgets.run_bar import RunBar
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.widgets.title_line import TitleLine
from smtui.ui.widgets.worker_strip import WorkerStrip
from smtui.ui.workers import doing

_GONE = "This sound is no longer in the library"


_key = keys_of("batch", shown=True)


class BatchScreen(Deciding, PassingOn):
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

    def compose(self) -> ComposeResult:
        """Lay out title, runs, the open run's bar, workers, files; status and keys."""
        yield TitleLine("Runs", self.account.username, id="title")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self.runs
                yield RunBar(id="bar")
                yield WorkerStrip(id="strip")
                yield self.files
            yield self.crew
        yield AskLine(id="ask")
        yield StatusBar(id="status")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin to follow."""
        for table in (self.runs, self.files, self.crew):
            table.leaps = self.options.thin_line
        self.runs.focus()
        self.begin()

    def action_view(self) -> None:
        """Go to the next of runs, failures, workers."""
        views = (self.runs, self.files, self.crew)
        now = next((place for place, table in enumerate(views) if table.has_focus), 0)
        self.show_view(views[(now + 1) % len(views)])

    def show_runs(self) -> None:
        """Go to the list of runs."""
        self.show_view(self.runs)

    def show_view(self, table: BatchTable) -> None:
        """Give a table the keys, and where there is little room, the room."""
        self.set_class(table is self.crew, "-workers")
        self.set_class(table is self.files, "-files")
        table.focus()

    def action_next(self) -> None:
        """Go to the next failure, after the last to the first."""
        failed = [line.key for line in self.files.lines if line.key in self.failed]
        if not failed:
            self.say("Nothing failed in this run")
            return
        if not self.files.has_focus:
            self.show_view(self.files)
            if self.files.key in self.failed:
                return
        now = failed.index(self.files.key) if self.files.key in failed else -1
        if now + 1 == len(failed) and now >= 0:
            self.say("That was the last failure; this is the first")
        self.files.stand_on(failed[(now + 1) % len(failed)])

    @on(BatchTable.Opened)
    def _opened(self, message: BatchTable.Opened) -> None:
        table = message.table
        if table.key is None:
            self.say("Nothing to open")
        elif table is self.runs:
            self.show_view(self.files)
        elif table is self.crew:
            held = {one.worker: one.file_id for one in self.board.holding}
            self._open(held[table.key])
        else:
            self._open(FileId(table.key))

    @doing
    async def _open(self, file_id: FileId) -> None:
        if await self.services.library.samples([file_id]):
            self.post_message(self.SampleOpened(file_id))
        else:
            self.say(_GONE)

    @on(AskLine.Answered)
    def _answered(self, message: AskLine.Answered) -> None:
        self.answer_file(message.text)

    @on(AskLine.Closed)
    def _asked(self) -> None:
        self.files.focus()

    async def action_back(self) -> None:
        """Where a view has taken the room of the runs, back to them; else to where one was."""
        if self.has_class("-narrow") and self.classes & {"-workers", "-files"}:
            self.show_runs()
        else:
            await super().action_back()

    def stand_on(self, run_id: RunId) -> None:
        """Put the cursor on a run."""
        self.runs.stand_on(run_id)
