"""`smtui user`: accounts from the command line. Passwords are never arguments, never shown."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING

import click

from smtui.cli.asking import (
    accounts_opened,
    address,
    asked,
    local_time,
    password_stdin,
    print_table,
    token,
    typed_password,
)
from smtui.cli.running import err, out, run
from smtui.cli.user_sessions import sessions_command, sign_out_command, token_command
from smtui.domain.account import Role

if TYPE_CHECKING:
    from smtui.domain.account import Account

_SECRETS = {"hashed_password", "code"}
_ROLES = click.Choice([role.value for role in Role])


@click.group("user")
def user_command() -> None:
    """Manage accounts: who may sign in, and what each may do.

    An admin may do everything; a member scans, tags and queues their own and the shared sounds; a
    listener changes only their own. The first account is an admin.
    """


@user_command.command("add")
@click.argument("username")
@click.option("--email", default="", help="Another way to name oneself at sign-in.")
@click.option("--role", type=_ROLES, default=Role.MEMBER.value, show_default=True)
@password_stdin
def add(*, username: str, email: str, role: str, password_stdin: bool) -> None:
    """Make an account; the first one of all is an admin."""
    _name_can_be_used(username)
    password = typed_password(from_input=password_stdin)

    async def work() -> None:
        # A late import, here and below: --help loads no services.
        from smtui.services.accounts import NewAccount

        new = NewAccount(username=username, email=email, password=password, role=Role(role))
        async with accounts_opened() as accounts:
            by = None
            if not accounts.guarded_by_system and await accounts.any_account():
                by = await accounts.identified(token())
                await accounts.command(by)
            account = await accounts.add(new, by=by)
        out(f"{account.username} ({account.email}) can sign in, as {_a(account.role)}.")

    run(work)


@user_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(*, as_json: bool) -> None:
    """List the accounts, oldest first."""

    async def work() -> None:
        async with asked(writes=False) as now:
            known = await now.accounts.list(by=now.by)
        if as_json:
            for account in known:
                click.echo(json.dumps(_plain(account)))
            return
        if not known:
            err("No account yet; `smtui` makes the first one, or `smtui user add`.")
            return
        rows = [("name", "e-mail", "role", "state", "last sign-in")]
        rows += [
            (
                account.username,
                account.email,
                account.role.value,
                "active" if account.is_active else "disabled",
                local_time(account.last_login),
            )
            for account in known
        ]
        print_table([*rows])

    run(work)


@user_command.command("password")
@click.argument("login")
@password_stdin
@click.option("--code", "by_code", is_flag=True, help="Ask for a one-time code first.")
@click.option(
    "--code-stdin", is_flag=True, help="Read code and new password from two lines of the input."
)
def password_(*, login: str, password_stdin: bool, by_code: bool, code_stdin: bool) -> None:
    """Set one's password; LOGIN is a name or e-mail. Ends the account's sessions.

    Who has forgotten theirs gets a one-time code from an admin (`smtui user code LOGIN`).
    """
    code = ""
    if by_code or code_stdin:
        code = typed_password(from_input=code_stdin, twice=False, words="One-time code")
    password = typed_password(
        from_input=password_stdin or code_stdin, words="New password" if by_code else "Password"
    )

    async def work() -> None:
        if by_code or code_stdin:
            async with accounts_opened() as accounts:
                await accounts.spend_code(login, code, password, address=address())
        else:
            async with asked() as now:
                await now.accounts.set_password(login, password, by=now.by)
        out(f"The password of {login} is set. Open sessions have ended.")

    run(work)


@user_command.command("code")
@click.argument("login")
def code_(*, login: str) -> None:
    """Print a one-time code with which LOGIN can choose a new password.

    It is typed instead of the password when signing in, or given to `smtui user password --code`.
    Until then the old password holds.
    """

    async def work() -> None:
        async with asked() as now:
            made = await now.accounts.code(login, by=now.by)
        click.echo(made.text)
        err(
            f"{made.username} types it instead of the password, once, until "
            f"{local_time(made.expires_at)}. It is shown only now."
        )

    run(work)


@user_command.command("role")
@click.argument("login")
@click.argument("role", type=_ROLES)
def role_(*, login: str, role: str) -> None:
    """Make LOGIN an admin, a member or a listener, at once on every machine."""

    async def work() -> None:
        async with asked() as now:
            await now.accounts.set_role(login, Role(role), by=now.by)
        out(f"{login} is {_a(Role(role))} now.")

    run(work)


@user_command.command("disable")
@click.argument("login")
def disable(*, login: str) -> None:
    """Let nobody sign in to an account, and end its sessions."""

    async def work() -> None:
        async with asked() as now:
            await now.accounts.disable(login, by=now.by)
        out(f"{login} cannot sign in any more. Open sessions have ended.")

    run(work)


@user_command.command("enable")
@click.argument("login")
def enable(*, login: str) -> None:
    """Let a disabled account be signed in to again."""

    async def work() -> None:
        async with asked() as now:
            await now.accounts.enable(login, by=now.by)
        out(f"{login} can sign in again.")

    run(work)


user_command.add_command(sessions_command)
user_command.add_command(sign_out_command)
user_command.add_command(token_command)


def _name_can_be_used(username: str) -> None:
    """Say so before somebody types a password twice in vain."""
    from smtui.domain.errors import InputInvalid
    from smtui.services.account_names import checked_username

    try:
        checked_username(username)
    except InputInvalid as error:
        err(f"smtui: {error}")
        raise SystemExit(1) from None


def _a(role: Role) -> str:
    return f"{'an' if role is Role.ADMIN else 'a'} {role}"


def _plain(account: Account) -> dict[str, object]:
    """Give everything but what is secret."""
    return {
        one.name: value.isoformat() if isinstance(value, datetime) else value
        for one in fields(account)
        if one.name not in _SECRETS
        for value in (getattr(account, one.name),)
    }
