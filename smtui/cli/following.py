"""Showing how far a run is until it has ended: a bar on a terminal, a line now and then else."""

from __future__ import annotations

import asyncio
import shutil
import time
from typing import TYPE_CHECKING

from smtui.cli.rewritten import RewrittenLine
from smtui.cli.running import err, out
from smtui.cli.runs import short
from smtui.domain.batch import RunId, RunProgress
from smtui.domain.errors import ServerUnavailable
from smtui.domain.text import counted

if TYPE_CHECKING:
    from smtui.services.batches import Batches
    from smtui.services.board import Pace
    from smtui.services.pauses import Pauses

_FAILURES_TOLD = 50
_PLAIN_EVERY_SECONDS = 10.0


async def follow(batches: Batches, run_id: RunId, pauses: Pauses, *, alone: bool) -> int:
    """Show how far a run is until it has ended, then what failed; give the exit status.

    Where this machine works `alone`, and its worker cannot be started also when it is asked for
    once more, nobody will do the work: raises ServerUnavailable.
    """
    # A late import: it goes with the services, which --help does not load.
    from smtui.services.board import Pace

    line = _Line(Pace())
    waiting = ""
    try:
        async for progress in batches.watch(run_id):
            if batches.waiting and alone and await pauses.present() is None:
                await _insist(batches, run_id, line)
            if batches.waiting not in ("", waiting):
                line.leave()
                err(f"Waiting: {batches.waiting}")
            waiting = batches.waiting
            line.show(progress)
    except asyncio.CancelledError:
        line.leave()
        err(f"The run goes on in the background; `smtui cancel {short(run_id)}` stops it.")
        raise
    line.leave()
    out(_result(progress))
    if not progress.failed:
        return 0
    failures = await batches.runs.failures(run_id, _FAILURES_TOLD)
    for failure, sample in await batches.runs.named(failures):
        err(f"{sample.filename if sample else failure.file_id}: {failure.error}")
    if progress.failed > len(failures):
        err(f"and {progress.failed - len(failures):,} more")
    return 1


async def _insist(batches: Batches, run_id: RunId, line: _Line) -> None:
    """Ask for a worker once more; raises ServerUnavailable where there is none now either."""
    before = await batches.runs.progress(run_id)
    await batches.call_worker(run_id)
    if batches.waiting and await batches.runs.progress(run_id) == before:
        line.leave()
        hint = f"The run is saved; `smtui resume {short(run_id)}` goes on with it."
        raise ServerUnavailable(batches.waiting.rstrip("."), hint=hint)


class _Line:
    """How far a run is: one line that is rewritten on a terminal, a new one now and then else."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._line = RewrittenLine()
        self._written_at = -_PLAIN_EVERY_SECONDS

    def show(self, progress: RunProgress) -> None:
        """Write the present."""
        told = _told(progress, self._pace.rate(progress.ended_files))
        if self._line.terminal:
            width = shutil.get_terminal_size().columns
            cells = max(10, min(40, width - len(told) - 4))
            full = cells * progress.ended_files // max(1, progress.total)
            bar = f"[{'#' * full}{'-' * (cells - full)}] {told}"
            self._line.show(bar[: width - 1])
        elif time.monotonic() - self._written_at >= _PLAIN_EVERY_SECONDS:
            self._written_at = time.monotonic()
            err(told)

    def leave(self) -> None:
        """Free the line for what comes next."""
        self._line.leave()


def _told(progress: RunProgress, rate: float | None) -> str:
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
