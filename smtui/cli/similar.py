"""`smtui similar`: find what sounds like a sound of the library, or like any file."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smtui.cli.fields import sample_fields
from smtui.cli.filtering import parsed
from smtui.cli.running import Opened, err, opened, out, run
from smtui.domain.errors import InputInvalid, NotFound
from smtui.domain.likeness import ASPECTS, Hit, Weights
from smtui.domain.search import Answer, Search, Seed

if TYPE_CHECKING:
    from smtui.domain.sample import Sample
    from smtui.services.similarity import Similarity


@click.command("similar")
@click.argument("sound", metavar="FILE|ID|NAME")
@click.option("--like", "more", multiple=True, metavar="SOUND", help="Also like this; repeatable.")
@click.option("--unlike", "less", multiple=True, metavar="SOUND", help="Less like this.")
@click.option(
    "--weights",
    default="",
    metavar="ASPECT=N,...",
    help=f"How much {', '.join(ASPECTS)} count, 0 to 5; 2 is as usual.",
)
@click.option("--filter", "text", default="", metavar="QUERY", help="Only what this finds.")
@click.option("--per-folder", type=click.IntRange(1), help="At most so many of one folder.")
@click.option("--apart", is_flag=True, help="Of sounds that are the same to the ear only one.")
@click.option("--fits", is_flag=True, help="What leaves room for it, not what is like it.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per hit and line.")
def similar_command(  # noqa: PLR0913 - one for each option
    *,
    sound: str,
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
    extension. A file that is not in the library is listened to first.

    With --fits, what stands well beside it: in other bands or other moments, at the same, half or
    double tempo, in a key that goes with its own; each with the reason.

    Prints score and aspects (timbre, rhythm, tonality, envelope) in percent, then the path. --json
    gives path, score and aspects (-1 to 1) with everything that the newest analysis says.
    """

    async def work() -> None:
        # Whatever is wrong with the words is told before anything is opened.
        weighed = weights_of(weights)
        parsed(text)
        async with opened() as box:
            search = Search(
                more=tuple([await _seed(box, one) for one in (sound, *more)]),
                less=tuple([await _seed(box, one) for one in less]),
                weights=weighed,
                filter=text,
                per_folder=per_folder,
                apart=apart,
            )
            similarity: Similarity = box.services.similarity
            viewer = box.account.user_id
            finds = box.services.fits.fits if fits else similarity.like
            answer = await finds(search, viewer=viewer, limit=limit)
            await _print(box, answer, as_json=as_json)

    run(work)


def weights_of(text: str) -> Weights:
    """Read `timbre=3,tonality=0`; raises InputInvalid."""
    given: dict[str, float] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _, value = part.partition("=")
        try:
            given[name.strip().casefold()] = float(value)
        except ValueError as error:
            raise InputInvalid(f"{part} is no weight", hint="Write timbre=3,tonality=0.") from error
    if unknown := sorted(given.keys() - set(ASPECTS)):
        raise InputInvalid(
            f"There is no aspect called {unknown[0]}", hint=f"There are {', '.join(ASPECTS)}."
        )
    return Weights(**given)


async def _seed(box: Opened, reference: str) -> Seed:
    """Find a sound: a file that is there by its path, else by name; one from outside is heard."""
    similarity, viewer = box.services.similarity, box.account.user_id
    path = Path(os.path.abspath(reference))  # noqa: PTH100, ASYNC240 - as typed, links kept
    if not os.path.isfile(reference):  # noqa: PTH113, ASYNC240 - one look
        return await similarity.seed(reference, viewer)
    try:
        return await similarity.seed(str(path), viewer)
    except NotFound:
        return await similarity.outside(path)


async def _print(box: Opened, answer: Answer, *, as_json: bool) -> None:
    ids = [hit.file_id for hit in answer.hits]
    samples = {one.file_id: one for one in await box.services.library.samples(ids)}
    heard = await box.services.analyses.of_many(ids) if as_json else {}
    for hit in answer.hits:
        sample = samples.get(hit.file_id)
        if sample is None:
            continue
        if as_json:
            fields = sample_fields(sample, heard.get(hit.file_id))
            fields.pop("embedding", None)
            sys.stdout.write(f"{json.dumps(_told(hit) | fields)}\n")
        else:
            out(_line(hit, sample))
    for remark in answer.remarks:
        err(remark)


def _told(hit: Hit) -> dict[str, object]:
    told: dict[str, object] = {"score": round(hit.score, 4)}
    if hit.likeness is not None:
        rounded = (round(one, 4) for one in hit.likeness.aspects)
        told["aspects"] = dict(zip(ASPECTS, rounded, strict=True))
    return told | ({"why": hit.why} if hit.why else {})


def _line(hit: Hit, sample: Sample) -> str:
    aspects = hit.likeness.aspects if hit.likeness else ()
    numbers = [f"{100 * one:4.0f}" for one in (hit.score, *aspects)]
    why = f": {hit.why}" if hit.why else ""
    return f"{' '.join(numbers)}  {sample.file_path}{why}"
