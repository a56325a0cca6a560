"""`smtui analyze`: have what was not yet heard listened to, in the background."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smtui.cli.running import Opened, err, opened, out, run
from smtui.domain.analysis import Level
from smtui.domain.batch import RunId, RunProgress
from smtui.domain.errors import NotFound
from smtui.domain.text import printable_path

if TYPE_CHECKING:
    from smtui.domain.sample import FileId
    from smtui.services.batches import Batches
    from smtui.services.pace import Pace

_FAILURES_TOLD = 50
_PLAIN_EVERY_SECONDS = 5.0


@click.command("analyze")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option(
    "--level",
    type=click.Choice([Level.BASIC.value, Level.ADVANCED.value]),
    help="How much to listen for; the setting work.level otherwise.",
)
@click.option("--wait", is_flag=True, help="Stay until all is heard, showing how far it is.")
@click.option("--retry", is_flag=True, help="Listen again to what failed before.")
def analyze_command(*, paths: tuple[Path, ...], level: str | None, wait: bool, retry: bool) -> None:
    """Queue what was not yet heard: all sounds, or these files, or what is below these folders.

    The work goes on in the background, also after this command has ended.
    """

    async def work() -> int:
        async with opened() as box:
            wanted = Level(level) if level else box.settings.work.level
            ids = await _wanted(box, paths, wanted, retry=retry)
            if not ids:
                out("Everything was heard already.")
                return 0
            batches, user_id = box.services.batches, box.account.user_id
            run_id = await batches.start(ids, wanted, user_id=user_id)
            if not wait:
                out(f"{_sounds(len(ids))} queued; they are listened to in the background.")
                return 0
            return await follow(batches, run_id)

    run(work)


async def follow(batches: Batches, run_id: RunId) -> int:
    """Show how far a run is until it has ended, then what failed; give the exit status."""
    # A late import: it goes with the services, which --help does not load.
    from smtui.services.pace import Pace

    line = _Line(Pace())
    try:
        async for progress in batches.watch(run_id):
            line.show(progress)
    except asyncio.CancelledError:
        line.leave()
        err("The run goes on in the background.")
        raise
    line.leave()
    out(_result(progress))
    if not progress.failed:
        return 0
    failures = await batches.failures(run_id, _FAILURES_TOLD)
    for failure, sample in await batches.named(failures):
        err(f"{sample.filename if sample else failure.file_id}: {failure.error}")
    if progress.failed > len(failures):
        err(f"and {progress.failed - len(failures):,} more")
    return 1


async def _wanted(
    box: Opened, paths: Sequence[Path], level: Level, *, retry: bool
) -> tuple[FileId, ...]:
    """The sounds to listen to: named files always, folders as far as they were not heard."""
    batches, user_id = box.services.batches, box.account.user_id
    if not paths:
        return await batches.unheard(user_id, level, retry=retry)
    ids: list[FileId] = []
    for given in paths:
        # As a scan writes it: `..` taken out, links left as they are.
        path = Path(os.path.abspath(given))  # noqa: PTH100
        if path.is_dir():
            below = printable_path(bytes(path))
            ids += await batches.unheard(user_id, level, below=below, retry=retry)
            continue
        (file_id,) = await batches.known([path], user_id=user_id)
        if file_id is None:
            raise NotFound(
                f"{printable_path(bytes(path))} is not in the library",
                hint="`smtui scan FOLDER` takes its folder in",
            )
        ids.append(file_id)
    return tuple(dict.fromkeys(ids))


class _Line:
    """How far a run is: one line that is rewritten on a terminal, a new one now and then else."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._terminal = sys.stderr.isatty()
        self._written_at = -_PLAIN_EVERY_SECONDS

    def show(self, progress: RunProgress) -> None:
        """Write the present."""
        told = _told(progress, self._pace.rate(progress.ended_files))
        if self._terminal:
            width = shutil.get_terminal_size().columns
            cells = max(10, min(40, width - len(told) - 4))
            full = cells * progress.ended_files // max(1, progress.total)
            bar = f"[{'#' * full}{'-' * (cells - full)}] {told}"
            sys.stderr.write(f"\r{bar[: width - 1]}\x1b[K")
            sys.stderr.flush()
        elif time.monotonic() - self._written_at >= _PLAIN_EVERY_SECONDS:
            self._written_at = time.monotonic()
            err(told)

    def leave(self) -> None:
        """Free the line for what comes next."""
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _told(progress: RunProgress, rate: float | None) -> str:
    parts = [f"{progress.ended_files:,} of {progress.total:,} heard"]
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    if rate:
        seconds = round((progress.total - progress.ended_files) / rate)
        parts.append(f"{rate:.1f} a second, {_duration(seconds)} left")
    return ", ".join(parts)


def _result(progress: RunProgress) -> str:
    parts = [f"{_sounds(progress.completed)} heard"]
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    if progress.cancelled:
        parts.append(f"{progress.cancelled:,} cancelled")
    return ", ".join(parts) + "."


def _sounds(count: int) -> str:
    return f"{count:,} sound{'' if count == 1 else 's'}"


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"
