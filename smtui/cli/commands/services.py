"""`smtui services`: how the servers are, and starting and stopping the private ones."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from smtui.cli.runtime import here_and_settings, run
from smtui.cli.tables import columns
from smtui.cli.terminal import write_line
from smtui.domain.text import shown

if TYPE_CHECKING:
    from smtui.domain.health import Condition, ServerHealth, ServerStatus, WorkerReport

_MEGABYTE = 1_000_000
# Who reads it has just done it.
_ADVICE_TO_CHECK = re.compile(r" *`smtui services check`[^.]*\.")


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

    async def work() -> int:
        # Late imports, here and below: --help must not load them.
        from smtui import wiring

        found = await wiring.checkup(*here_and_settings())
        if as_json:
            lines = [*map(_health_object, found.servers), *map(_worker_object, found.workers)]
        else:
            lines = [*_health_table(found.servers), *_worker_table(found.workers)]
        _print(lines)
        return any(server.condition == "broken" for server in found.servers)

    run(work)


@services_command.command("status")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def status_command(as_json: bool) -> None:  # noqa: FBT001  click passes by name
    """Show what runs, since when, with how much memory."""

    async def work() -> None:
        from smtui import wiring
        from smtui.paths import places

        statuses = await (await wiring.servers_to_stop(places())).status()
        lines = map(_object, statuses) if as_json else _table(statuses)
        _print(lines)

    run(work)


@services_command.command("start")
def start_command() -> None:
    """Start Valkey and the worker now, not when needed."""

    async def work() -> None:
        from smtui import wiring

        servers = wiring.private_servers(*here_and_settings())
        await servers.worker()
        _print(_table(await servers.status()))

    run(work)


@services_command.command("stop")
@click.option("--now", is_flag=True, help="Also while they are in use; nothing is lost.")
def stop_command(now: bool) -> None:  # noqa: FBT001  click passes by name
    """Stop all in order and wait until they are gone."""

    async def work() -> None:
        from smtui import wiring
        from smtui.paths import places

        await (await wiring.servers_to_stop(places())).stop(now=now)

    run(work)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        write_line(sys.stdout, line)


def _object(status: ServerStatus) -> str:
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
    fields = {name: None if value == "" else value for name, value in asdict(health).items()}
    if health.milliseconds is not None:
        fields["milliseconds"] = round(health.milliseconds, 1)
    return json.dumps(fields)


def _worker_object(worker: WorkerReport) -> str:
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
            server.name,
            server.condition.value.upper()
            if server.condition == "broken"
            else server.condition.value,
            "-" if server.milliseconds is None else f"{server.milliseconds:.0f} ms",
            server.version or "-",
            server.address or "-",
        )
        for server in servers
    ]
    head, *rest = columns(rows)
    lines = [head]
    for line, server in zip(rest, servers, strict=True):
        lines.append(line)
        hint = _ADVICE_TO_CHECK.sub("", server.hint)
        lines += [
            f"  {shown(words)}"
            for words in (server.trouble and f"{server.trouble}.", hint)
            if words
        ]
    return lines


def _state(condition: Condition) -> str:
    return condition.upper() if condition == "broken" else condition


def _worker_table(workers: tuple[WorkerReport, ...]) -> list[str]:
    """Lay out the workers that live; times are local."""
    if not workers:
        return []
    rows = [("WORKER ON", "SMTUI", "CHILDREN", "SINCE", "RESTS", "DOES NOT HAVE")]
    rows += [
        (
            worker.machine,
            worker.version,
            str(worker.children),
            worker.started_at.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
            worker.rests or "-",
            ", ".join(worker.missing) or "-",
        )
        for worker in workers
    ]
    return ["", *columns(rows)]


def _table(statuses: tuple[ServerStatus, ...]) -> list[str]:
    """Lay the statuses out in columns; times are local, memory in MB."""
    rows: list[tuple[str, ...]] = [("NAME", "STATE", "PID", "SINCE", "MEMORY", "ADDRESS")]
    rows += [
        (
            status.name,
            status.state,
            str(status.pid or "-"),
            status.since.astimezone().strftime("%Y-%m-%d %H:%M:%S") if status.since else "-",
            f"{status.memory / _MEGABYTE:.0f} MB" if status.memory else "-",
            status.reason or status.address or "-",
        )
        for status in statuses
    ]
    return columns(rows)
