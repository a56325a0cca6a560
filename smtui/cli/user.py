"""`smtui user`: accounts from the command line. Passwords are never arguments, never shown."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING

import click

from smtui.cli.running import err, out, run

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.accounts import Accounts

_password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of the input."
)


@click.group("user")
def user_command() -> None:
    """Keep accounts: who may sign in."""


@user_command.command("add")
@click.argument("username")
@click.option("--email", default="", help="Another way to name oneself at sign-in.")
@_password_stdin
def add(*, username: str, email: str, password_stdin: bool) -> None:
    """Make an account."""
    _name_can_be_used(username)
    password = _password(from_input=password_stdin)

    async def work() -> None:
        # A late import, here and below: --help loads no services.
        from smtui.services.accounts import NewAccount

        async with _accounts() as accounts:
            new = NewAccount(username=username, email=email, password=password)
            account = await accounts.add(new)
        out(f"{account.username} ({account.email}) can sign in.")

    run(work)


@user_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(*, as_json: bool) -> None:
    """List the accounts, oldest first."""

    async def work() -> None:
        async with _accounts() as accounts:
            known = await accounts.list()
        if as_json:
            for account in known:
                click.echo(json.dumps(_plain(account)))
            return
        if not known:
            err("There is no account yet; `smtui` makes the first one, or `smtui user add`.")
            return
        rows = [("name", "e-mail", "state", "last sign-in")]
        rows += [
            (
                account.username,
                account.email,
                "active" if account.is_active else "disabled",
                _local(account.last_login),
            )
            for account in known
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = (f"{text:{width}}" for text, width in zip(row, widths, strict=True))
            out("  ".join(cells).rstrip())

    run(work)


@user_command.command("password")
@click.argument("login")
@_password_stdin
def password_(*, login: str, password_stdin: bool) -> None:
    """Set a password; LOGIN is a name or e-mail. Ends the account's sessions."""
    password = _password(from_input=password_stdin)

    async def work() -> None:
        async with _accounts() as accounts:
            await accounts.set_password(login, password)
        out(f"The password of {login} is set. Open sessions have ended.")

    run(work)


@user_command.command("disable")
@click.argument("login")
def disable(*, login: str) -> None:
    """Let nobody sign in to an account, and end its sessions."""

    async def work() -> None:
        async with _accounts() as accounts:
            await accounts.disable(login)
        out(f"{login} cannot sign in any more. Open sessions have ended.")

    run(work)


@user_command.command("enable")
@click.argument("login")
def enable(*, login: str) -> None:
    """Let a disabled account be signed in to again."""

    async def work() -> None:
        async with _accounts() as accounts:
            await accounts.enable(login)
        out(f"{login} can sign in again.")

    run(work)


@user_command.command("token")
@click.argument("login")
def token(*, login: str) -> None:
    """Print a token that lets programs act for an account.

    It goes into the variable SMTUI_TOKEN and lives as long as it is used once in seven days.
    """

    async def work() -> None:
        async with _accounts() as accounts:
            made = await accounts.token(login)
        click.echo(made)
        err("Set SMTUI_TOKEN to it. Whoever has it acts as this account.")

    run(work)


@asynccontextmanager
async def _accounts() -> AsyncIterator[Accounts]:
    """Open the accounts alone: these commands act for nobody, so a disabled one is no obstacle."""
    # Late imports, as everywhere in commands.
    from smtui import settings, wiring
    from smtui.paths import places

    here = places()
    loaded = settings.load(here, os.environ)
    async with wiring.services(here, loaded.settings) as services:
        yield services.accounts


def _name_can_be_used(username: str) -> None:
    """Say so before somebody types a password twice in vain."""
    from smtui.domain.errors import InputInvalid
    from smtui.services.account_names import checked_username

    try:
        checked_username(username)
    except InputInvalid as error:
        err(f"smtui: {error}")
        raise SystemExit(1) from None


def _password(*, from_input: bool) -> str:
    """Ask for a password twice without showing it, or read it from the input."""
    if from_input:
        line = sys.stdin.buffer.readline().decode("utf-8", errors="surrogateescape")
        return line.rstrip("\r\n")
    if not sys.stdin.isatty():
        err("smtui: There is no terminal to ask for the password. Use --password-stdin.")
        raise SystemExit(1)
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt="Again", err=True)
    return answer


def _plain(account: Account) -> dict[str, object]:
    """Give everything but the hash."""
    return {
        one.name: value.isoformat() if isinstance(value, datetime) else value
        for one in fields(account)
        if one.name != "hashed_password"
        for value in (getattr(account, one.name),)
    }


def _local(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else "never"
