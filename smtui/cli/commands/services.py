"""`smtui services`: how the servers are, and starting and stopping the private ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from smtui.domain.health import ServerHealth, WorkerReport
    from smtui.local.servers import PrivateServers
    from smtui.local.status import ServerStatus

_MEGABYTE = 1_000_000
# Who reads it has just done it.
_CHECK_TOLD = re.compile(r" *`smtui services check`[^.]*\.")


@click.group("services")
def services_command() -> None:
    """The servers: documents, sessions, the index, the workers.

    Private ones start when they are first needed and stop when nobody needs them, so that these
    commands are seldom wanted. `check` asks shared ones, too.
    """


@services_command.command("check")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def check_command(as_json: bool) -> None:  # noqa: FBT001  click passes by name
    """Ask every server how it is, and which workers live; starts nothing.

    Exit status 1 if something is broken.
    """
    from smtui.cli.runtime import run
    from smtui.cli.terminal import out

    async def work() -> int:
        # Late imports, here and below: --help must not load them.
        from smtui import settings, wiring
        from smtui.domain.health import Condition
        from smtui.paths import places

        here = places()
        found = await wiring.checkup(here, settings.load(here).settings)
        if as_json:
            lines = [*map(_health_object, found.servers), *map(_worker_object, found.workers)]
        else:
            lines = [*_health_table(found.servers), *_worker_table(found.workers)]
        for line in lines:
            out(line)
        return any(one.condition is Condition.BROKEN for one in found.servers)

    run(work)


@services_command.command("status")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def status_command(as_json: bool) -> None:  # noqa: FBT001  click passes by name
    """Show what runs, since when, with how much memory."""
    from smtui.cli.runtime import run
    from smtui.cli.terminal import out

    async def work() -> None:
        statuses = await (await _servers()).status()
        lines = map(_object, statuses) if as_json else _table(statuses)
        for line in lines:
            out(line)

    run(work)


@services_command.command("start")
def start_command() -> None:
    """Start Valkey and the worker now, not when needed."""
    from smtui.cli.runtime import run
    from smtui.cli.terminal import out

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
    from smtui.cli.runtime import run

    async def work() -> None:
        await (await _servers()).stop(now=now)

    run(work)


async def _servers() -> PrivateServers:
    """Reach what runs; a setting that cannot be used is no reason not to see and stop it.

    Raises ServerUnavailable where the servers are shared and no private ones are left running.
    """
    from smtui import settings, wiring
    from smtui.domain.errors import ServerUnavailable, SettingInvalid
    from smtui.local.servers import PrivateServers
    from smtui.paths import places

    here = places()
    servers = PrivateServers(here)
    try:
        wiring.private_servers(here, settings.load(here).settings)
    except SettingInvalid:
        return servers
    except ServerUnavailable:
        if all(one.state == "stopped" for one in await servers.status()):
            raise
    return servers


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


def _health_object(health: ServerHealth) -> str:
    import json
    from dataclasses import asdict

    told = {name: None if value == "" else value for name, value in asdict(health).items()}
    if health.milliseconds is not None:
        told["milliseconds"] = round(health.milliseconds, 1)
    return json.dumps(told)


def _worker_object(worker: WorkerReport) -> str:
    import json

    return json.dumps(
        {
            "worker": worker.name,
            "machine": worker.machine,
            "version": worker.version,
            "children": worker.children,
            "since": worker.started_at.isoformat(timespec="seconds"),
            "missing": list(worker.missing),
            "rests": worker.rests or None,
        }
    )


def _health_table(servers: tuple[ServerHealth, ...]) -> list[str]:
    """Lay out how the servers are, what is wrong with one below it."""
    rows = [("NAME", "STATE", "ANSWER", "VERSION", "ADDRESS")]
    rows += [
        (
            one.name,
            one.condition.value.upper() if one.condition == "broken" else one.condition.value,
            "-" if one.milliseconds is None else f"{one.milliseconds:.0f} ms",
            one.version or "-",
            one.address or "-",
        )
        for one in servers
    ]
    head, *lines = _columns(rows)
    told = [head]
    for line, one in zip(lines, servers, strict=True):
        told.append(line)
        hint = _CHECK_TOLD.sub("", one.hint)
        told += [f"  {words}" for words in (one.trouble and f"{one.trouble}.", hint) if words]
    return told


def _worker_table(workers: tuple[WorkerReport, ...]) -> list[str]:
    """Lay out the workers that live; times are local."""
    if not workers:
        return []
    rows = [("WORKER ON", "SMTUI", "CHILDREN", "SINCE", "RESTS", "DOES NOT HAVE")]
    rows += [
        (
            one.machine,
            one.version,
            str(one.children),
            one.started_at.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
            one.rests or "-",
            ", ".join(one.missing) or "-",
        )
        for one in workers
    ]
    return ["", *_columns(rows)]


def _table(statuses: tuple[ServerStatus, ...]) -> list[str]:
    """Lay the statuses out in columns; times are local, memory in MB."""
    rows: list[tuple[str, ...]] = [("NAME", "STATE", "PID", "SINCE", "MEMORY", "ADDRESS")]
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
    return _columns(rows)


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Write rows in columns as wide as they must be; the last one is as long as it is."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    ]
