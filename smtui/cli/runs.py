"""What the commands of runs share: naming one by the beginning of its id, and following one.

Who follows a run sees a bar on a terminal, elsewhere a line now and then.
"""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

from smtui.cli.terminal import ProgressLine, err, out, progress_bar
from smtui.domain.batch import RunId, RunProgress
from smtui.domain.errors import InputInvalid, NotFound, ServerUnavailable
from smtui.domain.text import counted, shown

if TYPE_CHECKING:
    from smtui.cli.runtime import Opened
    from smtui.services.batches import Batches
    from smtui.services.pauses import Pauses

SHORT = 8
"""So many characters of an id are shown; any beginning of it that is one run's alone will do."""

ALL_RUNS = 100_000
_LONGEST_NAME = 40
_FAILURES_SHOWN = 50
_PLAIN_EVERY_SECONDS = 10.0
_HINT = "`smtui batches` shows them."


async def run_named(box: Opened, name: str) -> RunProgress:
    """Find the run whose id begins like this; raises NotFound, or InputInvalid for several."""
    wanted = name.strip().lower()
    given = shown(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…")
    if not wanted:
        raise InputInvalid("A run has no empty id", hint=_HINT)
    runs = await box.services.batches.runs.of(box.account, ALL_RUNS)
    found = [run for run in runs if run.run_id.lower().startswith(wanted)]
    exact = [run for run in found if run.run_id.lower() == wanted]
    if not found:
        raise NotFound(f"No run {given}", hint=_HINT)
    if len(found) > 1 and not exact:
        likes = ", ".join(run.run_id[: len(wanted) + 4] for run in found[:5])
        raise InputInvalid(f"{len(found)} runs begin with {given}: {likes}", hint="Write more.")
    return (exact or found)[0]


def short(run_id: RunId) -> str:
    """Return an id as lists show it."""
    return shown(run_id[:SHORT])


def report_waiting(batches: Batches) -> None:
    """Say what work waits for, if it does."""
    if batches.waiting:
        err(f"Waiting: {batches.waiting}")


async def follow(batches: Batches, run_id: RunId, pauses: Pauses, *, alone: bool) -> int:
    """Show how far a run is until it has ended, then what failed; return the exit status.

    Where this machine works `alone`, and its worker cannot be started also when it is asked for
    once more, nobody will do the work: raises ServerUnavailable.
    """
    line = _RunLine()
    waiting = ""
    try:
        async for progress in batches.watch(run_id):
            if batches.waiting and alone and await pauses.present() is None:
                await _insist(batches, run_id, line)
            if batches.waiting not in ("", waiting):
                line.leave()
                err(f"Waiting: {batches.waiting}")
            waiting = batches.waiting
            line.show_run(progress)
    except asyncio.CancelledError:
        line.leave()
        err(f"The run goes on in the background; `smtui cancel {short(run_id)}` stops it.")
        raise
    line.leave()
    out(_result(progress))
    if not progress.failed:
        return 0
    failures = await batches.runs.failures(run_id, _FAILURES_SHOWN)
    for failure, sample in await batches.runs.named(failures):
        err(f"{sample.filename if sample else failure.file_id}: {failure.error}")
    if progress.failed > len(failures):
        err(f"and {progress.failed - len(failures):,} more")
    return 1


async def _insist(batches: Batches, run_id: RunId, line: ProgressLine) -> None:
    """Ask for a worker once more; raises ServerUnavailable where there is none now either."""
    before = await batches.runs.progress(run_id)
    await batches.call_worker(run_id)
    if batches.waiting and await batches.runs.progress(run_id) == before:
        line.leave()
        hint = f"The run is saved; `smtui resume {short(run_id)}` goes on with it."
        raise ServerUnavailable(batches.waiting.rstrip("."), hint=hint)


class _RunLine(ProgressLine):
    """How far a run is, and how long it may take."""

    def __init__(self) -> None:
        # A late import: it goes with the services, which --help does not load.
        from smtui.services.board import Pace

        super().__init__(plain_seconds=_PLAIN_EVERY_SECONDS)
        self._pace = Pace()

    def show_run(self, progress: RunProgress) -> None:
        """Write the present."""
        words = _how_far(progress, self._pace.rate(progress.ended_files))
        if self.terminal:
            cells = max(10, min(40, shutil.get_terminal_size().columns - len(words) - 4))
            words = f"{progress_bar(progress.ended_files, progress.total, cells)} {words}"
        self.show(words)


def _how_far(progress: RunProgress, rate: float | None) -> str:
    parts = [f"{progress.ended_files:,} of {progress.total:,} analysed"]
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    if rate:
        seconds = round((progress.total - progress.ended_files) / rate)
        parts.append(f"{rate:.1f} a second, {_duration(seconds)} left")
    return ", ".join(parts)


def _result(progress: RunProgress) -> str:
    parts = [f"{counted(progress.completed, 'sound')} analysed"]
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    if progress.cancelled:
        parts.append(f"{progress.cancelled:,} cancelled")
    return ", ".join(parts) + "."


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"
