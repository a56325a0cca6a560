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
from smtui.domain.question import Question, Within
from smtui.domain.text import printable_path

if TYPE_CHECKING:
    from smtui.domain.sample import FileId
    from smtui.services.batches import Batches
    from smtui.services.pace import Pace

_FAILURES_TOLD = 50
_PLAIN_EVERY_SECONDS = 5.0


@click.command("analyze")
@click.argument(
    "paths", nargs=-1, type=click.Path(path_type=Path, readable=False), metavar="[PATH]..."
)
@click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    help="How much to listen for; the setting work.level otherwise.",
)
@click.option("--wait", is_flag=True, help="Stay until all is heard, showing how far it is.")
@click.option("--retry", is_flag=True, help="Listen again to what failed before.")
def analyze_command(*, paths: tuple[Path, ...], level: str | None, wait: bool, retry: bool) -> None:
    """Queue what was not yet heard: all sounds, or these files, or what is below these folders.

    The work goes on in the background, also after this command has ended.
    """

    async def work() -> int:
        async with opened(writes=True) as box:
            wanted = Level(level) if level else box.settings.work.level
            ids, unknown = await _wanted(box, paths, wanted, retry=retry)
            for path in unknown:
                err(f"{path} is not in the library; `smtui scan` takes it in")
            batches = box.services.batches
            # What has just begun may have ended before one looks.
            begun = [await batches.start(ids, wanted, by=box.account)] if ids else []
            before = await batches.going(box.account.user_id)
            going = list(dict.fromkeys([*before, *begun]))
            if not going:
                out("There is nothing new to listen to.")
            elif wait:
                failed = [await follow(batches, run_id) for run_id in going]
                return any(failed) or bool(unknown)
            elif ids:
                out(f"{_sounds(len(ids))} to be listened to in the background.")
                if batches.waiting:
                    err(f"Waiting: {batches.waiting}")
            else:
                out("There is nothing new to listen to; what was asked for before goes on.")
            return bool(unknown)

    run(work)


async def follow(batches: Batches, run_id: RunId) -> int:
    """Show how far a run is until it has ended, then what failed; give the exit status."""
    # A late import: it goes with the services, which --help does not load.
    from smtui.services.pace import Pace

    line = _Line(Pace())
    waiting = ""
    try:
        async for progress in batches.watch(run_id):
            if batches.waiting not in ("", waiting):
                line.leave()
                err(f"Waiting: {batches.waiting}")
            waiting = batches.waiting
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
) -> tuple[tuple[FileId, ...], tuple[str, ...]]:
    """The sounds to listen to, and the paths that the library does not know.

    Named files are listened to always, what is below a folder only if it was not yet heard.
    """
    batches, account = box.services.batches, box.account
    if not paths:
        return await batches.unheard(account, level, retry=retry), ()
    folders, files = _told_apart(paths)
    kept = box.services.paths.kept
    known = await batches.known([kept(path) for path in files], viewer=account.user_id)
    unknown: list[Path] = []
    for path, file_id in zip(files, known, strict=True):
        if file_id is None:
            # A folder of the library need not be on this machine.
            (folders if await _has_sounds(box, kept(path)) else unknown).append(path)
    ids = [file_id for file_id in known if file_id is not None]
    for folder in folders:
        below = printable_path(bytes(kept(folder)))
        ids += await batches.unheard(account, level, below=below, retry=retry)
    return tuple(dict.fromkeys(ids)), tuple(printable_path(bytes(path)) for path in unknown)


async def _has_sounds(box: Opened, folder: Path) -> bool:
    within = Within(printable_path(bytes(folder)))
    question = Question(expression=within, viewer=box.account.user_id)
    return await box.services.library.count(question) > 0


def _told_apart(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Folders and files, written as a scan does: `..` taken out, links left as they are."""
    places = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100
    folders = [path for path in places if path.is_dir()]
    return folders, [path for path in places if path not in folders]


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
