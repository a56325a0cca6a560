"""What the account commands share: whom they act for, and secrets that are typed, never shown."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from smtui.cli.running import err, out

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.accounts import Accounts

password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of the input."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The accounts, and who asks; nobody where the operating system guards the library."""

    accounts: Accounts
    by: Account | None


@asynccontextmanager
async def asked(*, writes: bool = True) -> AsyncIterator[Asked]:
    """Open the accounts and find out who asks; one that writes is counted.

    Where the operating system guards the folder they act for nobody, so that a disabled account
    is no obstacle.
    """
    async with accounts_opened() as accounts:
        by = (
            None
            if accounts.sessions.guarded_by_system
            else await accounts.sessions.identified(token())
        )
        if by is not None and writes:
            await accounts.command(by)
        yield Asked(accounts=accounts, by=by)


@asynccontextmanager
async def accounts_opened() -> AsyncIterator[Accounts]:
    """Open the accounts alone, for nobody in particular."""
    # Late imports, here and below: --help loads no services.
    from smtui import settings, wiring
    from smtui.paths import places

    here = places()
    loaded = settings.load(here, os.environ)
    async with wiring.services(here, loaded.settings) as services:
        yield services.accounts


def token() -> str | None:
    """Give the token of the environment, where there is one."""
    return os.environ.get("SMTUI_TOKEN")


def address() -> str:
    """Give where the person comes from: an IP address, as sshd says it, or `local`."""
    return os.environ.get("SSH_CONNECTION", "").partition(" ")[0] or "local"


def typed_password(*, from_input: bool, twice: bool = True, words: str = "Password") -> str:
    """Ask for a secret without showing it, a new one twice, or read a line of the input."""
    if from_input:
        line = sys.stdin.buffer.readline().decode("utf-8", errors="surrogateescape")
        return line.rstrip("\r\n")
    if not sys.stdin.isatty():
        err("smtui: No terminal to ask for the password. Use --password-stdin.")
        raise SystemExit(1)
    again = "Again" if twice else False
    answer: str = click.prompt(words, hide_input=True, confirmation_prompt=again, err=True)
    return answer


def local_time(moment: datetime | None) -> str:
    """Write a moment as the clock on the wall shows it."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else "never"


def print_table(rows: list[tuple[str, ...]]) -> None:
    """Print rows in columns, the first one their heads."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (f"{text:{width}}" for text, width in zip(row, widths, strict=True))
        out("  ".join(cells).rstrip())
