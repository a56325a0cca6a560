"""`smtui find`: sounds by what is said of them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from smtui.cli.filter_words import read_filter
from smtui.cli.runtime import opened, run
from smtui.cli.search_words import PATIENCE
from smtui.cli.terminal import err, out
from smtui.domain.fields import path_fields

if TYPE_CHECKING:
    from smtui.domain.likeness import Hit
    from smtui.domain.path_map import PathMap
    from smtui.domain.sample import Sample

_LIMIT = 20


@click.command("find")
@click.argument("words", nargs=-1, required=True)
@click.option("--filter", "text", default="", help="Only among what this finds: bpm:~126 -loop.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=_LIMIT,
    show_default=True,
    help="At most N sounds.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per sound and line.")
def find_command(*, words: tuple[str, ...], text: str, limit: int, as_json: bool) -> None:
    """Find sounds by WORDS: `smtui find "dark metallic hit, no tail"`.

    Each sound has a description, written from its analysis; the words are looked for in
    these, whichever of the usual ones is used: dull is dark, hi-hat is hat, dry is without a
    tail. With the extra `text` and its model (smtui words) also by what the words mean.
    """

    async def work() -> int:
        # A late import: --help loads no services.
        from smtui.domain.search import Search, View

        read_filter(text)
        search = Search(view=View.WORDS, words=" ".join(words), filter=text)
        async with opened() as box:
            viewer, services = box.account.user_id, box.services
            answer = await services.search.find(
                search, viewer=viewer, limit=limit, patience=PATIENCE
            )
            samples = await services.library.samples([hit.file_id for hit in answer.hits])
        known = {sample.file_id: sample for sample in samples}
        for hit in answer.hits:
            if hit.file_id in known:
                _print(hit, known[hit.file_id], None if as_json else services.paths)
        for remark in answer.remarks:
            err(remark)
        return 0

    run(work)


def _print(hit: Hit, sample: Sample, paths: PathMap | None) -> None:
    """Write a hit for people, with its path here, or without a map for programs."""
    if paths is not None:
        out(f"{100 * hit.score:3.0f}  {paths.printed(sample.path)}")
        out(f"     {hit.why}")
        return
    fields = {
        **path_fields(sample.file_path, sample.path_bytes),
        "file_id": sample.file_id,
        "score": round(hit.score, 4),
        "description": hit.why,
    }
    sys.stdout.write(f"{json.dumps(fields)}\n")
