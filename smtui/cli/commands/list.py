"""`smtui list`: print the library, or what a filter finds in it."""

from __future__ import annotations

import json
import sys

import click

from smtui.cli.filter_words import WordsCommand, read_filter
from smtui.cli.runtime import Opened, opened, run
from smtui.cli.tables import Table
from smtui.cli.terminal import err
from smtui.domain.fields import sample_fields
from smtui.domain.query import CONDITIONS
from smtui.domain.question import SORTABLE, Field, Question, Sort

_EXAMPLES = "\n".join(f"  {each.example:<18} {each.meaning}" for each in CONDITIONS)


@click.command(
    "list",
    cls=WordsCommand,
    epilog=f"\b\nConditions:\n{_EXAMPLES}",
)
@click.argument("query", nargs=-1, type=click.UNPROCESSED)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per sound and line.")
@click.option(
    "--sort",
    type=click.Choice([field.value for field in SORTABLE]),
    default=Field.NAME.value,
    show_default=True,
    help="What to sort by; sounds without a value come last.",
)
@click.option("--reverse", is_flag=True, help="Reverse the order.")
@click.option("--limit", type=click.IntRange(min=0), help="At most N sounds.")
def list_command(
    *, query: tuple[str, ...], as_json: bool, sort: str, reverse: bool, limit: int | None
) -> None:
    """Print the library, or what QUERY finds: `smtui list kick bpm:120..128 not:loop`.

    Words are looked for in names, folders and tags; conditions are a name, a colon and a value.
    `-` or `not:` before anything leaves it out, `|` (quoted for the shell) means or.

    On a terminal this is a table; in a pipe, lines of path, kind, BPM, key, seconds, LUFS and
    tags with tabs between, and in a list of `is:unreadable` the reason. --json gives
    everything that the newest analysis says, with path (and path_bytes, base64, where the name
    is not UTF-8) and analyzed_at, null if not analysed yet.
    Lines in a pipe have paths as this machine calls them; --json has the library's, which are the
    same on every machine.
    """
    text = " ".join(query)

    async def work() -> None:
        order = Sort(field=Field(sort), descending=reverse)
        # Whatever is wrong with the words is told before anything is opened.
        expression = read_filter(text)
        async with opened() as box:
            meant = box.services.paths.in_documents(expression)
            asked = Question(expression=meant, sort=order, viewer=box.account.user_id)
            count = await _print(box, asked, limit, as_json=as_json)
            if not count and not as_json and sys.stdout.isatty():
                err("No sounds match." if text else "The library is empty: smtui scan FOLDER")

    run(work)


async def _print(box: Opened, question: Question, limit: int | None, *, as_json: bool) -> int:
    count = 0
    table = None if as_json else Table(sys.stdout, box.services.paths)
    async for samples in box.services.library.each(question, limit=limit):
        if table is None:
            heard = await box.services.analyses.of_many([sample.file_id for sample in samples])
            for sample in samples:
                sys.stdout.write(
                    f"{json.dumps(sample_fields(sample, heard.get(sample.file_id)))}\n"
                )
        else:
            table.show(samples)
        sys.stdout.flush()
        count += len(samples)
    return count
