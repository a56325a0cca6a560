"""Asking for a yes before something is changed that cannot be taken back."""

from __future__ import annotations

import sys

import click

from smtui.cli.running import out

yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")


def confirmed(question: str, *, yes: bool) -> bool:
    """Whether a person says yes; where nobody can be asked, nothing is done and that is told."""
    if yes:
        return True
    if not sys.stdin.isatty():
        out("Nothing was changed. With --yes it is done.")
        return False
    answer: bool = click.confirm(question, default=False)
    if not answer:
        out("Nothing was changed.")
    return answer
