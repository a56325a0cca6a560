"""A filter as the words of a command, where a dash negates and does not begin an option."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from smtui.cli.terminal import err
from smtui.domain.errors import QueryInvalid
from smtui.domain.query import parse
from smtui.domain.question import Expression


def refuse_options(words: Sequence[str], options: Sequence[str]) -> None:
    """Raise click.NoSuchOption for a misspelt option: it would find nothing, without a word."""
    for word in words:
        if word.startswith("--"):
            option = word.partition("=")[0]
            context = click.get_current_context()
            possible = difflib.get_close_matches(option, options)
            raise click.NoSuchOption(option, possibilities=possible, ctx=context)


def parsed(text: str) -> Expression:
    """Read a filter, pointing at a mistake in it before it is raised."""
    with pointing(text):
        return parse(text)


@contextmanager
def pointing(text: str) -> Iterator[None]:
    """Point at a mistake in the text before it is raised."""
    try:
        yield
    except QueryInvalid as mistake:
        if text.isprintable():
            err(f"  {text}")
            err(f"  {' ' * mistake.start}{'^' * max(1, mistake.end - mistake.start)}")
        raise
