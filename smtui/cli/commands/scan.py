"""`smtui scan`: take the sounds in folders into the library, then have them listened to."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import click

from smtui.cli.runs import report_waiting
from smtui.cli.runtime import Opened, opened, run
from smtui.cli.terminal import ProgressLine, err, out, progress_bar
from smtui.domain.scan import ScanProgress
from smtui.domain.text import counted, printable_path, shown

_SHOWN = 50
_CELLS = 30
_UNFINISHED = "unfinished downloads and temporary files"


@click.command("scan")
@click.argument(
    "folders", nargs=-1, type=click.Path(path_type=Path, readable=False), metavar="[FOLDER]..."
)
@click.option(
    "--analyze/--no-analyze",
    default=None,
    help="Analyse new sounds in the background; the setting work.start otherwise.",
)
@click.option(
    "--shared/--own",
    default=None,
    help="Whose the sounds are: everybody's, or one's own; the setting work.scan_as otherwise.",
)
def scan_command(*, folders: tuple[Path, ...], analyze: bool | None, shared: bool | None) -> None:
    """Take the sounds in and below FOLDERs into the library; single files too.

    Without a FOLDER the remembered ones are scanned again. Unchanged files are skipped, moved
    ones keep their place in the library, and what has vanished is marked, never deleted.

    Sounds are known by their content, whatever their names. Left out are hidden folders (.git,
    .Trash-1000), ._* files, __MACOSX, $RECYCLE.BIN, and what the patterns in a file named
    .smtuiignore say, written as in .gitignore; !pattern takes something back in.

    Exit status 1 if a FOLDER could not be read at all. Ctrl-C stops and keeps what was found.
    """
    begun = asyncio.Event()

    async def work() -> int:
        async with opened() as box:
            begun.set()
            for_all = box.settings.work.scan_as == "shared" if shared is None else shared
            report = await _scan(box, folders, shared=for_all)
            for line in _report(report):
                out(line)
            refused = _report_unreadable(report, folders)
            if box.settings.work.start if analyze is None else analyze:
                await _queue_new(box, is_news=bool(report.added + report.changed))
            return 1 if refused or _named_no_sound(report, folders) else 0

    async def work_or_say_stopped() -> int:
        try:
            return await work()
        except asyncio.CancelledError:
            if not begun.is_set():
                err("Stopped before anything was scanned.")
            raise

    run(work_or_say_stopped)


def _named_no_sound(progress: ScanProgress, named: Sequence[Path]) -> bool:
    """True if files were named and none of them is a sound."""
    met = progress.seen or progress.missing
    return not met and any(path.is_file() for path in named)


async def _scan(box: Opened, folders: Sequence[Path], *, shared: bool) -> ScanProgress:
    """Scan, showing how far it is; return the report."""
    line = ProgressLine()
    progress = ScanProgress()
    scanning = box.services.scans.scan(folders, by=box.account, shared=shared)
    try:
        async with aclosing(scanning) as steps:
            async for progress in steps:
                line.show(_how_far(progress))
    except asyncio.CancelledError:
        line.leave()
        err(f"Stopped: {_counts(progress)} so far, and kept. Scan again to go on.")
        raise
    line.leave()
    return progress


async def _queue_new(box: Opened, *, is_news: bool) -> None:
    """Queue what was not yet heard; without news, what is queued already is not queued again."""
    batches = box.services.batches
    if not is_news:
        async for now in batches.overview(box.account.user_id):
            if now.busy:
                left = counted(now.total - now.ended, "sound")
                out(f"{left} still being analysed in the background.")
                return
            break
    run_id = await batches.start_unheard(box.account, box.settings.work.level)
    started = None if run_id is None else await batches.runs.progress(run_id)
    if started is not None:
        out(f"{counted(started.total, 'sound')} to be analysed in the background.")
        report_waiting(batches)


def _how_far(progress: ScanProgress) -> str:
    if progress.counted:
        bar = progress_bar(progress.handled, progress.seen, _CELLS)
        sounds = counted(progress.seen, "sound")
        words = f"{bar} {progress.handled:,} of {sounds}, {_counts(progress)}"
    else:
        words = f"{progress.handled:,} of {progress.seen:,} found so far"
    return f"{words}  {shown(progress.current)}"


def _counts(progress: ScanProgress) -> str:
    counts = [
        (progress.added, "added"),
        (progress.moved, "moved"),
        (progress.changed, "changed"),
        (progress.unchanged, "unchanged"),
        (progress.missing, "missing"),
    ]
    return ", ".join(f"{count:,} {word}" for count, word in counts if count) or "nothing added"


def _report(progress: ScanProgress) -> list[str]:
    """Say what became of everything that was met."""
    if not progress.seen and not progress.missing:
        lines = ["No sounds here."] if not progress.unreadable_count else []
    else:
        lines = [f"{counted(progress.seen, 'sound')}: {_counts(progress)}."]
    if progress.returned:
        lines.append(f"{counted(progress.returned, 'sound')} came back.")
    if progress.vanished and progress.vanished < progress.missing:
        lines.append(f"{progress.vanished:,} of the missing ones went since the last scan.")
    if progress.ignored:
        entries = counted(progress.ignored, "entry", "entries")
        by_rule = progress.ignored - progress.not_sounds
        lines.append(f"{entries} left out: {progress.not_sounds:,} no sound, {by_rule:,} by rule.")
    if progress.unfinished:
        files = counted(progress.unfinished, "unfinished download or temporary file", _UNFINISHED)
        lines.append(f"{files} left out.")
    return lines


def _report_unreadable(progress: ScanProgress, folders: Sequence[Path]) -> bool:
    """Say what could not be read and why; True where a folder that was named is among it."""
    given = {printable_path(os.fsencode(os.path.abspath(folder))) for folder in folders}  # noqa: PTH100
    if progress.unreadable_count:
        err(f"{progress.unreadable_count:,} could not be read:")
    for each in progress.unreadable[:_SHOWN]:
        err(f"  {shown(each.file_path)}: {shown(each.error)}")
    if progress.unreadable_count > _SHOWN:
        err(f"  and {progress.unreadable_count - _SHOWN:,} more")
    return any(each.file_path in given for each in progress.unreadable)
