"""`smtui duplicates`: a list to review of files that are the same sound."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from smtui.cli.filter_words import WordsCommand, read_filter
from smtui.cli.runtime import opened, run
from smtui.cli.terminal import ProgressLine, err, out
from smtui.domain.fields import path_fields
from smtui.domain.text import counted

if TYPE_CHECKING:
    from smtui.domain.copies import Group
    from smtui.domain.path_map import PathMap
    from smtui.domain.sample import Sample
    from smtui.services.duplicates import Duplicates, Looked


@click.command("duplicates", cls=WordsCommand)
@click.argument("query", nargs=-1, type=click.UNPROCESSED)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per group and line.")
def duplicates_command(*, query: tuple[str, ...], as_json: bool) -> None:
    """Show files that are the same sound: in the library, or among what QUERY finds.

    One group is one line: the file that is most likely the original, then each of its copies with
    what became of it. The same bytes are found by their hash. Copies that were re-encoded, made
    louder or quieter, or cut at their start or end are found by ear, among what was analysed;
    one that is cut at both may be missed. Nothing is ever deleted.
    """
    text = " ".join(query)

    async def work() -> None:
        # Whatever is wrong with the words is told before anything is opened.
        read_filter(text)
        line = ProgressLine()
        async with opened() as box:
            viewer = box.account.user_id
            found = await box.services.duplicates.find(
                text, viewer=viewer, told=lambda looked: line.show(_how_far(looked))
            )
        line.leave()
        for group in found.groups:
            if as_json:
                sys.stdout.write(f"{_object(group)}\n")
            else:
                out(_line(group, box.services.paths))
        if not as_json:
            _sum_up(found)

    run(work)


def _how_far(looked: Looked) -> str:
    of = f" of {looked.of:,}" if looked.of else ""
    return f"{looked.doing} {looked.done:,}{of}"


def _line(group: Group, paths: PathMap) -> str:
    """A group with its paths as this machine calls them."""
    named = (f"{paths.printed(copy.sample.path)} ({copy.reason})" for copy in group.copies)
    return f"{paths.printed(group.first.path)}: {'; '.join(named)}"


def _object(group: Group) -> str:
    copies = [{**_file(copy.sample), "reason": copy.reason} for copy in group.copies]
    return json.dumps({**_file(group.first), "copies": copies})


def _file(sample: Sample) -> dict[str, object]:
    return {
        **path_fields(sample.file_path, sample.path_bytes),
        "file_id": sample.file_id,
        "file_size": sample.file_size,
        "duration": sample.duration,
        "format": sample.format,
    }


def _sum_up(found: Duplicates) -> None:
    """Say what was looked at, apart from the list."""
    copies = sum(len(group.copies) for group in found.groups)
    sounds = counted(found.sounds, "sound")
    if not copies:
        err(f"{sounds} compared, no duplicates found.")
    else:
        groups = counted(len(found.groups), "group")
        err(f"{sounds} compared, {counted(copies, 'copy', 'copies')} in {groups}.")
    if found.unheard:
        whose = "was compared by its" if found.unheard == 1 else "were compared by their"
        err(f"{found.unheard:,} not analysed yet {whose} bytes: smtui analyze")
