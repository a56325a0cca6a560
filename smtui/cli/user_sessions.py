"""`smtui user sessions`, `sign-out` and `token`: where an account is signed in, and ending it."""

from __future__ import annotations

import json
import os

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
from smtui.domain.errors import SmtuiError


@click.command("sessions")
@click.argument("login", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def sessions_command(*, login: str | None, as_json: bool) -> None:
    """List where an account is signed in, by default one's own; admins see any.

    A session is known by the sign in the first column, which opens nothing.
    """

    async def work() -> None:
        # A late import, here and below: --help loads no services.
        from smtui.services.sessions import session_name

        async with asked(writes=False) as now:
            named = login or (now.by or await now.accounts.for_command_line(token())).username
            sessions = await now.accounts.sessions.of(named, by=now.by)
            present = await now.accounts.sessions.present_session(token())
        if not sessions and not as_json:
            err(f"{named} is not signed in anywhere.")
            return
        rows = [("session", "from", "since", "last used", "")]
        for one in sessions:
            name, is_present = session_name(one.session_id), one.session_id == present
            if as_json:
                told = {
                    "session": name,
                    "ip_address": one.ip_address,
                    "created_at": one.created_at.isoformat(),
                    "last_active": one.last_active.isoformat(),
                    "present": is_present,
                }
                click.echo(json.dumps(told))
                continue
            since, used = local_time(one.created_at), local_time(one.last_active)
            rows.append((name, one.ip_address, since, used, "this one" if is_present else ""))
        if not as_json:
            print_table([*rows])

    run(work)


@click.command("sign-out")
@click.argument("login")
@click.argument("session", required=False)
@click.option("--all", "everywhere", is_flag=True, help="End every session of the account.")
def sign_out_command(*, login: str, session: str | None, everywhere: bool) -> None:
    """End a SESSION of LOGIN, as `smtui user sessions` names it, or all of them.

    Screens that are open there show the sign-in within a second.
    """
    if everywhere == (session is not None):
        raise click.UsageError("Name one session, or --all of them.")

    async def work() -> None:
        async with asked() as now:
            if session is not None:
                await now.accounts.sessions.end_session(login, session, by=now.by)
                out("The session has ended.")
            else:
                count = await now.accounts.sessions.end_sessions(login, by=now.by)
                out(f"{count} session{'' if count == 1 else 's'} of {login} ended.")

    run(work)


@click.command("token")
@click.argument("login", required=False)
@password_stdin
def token_command(*, login: str | None, password_stdin: bool) -> None:
    """Print a token that lets programs act for an account.

    It goes into the variable SMTUI_TOKEN and lives as long as it is used once in seven days.
    Where the library is on servers, the account's password is asked for.
    """
    asking = _password_needed()
    name = login or (click.prompt("E-mail or name", err=True) if asking else None)
    password = typed_password(from_input=password_stdin, twice=False) if asking else ""

    async def work() -> None:
        async with accounts_opened() as accounts:
            who = name or (await accounts.for_command_line()).username
            made = await accounts.sessions.token(who, password, address=address())
        click.echo(made)
        err("Set SMTUI_TOKEN to it. Whoever has it acts as this account.")

    run(work)


def _password_needed() -> bool:
    """Tell whether the library is where the operating system does not guard it."""
    from smtui import settings, wiring
    from smtui.paths import places

    try:
        return not wiring.guarded(settings.load(places(), os.environ).settings)
    except SmtuiError as error:
        err(f"smtui: {error}")
        raise SystemExit(1) from None
