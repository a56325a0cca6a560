"""`smtui index`: how the index of similar sounds stands, making it anew, and how good it is."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import click

from smtui.cli.runtime import Opened, opened, run
from smtui.cli.tables import print_table
from smtui.cli.terminal import ProgressLine, err, out
from smtui.domain.errors import IndexUnusable, NoRoom, ServerUnavailable
from smtui.domain.likeness import ASPECTS
from smtui.domain.text import counted

if TYPE_CHECKING:
    from smtui.services.index_upkeep import Standing
    from smtui.services.retrieval_check import Tally

_LINE_EVERY_SECONDS = 5.0
_COLUMNS = ("all", *ASPECTS)


@click.group("index")
def index_command() -> None:
    """The index of similar sounds, which is filled by itself while sounds are analysed.

    Analyses are kept in the library; the index can be made again from them at any time.
    """


@index_command.command("status")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(*, as_json: bool) -> None:
    """Say how many sounds are in the index. Exit status 1 where it cannot be used."""

    async def work() -> int:
        async with opened() as box:
            standing = await box.services.indexing.standing()
        if as_json:
            sys.stdout.write(f"{json.dumps(_fields(standing))}\n")
        else:
            out(_sentence(standing))
        return 1 if standing.index.trouble else 0

    run(work)


@index_command.command("rebuild")
def rebuild() -> None:
    """Make the index again from the analyses; searches go on meanwhile with what is in.

    Where its files are damaged, so that it cannot even be cleared, they are made again, too; what
    descriptions mean is then learnt again beside your work.
    """
    # Late imports: --help needs none of it.
    from smtui import wiring
    from smtui.paths import places

    async def work() -> None:
        async with opened(writes=True) as box:
            began = time.monotonic()
            try:
                done = await _rebuild(box)
            except NoRoom:
                raise
            except (ServerUnavailable, IndexUnusable):
                if not await wiring.empty_private_index(places(), box.settings):
                    raise
                err("The index cannot be cleared as it is; its files are made again.")
                done = await _rebuild(box)
        seconds = time.monotonic() - began
        sounds = counted(done, "sound is", "sounds are")
        out(f"{sounds} in the index, after {seconds:.0f} s.")

    run(work)


async def _rebuild(box: Opened) -> int:
    """Rebuild the index; return how many sounds are in."""
    line, done = _progress_line(), 0
    of = await box.services.indexing.count_embedded()
    async for done in box.services.indexing.rebuild(by=box.account):
        line.show(f"{done:,} of {of:,} sounds")
    line.leave()
    return done


@index_command.command("check")
@click.option("--sample", type=click.IntRange(1), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def check(*, sample: int, as_json: bool) -> None:
    """Say how far likeness can be trusted on the sounds of this library.

    Of a SAMPLE of sounds each is encoded again with loss, and cut in half; how often is the sound
    itself, or a copy of it, the nearest of up to 5,000 to what was made? And how often is the
    nearest other sound of the same kind? For the whole and for each aspect alone. What is made is
    analysed here and now and thrown away.
    """

    async def work() -> None:
        # Late imports: --help loads no numpy.
        from smtui.services.retrieval_check import Tally
        from smtui.similarity.probes import RecipeProber

        tally = Tally()
        async with opened() as box:
            line = _progress_line()
            asking = box.services.retrieval_check.tallies(
                RecipeProber(), sample=sample, viewer=box.account.user_id
            )
            async for tally in asking:
                line.show(f"{tally.sounds:,} of {min(sample, tally.compared):,} sounds")
            line.leave()
        if as_json:
            sys.stdout.write(f"{json.dumps(_shares(tally))}\n")
        else:
            _print(tally)

    run(work)


def _progress_line() -> ProgressLine:
    return ProgressLine(plain_seconds=_LINE_EVERY_SECONDS, first_seconds=_LINE_EVERY_SECONDS)


def _shares(tally: Tally) -> dict[str, object]:
    shares = {
        question: {"asked": asked} | {one: round(tally.share(question, one), 4) for one in _COLUMNS}
        for question, asked in tally.asked.items()
    }
    return {"compared": tally.compared, "nearest": shares}


def _print(tally: Tally) -> None:
    if not tally.asked:
        out("Nothing to look for yet: no sound was analysed, or their files are away.")
        return
    out(f"Nearest of {counted(tally.compared, 'sound')}, in percent of the times asked:")
    rows: list[tuple[str, ...]] = [("", "asked", *_COLUMNS)]
    for question, asked in tally.asked.items():
        cells = (f"{100 * tally.share(question, one):.0f}" for one in _COLUMNS)
        rows.append((question, str(asked), *cells))
    print_table(rows)


def _fields(standing: Standing) -> dict[str, object]:
    return {
        "heard": standing.heard,
        "indexed": standing.index.sounds,
        "recipe_version": standing.index.recipe_version,
        "trouble": standing.index.trouble,
        "mend": standing.index.hint,
    }


def _sentence(standing: Standing) -> str:
    if standing.index.trouble:
        return f"{standing.index.trouble}. {standing.index.hint}"
    if standing.index.sounds == standing.heard <= 1:
        one = "The only analysed sound is in the index."
        return one if standing.heard else "No sound has been analysed yet, so the index is empty."
    if standing.index.sounds == standing.heard:
        return f"All {standing.heard:,} analysed sounds are in the index."
    return (
        f"{standing.index.sounds:,} sounds are in the index, {standing.heard:,} were analysed."
        " A worker makes up for it by itself, `smtui index rebuild` now."
    )
