"""`smtui user`: accounts from the command line. Passwords are never arguments, never shown."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

import click

from smtui.cli.runtime import exit_on_failure, here_and_settings, run
from smtui.cli.tables import local_time, print_table
from smtui.cli.terminal import err, out
from smtui.domain.account import Role

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.accounts import Accounts


_SECRETS = {"hashed_password", "code"}
_ROLES = click.Choice([role.value for role in Role])


password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of the input."
)


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
    password = _typed_password(from_input=password_stdin)

    async def work() -> None:
        # A late import, here and below: --help loads no services.
        from smtui.services.accounts import NewAccount

        new = NewAccount(username=username, email=email, password=password, role=Role(role))
        async with _accounts_opened() as accounts:
            by = None
            if not accounts.sessions.guarded_by_system and await accounts.any_account():
                by = await accounts.sessions.identify(_token())
                await accounts.command(by)
            account = await accounts.add(new, by=by)
        out(f"{account.username} ({account.email}) can sign in, as {_a(account.role)}.")

    run(work)


@user_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(*, as_json: bool) -> None:
    """List the accounts, oldest first."""

    async def work() -> None:
        async with _acting(writes=False) as now:
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
        print_table(rows)

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
        code = _typed_password(from_input=code_stdin, twice=False, words="One-time code")
    password = _typed_password(
        from_input=password_stdin or code_stdin, words="New password" if by_code else "Password"
    )

    async def work() -> None:
        if by_code or code_stdin:
            async with _accounts_opened() as accounts:
                await accounts.sessions.spend_code(login, code, password, address=_address())
        else:
            async with _acting() as now:
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
        async with _acting() as now:
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
        async with _acting() as now:
            await now.accounts.set_role(login, Role(role), by=now.by)
        out(f"{login} is {_a(Role(role))} now.")

    run(work)


@user_command.command("disable")
@click.argument("login")
def disable(*, login: str) -> None:
    """Let nobody sign in to an account, and end its sessions."""

    async def work() -> None:
        async with _acting() as now:
            await now.accounts.disable(login, by=now.by)
        out(f"{login} cannot sign in any more. Open sessions have ended.")

    run(work)


@user_command.command("enable")
@click.argument("login")
def enable(*, login: str) -> None:
    """Let a disabled account be signed in to again."""

    async def work() -> None:
        async with _acting() as now:
            await now.accounts.enable(login, by=now.by)
        out(f"{login} can sign in again.")

    run(work)


@user_command.command("sessions")
@click.argument("login", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def sessions(*, login: str | None, as_json: bool) -> None:
    """List where an account is signed in, by default one's own; admins see any.

    A session is known by the sign in the first column, which opens nothing.
    """

    async def work() -> None:
        # A late import, here and below: --help loads no services.
        from smtui.services.sessions import session_name

        async with _acting(writes=False) as now:
            named = login or (now.by or await now.accounts.for_command_line(_token())).username
            open_sessions = await now.accounts.sessions.of(named, by=now.by)
            present = await now.accounts.sessions.present_session(_token())
        if not open_sessions and not as_json:
            err(f"{named} is not signed in anywhere.")
            return
        rows = [("session", "from", "since", "last used", "")]
        for session in open_sessions:
            name, is_present = session_name(session.session_id), session.session_id == present
            if as_json:
                fields_of_session = {
                    "session": name,
                    "ip_address": session.ip_address,
                    "created_at": session.created_at.isoformat(),
                    "last_active": session.last_active.isoformat(),
                    "present": is_present,
                }
                click.echo(json.dumps(fields_of_session))
                continue
            since, used = local_time(session.created_at), local_time(session.last_active)
            rows.append((name, session.ip_address, since, used, "this one" if is_present else ""))
        if not as_json:
            print_table(rows)

    run(work)


@user_command.command("sign-out")
@click.argument("login")
@click.argument("session", required=False)
@click.option("--all", "everywhere", is_flag=True, help="End every session of the account.")
def sign_out(*, login: str, session: str | None, everywhere: bool) -> None:
    """End a SESSION of LOGIN, as `smtui user sessions` names it, or all of them.

    Screens that are open there show the sign-in within a second.
    """
    if everywhere == (session is not None):
        raise click.UsageError("Name one session, or --all of them.")

    async def work() -> None:
        async with _acting() as now:
            if session is not None:
                await now.accounts.sessions.end_session(login, session, by=now.by)
                out("The session has ended.")
            else:
                count = await now.accounts.sessions.end_sessions(login, by=now.by)
                out(f"{count} session{'' if count == 1 else 's'} of {login} ended.")

    run(work)


@user_command.command("token")
@click.argument("login", required=False)
@password_stdin
def token_(*, login: str | None, password_stdin: bool) -> None:
    """Print a token that lets programs act for an account.

    It goes into the variable SMTUI_TOKEN and lives as long as it is used once in seven days.
    Where the library is on servers, the account's password is asked for.
    """
    asking = _password_needed()
    name = login or (click.prompt("E-mail or name", err=True) if asking else None)
    password = _typed_password(from_input=password_stdin, twice=False) if asking else ""

    async def work() -> None:
        async with _accounts_opened() as accounts:
            who = name or (await accounts.for_command_line()).username
            made = await accounts.sessions.token(who, password, address=_address())
        click.echo(made)
        err("Set SMTUI_TOKEN to it. Whoever has it acts as this account.")

    run(work)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Acting:
    """The accounts, and who asks; nobody where the operating system guards the library."""

    accounts: Accounts
    by: Account | None


@asynccontextmanager
async def _acting(*, writes: bool = True) -> AsyncIterator[_Acting]:
    """Open the accounts and find out who asks; one that writes is counted.

    Where the operating system guards the folder they act for nobody, so that a disabled account
    is no obstacle.
    """
    async with _accounts_opened() as accounts:
        by = (
            None
            if accounts.sessions.guarded_by_system
            else await accounts.sessions.identify(_token())
        )
        if by is not None and writes:
            await accounts.command(by)
        yield _Acting(accounts=accounts, by=by)


@asynccontextmanager
async def _accounts_opened() -> AsyncIterator[Accounts]:
    """Open the accounts alone, for nobody in particular."""
    # A late import, here and below: --help loads no services.
    from smtui import wiring

    async with wiring.services(*here_and_settings()) as services:
        yield services.accounts


def _token() -> str | None:
    """Return the token of the environment, where there is one."""
    return os.environ.get("SMTUI_TOKEN")


def _address() -> str:
    """Return where the person comes from: an IP address, as sshd says it, or `local`."""
    return os.environ.get("SSH_CONNECTION", "").partition(" ")[0] or "local"


def _typed_password(*, from_input: bool, twice: bool = True, words: str = "Password") -> str:
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


def _password_needed() -> bool:
    """Return whether the library is where the operating system does not guard it."""
    from smtui import wiring

    with exit_on_failure():
        return not wiring.guarded(here_and_settings()[1])


def _name_can_be_used(username: str) -> None:
    """Say so before somebody types a password twice in vain."""
    from smtui.services.account_names import checked_username

    with exit_on_failure():
        checked_username(username)


def _a(role: Role) -> str:
    return f"{'an' if role is Role.ADMIN else 'a'} {role}"


def _plain(account: Account) -> dict[str, object]:
    """Return everything but what is secret."""
    return {
        field.name: value.isoformat() if isinstance(value, datetime) else value
        for field in fields(account)
        if field.name not in _SECRETS
        for value in (getattr(account, field.name),)
    }
