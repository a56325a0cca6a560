"""`smtui services`: what runs in the background for this person, and starting and stopping it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from smtui.local.servers import PrivateServers
    from smtui.local.status import ServerStatus

_MEGABYTE = 1_000_000


@click.group("services")
def services_command() -> None:
    """The private servers: Valkey, Chroma, the worker, and the keeper that looks after them.

    They start when they are first needed and stop when nobody needs them, so these commands
    are seldom wanted.
    """


@services_command.command("status")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def status_command(as_json: bool) -> None:  # noqa: FBT001  click passes by name
    """Show what runs, since when, with how much memory."""
    from smtui.cli.running import out, run

    async def work() -> None:
        statuses = await _servers().status()
        lines = map(_object, statuses) if as_json else _table(statuses)
        for line in lines:
            out(line)

    run(work)


@services_command.command("start")
def start_command() -> None:
    """Start Valkey and the worker now, not when needed."""
    from smtui.cli.running import out, run

    async def work() -> None:
        servers = _servers_to_start()
        await servers.worker()
        for line in _table(await servers.status()):
            out(line)

    run(work)


@services_command.command("stop")
@click.option("--now", is_flag=True, help="Also while they are in use; nothing is lost.")
def stop_command(now: bool) -> None:  # noqa: FBT001  click passes by name
    """Stop all in order and wait until they are gone."""
    from smtui.cli.running import run

    run(lambda: _servers().stop(now=now))


def _servers() -> PrivateServers:
    """Reach what runs; a setting that cannot be used is no reason not to see and stop it."""
    # Late imports, here and below: --help must not load them.
    from smtui.local.servers import PrivateServers
    from smtui.paths import places

    return PrivateServers(places())


def _servers_to_start() -> PrivateServers:
    """Reach the servers with the manners of the settings."""
    from smtui import settings, wiring
    from smtui.paths import places

    here = places()
    return wiring.private_servers(here, settings.load(here).settings)


def _object(status: ServerStatus) -> str:
    import json

    return json.dumps(
        {
            "name": status.name,
            "state": status.state,
            "pid": status.pid,
            "address": status.address or None,
            "since": status.since.isoformat(timespec="seconds") if status.since else None,
            "memory": status.memory,
            "reason": status.reason or None,
        }
    )


def _table(statuses: tuple[ServerStatus, ...]) -> list[str]:
    """Lay the statuses out in columns; times are local, memory in MB."""
    rows = [("NAME", "STATE", "PID", "SINCE", "MEMORY", "ADDRESS")]
    rows += [
        (
            one.name,
            one.state,
            str(one.pid or "-"),
            one.since.astimezone().strftime("%Y-%m-%d %H:%M:%S") if one.since else "-",
            f"{one.memory / _MEGABYTE:.0f} MB" if one.memory else "-",
            one.reason or one.address or "-",
        )
        for one in statuses
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5]])
        for row in rows
    ]
