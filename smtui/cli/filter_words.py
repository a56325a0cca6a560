"""A filter as the words of a command, where a dash negates and does not begin an option."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from smtui.cli.terminal import err
from smtui.domain.errors import QueryInvalid
from smtui.domain.query import parse
from smtui.domain.question import Expression


class WordsCommand(click.Command):
    """A command with words in which a dash negates and begins no option: smtui list -loop.

    A misspelt option is refused all the same: as a word it would find nothing, without a word.
    Help is `--help`, or `-h` where that is the only word.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        context = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
        super().__init__(*args, **{**settings, "context_settings": context})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read options and words."""
        rest = super().parse_args(ctx, args)
        (argument,) = (each.name for each in self.params if isinstance(each, click.Argument))
        words: Sequence[str] = ctx.params[argument or ""]
        if words == ("-h",):
            click.echo(ctx.get_help())
            ctx.exit()
        for word in words:
            if word.startswith("--") and not is_file(word):
                self._refuse(word.partition("=")[0], ctx)
        return rest

    def _refuse(self, option: str, ctx: click.Context) -> None:
        known = [name for param in self.get_params(ctx) for name in param.opts]
        if option in known:
            raise click.UsageError(f"{option} is an option: write it before `--`.", ctx=ctx)
        possible = difflib.get_close_matches(option, known)
        raise click.NoSuchOption(option, possibilities=possible, ctx=ctx)


def is_file(word: str) -> bool:
    """True if it is the path of a file, as typed."""
    return os.path.isfile(word)  # noqa: PTH113 - one look


def read_filter(text: str) -> Expression:
    """Read a filter, pointing at a mistake in it before it is raised."""
    with point_at_mistake(text):
        return parse(text)


@contextmanager
def point_at_mistake(text: str) -> Iterator[None]:
    """Point at a mistake in the text before it is raised."""
    try:
        yield
    except QueryInvalid as mistake:
        if text.isprintable():
            err(f"  {text}")
            err(f"  {' ' * mistake.start}{'^' * max(1, mistake.end - mistake.start)}")
        raise
