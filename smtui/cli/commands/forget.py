"""`smtui forget`: take sounds out of the library; their files stay where they are."""

from __future__ import annotations

import click

from smtui.cli.filter_words import WordsCommand, read_filter
from smtui.cli.runtime import Opened, confirmed, opened, run
from smtui.cli.terminal import out
from smtui.domain.question import All, Field, Not, Question, Unknown
from smtui.domain.sample import FileId
from smtui.domain.text import counted

_EXAMPLES = 5


@click.command("forget", cls=WordsCommand)
@click.argument("query", nargs=-1, type=click.UNPROCESSED)
@click.option("--yes", is_flag=True, help="Do it without asking.")
def forget_command(*, query: tuple[str, ...], yes: bool) -> None:
    """Take what QUERY finds out of the library: `smtui forget is:missing in:/old/pack`.

    QUERY is a filter as `smtui list` takes it. How many sounds it finds is told, with examples,
    and a yes is asked for. Their analyses and tags go; files are never touched, and
    the next scan takes in again what still lies in a scanned folder.
    """
    text = " ".join(query).strip()
    if not text:
        raise click.UsageError("Say what to forget, for instance is:missing or in:/old/pack.")

    async def work() -> None:
        expression = read_filter(text)
        async with opened(writes=True) as box:
            meant = box.services.paths.in_documents(expression)
            question = Question(expression=meant, viewer=box.account.user_id)
            ids = await _show(box, question)
            if not ids:
                out("No sounds match; nothing was changed.")
            elif confirmed(f"Forget {counted(len(ids), 'sound')}?", yes=yes):
                count = await box.services.library.forget(ids, by=box.account)
                out(f"{counted(count, 'sound')} forgotten. No file was touched.")

    run(work)


async def _show(box: Opened, question: Question) -> list[FileId]:
    """Show what would go; return the ids."""
    ids = [file_id async for page in box.services.library.ids(question) for file_id in page]
    if not ids:
        return ids
    tagged = All((question.expression, Not(Unknown(Field.TAGS))))
    count = await box.services.library.count(Question(expression=tagged, viewer=question.viewer))
    tags = f", {count:,} of them tagged" if count else ""
    out(f"{counted(len(ids), 'sound')}{tags}:")
    for sample in await box.services.library.samples(ids[:_EXAMPLES]):
        tags = f"  ({', '.join(sample.tags)})" if sample.tags else ""
        out(f"  {sample.file_path}{tags}")
    if len(ids) > _EXAMPLES:
        out(f"  and {len(ids) - _EXAMPLES:,} more")
    return ids
