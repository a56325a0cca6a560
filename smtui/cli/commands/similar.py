"""`smtui similar`: find what sounds like a sound of the library, or like any file."""

from __future__ import annotations

import json
import sys

import click

from smtui.cli.filter_words import WordsCommand, read_filter
from smtui.cli.runtime import Opened, opened, run
from smtui.cli.search_words import PATIENCE, Beside, read_early, search_of, weights_of
from smtui.cli.terminal import err, out
from smtui.domain.fields import hit_fields
from smtui.domain.likeness import ASPECTS, Hit
from smtui.domain.search import Answer, Search


@click.command("similar", cls=WordsCommand)
@click.argument(
    "words", metavar="FILE|ID|NAME|SEARCH...", nargs=-1, required=True, type=click.UNPROCESSED
)
@click.option("--like", "more", multiple=True, metavar="SOUND", help="Also like this; repeatable.")
@click.option("--unlike", "less", multiple=True, metavar="SOUND", help="Less like this.")
@click.option(
    "--weights",
    default="",
    metavar="ASPECT=N,...",
    help=f"How much {', '.join(ASPECTS)} count, 0 to 5; 2 is as usual. Overrides a search.",
)
@click.option("--filter", "text", default="", metavar="QUERY", help="Only what this finds, too.")
@click.option(
    "--per-folder", type=click.IntRange(1), help="At most N of one folder; overrides pack<=."
)
@click.option("--apart", is_flag=True, help="Show only one of sounds that are the same to the ear.")
@click.option("--fits", is_flag=True, help="What leaves room for it, not what is like it.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per hit and line.")
def similar_command(  # noqa: PLR0913 - one for each option
    *,
    words: tuple[str, ...],
    more: tuple[str, ...],
    less: tuple[str, ...],
    weights: str,
    text: str,
    per_folder: int | None,
    apart: bool,
    fits: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Find what sounds like a sound of the library, or like a FILE from anywhere.

    A sound of the library is named by its path, its id, or its file's name with or without the
    extension. A file that is not in the library is analysed first.

    SEARCH is a whole search as the screen copies it: smtui similar 'like bd_126 timbre=3
    -dusty_hat bpm:~126 pack<=2'. It begins with like, fits (what leaves room for it) or words (a
    description, as smtui find). A file or a sound that is called so wins. Several arguments are a
    search too, each a word of it: smtui similar bd_126 timbre=3 -dusty_hat; < and | are quoted
    for the shell. Of the options --like, --unlike, --filter and --apart add to a search, the
    others override it.

    With --fits, what stands well beside it: in other bands or other moments, at the same, half or
    double tempo, in a key that goes with its own.

    Prints score and aspects (timbre, rhythm, tonality, envelope) in percent, - for what neither
    sound has, then the path and why it was found. --json gives path, score, aspects (-1 to 1, null
    where it was not found by likeness) and why with everything that the newest analysis says.
    """

    async def work() -> None:
        # Whatever is wrong with the words is told before anything is opened, where it can be.
        read_filter(text)
        beside = Beside(
            more=more,
            less=less,
            weights=weights_of(weights),
            filter=text,
            per_folder=per_folder,
            apart=apart,
            fits=fits,
        )
        read = read_early(words)
        async with opened() as box:
            search = await search_of(box, words[0], read, beside)
            answer = await box.services.search.find(
                search, viewer=box.account.user_id, limit=limit, patience=PATIENCE
            )
            await _print(box, search, answer, as_json=as_json)

    run(work)


async def _print(box: Opened, search: Search, answer: Answer, *, as_json: bool) -> None:
    ids = [hit.file_id for hit in answer.hits]
    samples = {one.file_id: one for one in await box.services.library.samples(ids)}
    reasons = await box.services.reasons.of(search, answer.hits)
    heard = await box.services.analyses.of_many(ids) if as_json else {}
    for hit in answer.hits:
        sample = samples.get(hit.file_id)
        if sample is None:
            continue
        why = reasons.get(hit.file_id, "")
        if as_json:
            fields = hit_fields(hit, sample, why=why, analysis=heard.get(hit.file_id))
            sys.stdout.write(f"{json.dumps(fields)}\n")
        else:
            out(_line(hit, box.services.paths.printed(sample.path), why))
    for remark in answer.remarks:
        err(remark)


def _line(hit: Hit, path: str, why: str) -> str:
    aspects = hit.likeness.telling if hit.likeness else ()
    numbers = ["   -" if one is None else f"{round(100 * one):4}" for one in (hit.score, *aspects)]
    return f"{' '.join(numbers)}  {path}{f': {why}' if why else ''}"
