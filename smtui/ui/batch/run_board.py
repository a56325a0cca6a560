"""All runs, and the files of the one under the cursor, followed and shown."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual.message import Message

from smtui.domain.batch import Failure, RunId
from smtui.domain.errors import SmtuiError
from smtui.domain.sample import FileId, Sample
from smtui.domain.text import counted
from smtui.services.board import Board, Standing
from smtui.ui.base_screen import BaseScreen
from smtui.ui.draw.runs import (
    failure_line,
    heard_line,
    holding_name,
    run_line,
    since,
    worker_line,
)
from smtui.ui.draw.table_text import Line
from smtui.ui.widgets.line_table import Lane, LineTable
from smtui.ui.widgets.run_bar import RunBar
from smtui.ui.widgets.title_line import TitleLine
from smtui.ui.widgets.worker_strip import WorkerStrip
from smtui.ui.workers import looking

if TYPE_CHECKING:
    from smtui.domain.account import Account, UserId
    from smtui.services.box import Services
    from smtui.ui.options import Options

MOST_RUNS = 100
MOST_FAILURES = 1_000
MOST_HEARD = 500

_NO_WORKER = "No worker is analysing."
_AGAIN = 5.0
_FILES_AGAIN = 1.0
_TICK = 1.0

_RUNS = (
    Lane(title="Run", width=16, share=1),
    Lane(title="By", width=10),
    Lane(title="Level", width=8),
    Lane(title="Done", width=15),
    Lane(title="Failed", width=6, right=True),
    Lane(title="Left", width=6),
    Lane(title="State", width=9),
)
_FILES = (
    Lane(title="Failed", width=16, share=2),
    Lane(title="Why", width=24, share=5),
    Lane(title="Try", width=3, right=True),
    Lane(title="Path", width=12, share=3, ending=True),
)
_WORKERS = (
    Lane(title="", width=2, right=True),
    Lane(title="Analysing", width=12, share=1),
    Lane(title="", width=15),
    Lane(title="", width=6),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """The sounds of a run as they were read last; one tried anew is read when it was heard."""

    run_id: RunId | None = None
    failed: Mapping[FileId, Sample] = field(default_factory=dict)
    heard: Mapping[FileId, Sample] = field(default_factory=dict)


class RunBoard:
    """Keeps the tables true, without end; what is in the documents is what is shown.

    Attributes:
        runs: all runs, newest first.
        files: what failed in the run under the cursor, then what was analysed.
        crew: the workers, and which sound each is at.
        board: how all runs are.
        failed: which of the files shown failed.
    """

    @dataclass
    class FailuresSeen(Message):
        """The person has seen what failed in a run up to now."""

        run_id: RunId
        failed: int

    def __init__(
        self, screen: BaseScreen, services: Services, account: Account, options: Options
    ) -> None:
        self.screen = screen
        self.runs = LineTable(_RUNS, nothing="Nothing has been analysed yet.", id="runs")
        self.files = LineTable(_FILES, nothing="Nothing failed.", id="files", rests=True)
        self.crew = LineTable(_WORKERS, nothing=_NO_WORKER, id="workers")
        for table in (self.runs, self.files, self.crew):
            table.leaps = options.thin_line
        self.title = TitleLine("Runs", account.username, id="title")
        self.bar = RunBar(id="bar")
        self.strip = WorkerStrip(id="strip")
        self.board = Board()
        self.failed: frozenset[FileId] = frozenset()
        self._batches = services.batches
        self._accounts = services.accounts
        self._account = account
        self._names: Mapping[UserId, str] = {account.user_id: account.username}
        self._shown: tuple[RunId | None, int, int] | None = None
        self._seen = _Seen()

    @property
    def standing(self) -> Standing | None:
        """The run under the cursor."""
        key = self.runs.key
        return next((run for run in self.board.runs if run.progress.run_id == key), None)

    def begin(self) -> None:
        """Begin to follow; how long workers are at their files is told anew each second."""
        self._watch_board()
        self._watch_files()
        self.screen.set_interval(_TICK, self._show_workers)

    def show_run(self) -> None:
        """Show the run under the cursor: its bar, and its files at once."""
        self.bar.show(self.standing)
        # Who watches the files only looks for changes.
        self._watch_files()

    @looking(group="watching-board")
    async def _watch_board(self) -> None:
        """Show the present, then every change, without end."""
        while True:
            try:
                async for board in self._batches.runs.board(self._account, MOST_RUNS):
                    await self._read_names(board)
                    self.board = board
                    self._show_board()
            except SmtuiError as error:
                self.screen.tell(error)
            await asyncio.sleep(_AGAIN)

    @looking(group="watching-files")
    async def _watch_files(self) -> None:
        """Show what became of the files of the run under the cursor, without end."""
        while True:
            try:
                await self._read_files()
            except SmtuiError as error:
                self.screen.tell(error)
                await asyncio.sleep(_AGAIN)
            await asyncio.sleep(_FILES_AGAIN)

    async def _read_names(self, board: Board) -> None:
        """Find out who asked, where that can be another."""
        unknown = {run.progress.user_id for run in board.runs} - self._names.keys() - {None}
        if unknown:
            self._names = {**self._names, **await self._accounts.names(unknown)}

    async def _read_files(self) -> None:
        standing = self.standing
        run = None if standing is None else standing.progress
        state = (None, 0, 0) if run is None else (run.run_id, run.failed, run.completed)
        if state == self._shown:
            return
        if run is None:
            self.failed = frozenset()
            self._show_files(state, [])
            return
        failed, heard = await self._files_of(run.run_id)
        if self.runs.key != run.run_id:
            return
        self.failed = frozenset(failure.file_id for failure, _ in failed)
        lines = [failure_line(failure, sample) for failure, sample in failed]
        self._show_files(state, lines + [heard_line(sample) for sample in heard])
        self.screen.post_message(self.FailuresSeen(run.run_id, run.failed))

    async def _files_of(
        self, run_id: RunId
    ) -> tuple[tuple[tuple[Failure, Sample | None], ...], tuple[Sample, ...]]:
        """What failed and what was heard; of a run that is looked at, each sound is read once."""
        seen, batches = self._seen, self._batches
        if seen.run_id != run_id:
            seen = _Seen(run_id=run_id)
        found = await batches.runs.failures(run_id, MOST_FAILURES)
        failed = await batches.runs.named(found, known=seen.failed)
        heard = await batches.runs.analysed(run_id, MOST_HEARD, known=seen.heard)
        self._seen = _Seen(
            run_id=run_id,
            failed={sample.file_id: sample for _, sample in failed if sample is not None},
            heard={sample.file_id: sample for sample in heard},
        )
        return failed, heard

    def _show_files(self, state: tuple[RunId | None, int, int], lines: list[Line]) -> None:
        self._shown = state
        _, failed, heard = state
        below = f"Why, below: analysed ({heard:,})" if failed and heard else "Why"
        title = f"Failed ({failed:,})" if failed or not heard else f"Analysed ({heard:,})"
        self.files.entitle(title, below)
        self.files.show(lines)

    def _show_board(self) -> None:
        """Show runs, the bar of the one under the cursor, and workers."""
        now = datetime.now(UTC)
        self.runs.show([run_line(run, self._by(run), now) for run in self.board.runs])
        self.bar.show(self.standing)
        self._show_workers()

    def _by(self, standing: Standing) -> str:
        user_id = standing.progress.user_id
        return "all" if user_id is None else self._names.get(user_id, "gone")

    def _show_workers(self) -> None:
        now, holding = datetime.now(UTC), self.board.holding
        numbered = list(enumerate(holding, start=1))
        lines = [worker_line(number, held, now) for number, held in numbered]
        elsewhere = self.board.elsewhere
        busy = f"{counted(elsewhere, 'worker')} busy with other people's runs" if elsewhere else ""
        self.crew.show(lines, nothing=f"{busy}." if busy else _NO_WORKER)
        parts = tuple(
            (str(number), holding_name(held), since(held, now)) for number, held in numbered
        )
        runs = [run.progress for run in self.board.runs if not run.progress.is_foreign]
        going = any(not run.status.ended for run in runs)
        idle = busy or ("nothing is being analysed" if going else "nothing runs")
        self.strip.show(parts, f"{len(parts)} at work" if parts else idle)
        count = len(self.board.runs)
        words = {0: "no runs", 1: "1 run"}.get(count, f"{count:,} runs")
        self.title.show(f"{words}  {len(parts)} at work" if parts else words)
