"""`smtui analyze`: have what has no analysis yet analysed, in the background."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smtui.cli.filter_words import WordsCommand, read_filter
from smtui.cli.runs import follow, report_waiting
from smtui.cli.runtime import Opened, opened, run
from smtui.cli.terminal import err, out
from smtui.domain.analysis import Level
from smtui.domain.errors import InputInvalid
from smtui.domain.question import Everything, Expression, Question, Within
from smtui.domain.text import counted, printable_path

if TYPE_CHECKING:
    from smtui.domain.batch import RunId
    from smtui.domain.sample import FileId


@click.command("analyze", cls=WordsCommand)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[QUERY|PATH]...")
@click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    help="How much to analyse; the setting work.level otherwise.",
)
@click.option("--wait", is_flag=True, help="Wait until all is analysed, showing progress.")
@click.option("--retry", is_flag=True, help="Analyse again what failed before.")
@click.option(
    "--older", is_flag=True, help="Analyse again what an older smtui analysed differently."
)
def analyze_command(
    *, words: tuple[str, ...], level: str | None, wait: bool, retry: bool, older: bool
) -> None:
    """Queue what has no analysis yet: all sounds, what QUERY finds, or what is at and below PATHs.

    QUERY is written as for `smtui list`. What is there under its name, or has a slash and no
    colon, is a PATH; single files are always analysed. The work goes on in the background,
    also after this command has ended. Exit status with --wait: 1 if sounds failed.
    """

    async def work() -> int:
        # Whatever is wrong with the words is told before anything is opened.
        wish = _wish(words, retry=retry, older=older)
        async with opened(writes=True) as box:
            wanted = Level(level) if level else box.settings.work.level
            return await _analyze(box, wish, wanted, wait=wait)

    run(work)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What a person named: a filter, or places; and which of it is worth analysing."""

    paths: tuple[Path, ...] = ()
    query: Expression = field(default_factory=Everything)
    retry: bool
    older: bool

    @property
    def everything(self) -> bool:
        return not self.paths and isinstance(self.query, Everything)


def _wish(words: Sequence[str], *, retry: bool, older: bool) -> _Wish:
    """Tell paths from a filter; raises InputInvalid for both, QueryInvalid for a mistake."""
    paths = [Path(word) for word in words if _is_path(word)]
    if paths and len(paths) < len(words):
        raise InputInvalid(
            "Name places or a filter, not both", hint="`in:FOLDER` is a filter for a place."
        )
    query = Everything() if paths else read_filter(" ".join(words))
    return _Wish(paths=tuple(paths), query=query, retry=retry, older=older)


def _is_path(word: str) -> bool:
    return ("/" in word and ":" not in word) or (bool(word) and os.path.lexists(word))


async def _analyze(box: Opened, wish: _Wish, level: Level, *, wait: bool) -> int:
    ids, unknown = await _wanted(box, wish, level)
    for path in unknown:
        err(f"{path} is not in the library; `smtui scan` takes it in")
    batches = box.services.batches
    begun = [await _begin(box, ids, level, newest=wish.older)] if ids else []
    # What has just begun may have ended before one looks.
    before = await batches.going(box.account.user_id)
    going = list(dict.fromkeys([*before, *begun]))
    if not going:
        nothing = "Nothing was analysed by an older smtui." if wish.older else _NOTHING_NEW
        out(nothing)
    elif wait:
        # A late import: --help knows no set-up.
        from smtui.wiring import guarded

        alone = guarded(box.settings)
        failed = [
            await follow(batches, run_id, box.services.pauses, alone=alone) for run_id in going
        ]
        return any(failed) or bool(unknown)
    elif ids:
        out(f"{counted(len(ids), 'sound')} to be analysed in the background.")
        report_waiting(batches)
    else:
        await batches.call_worker(going[0])
        out("Nothing new to analyse; the current run continues.")
        report_waiting(batches)
    return bool(unknown)


_NOTHING_NEW = "Nothing new to analyse."


async def _begin(box: Opened, ids: Sequence[FileId], level: Level, *, newest: bool) -> RunId:
    """Start the run, whole also when interrupted in between: half of it would go on unseen.

    `newest` keeps workers of an older recipe away from it.
    """
    # Late imports: they go with the services, which --help does not load.
    from smtui.audio.recipe_version import RECIPE_VERSION
    from smtui.services.prefetch import finish

    try:
        recipe = RECIPE_VERSION if newest else None
        start = box.services.batches.start(ids, level, by=box.account, recipe_version=recipe)
        return await finish(start)
    except asyncio.CancelledError:
        err("The run is begun and goes on in the background; `smtui batches` shows it.")
        raise


async def _wanted(
    box: Opened, wish: _Wish, level: Level
) -> tuple[tuple[FileId, ...], tuple[str, ...]]:
    """Return the sounds to analyse, and the paths that the library does not know.

    Named files are analysed always, what is below a folder only if it has no analysis yet.
    """
    if not wish.paths:
        return await _ids_of(box, wish, level, None), ()
    batches, account = box.services.batches, box.account
    folders, files = _folders_and_files(wish.paths)
    documents_path = box.services.paths.documents_path
    known = await batches.known([documents_path(path) for path in files], viewer=account.user_id)
    unknown: list[Path] = []
    for path, file_id in zip(files, known, strict=True):
        if file_id is None:
            # A folder of the library need not be on this machine.
            (folders if await _has_sounds(box, documents_path(path)) else unknown).append(path)
    ids = [file_id for file_id in known if file_id is not None]
    for folder in folders:
        ids += await _ids_of(box, wish, level, printable_path(bytes(documents_path(folder))))
    return tuple(dict.fromkeys(ids)), tuple(printable_path(bytes(path)) for path in unknown)


async def _ids_of(box: Opened, wish: _Wish, level: Level, below: str | None) -> tuple[FileId, ...]:
    """What is worth analysing of a folder, of what a filter finds, or of all."""
    services, account = box.services, box.account
    if not wish.older and (below is not None or wish.everything):
        return await services.batches.unheard(account, level, below=below, retry=wish.retry)
    # Late imports: they go with the services, which --help does not load.
    from smtui.audio.recipe_version import RECIPE_VERSION
    from smtui.services.runs import Wanted

    older_than = RECIPE_VERSION if wish.older else 0
    wanted = Wanted(level=level, retry=wish.retry, older_than=older_than)
    meant = services.paths.in_documents(wish.query) if below is None else Within(below)
    question = Question(expression=meant, viewer=account.user_id)
    return await services.batches.runs.wanted(services.library.each(question), wanted, by=account)


async def _has_sounds(box: Opened, folder: Path) -> bool:
    within = Within(printable_path(bytes(folder)))
    question = Question(expression=within, viewer=box.account.user_id)
    return await box.services.library.count(question) > 0


def _folders_and_files(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Folders and files, written as a scan does: `..` taken out, links left as they are."""
    places = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100
    folders = [path for path in places if path.is_dir()]
    return folders, [path for path in places if path not in folders]
