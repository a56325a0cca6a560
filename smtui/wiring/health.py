"""How everything is that runs beside smtui, for commands: both set-ups give the same answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smtui.domain.health import Check, ServerHealth, Verdict, WorkerReport, broken
from smtui.paths import Places
from smtui.settings import Settings
from smtui.wiring.machine import private_servers
from smtui.wiring.set_up import documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """The servers, each asked a moment ago, and the workers that live."""

    servers: tuple[ServerHealth, ...]
    workers: tuple[WorkerReport, ...] = ()


async def checkup(here: Places, settings: Settings) -> Checkup:
    """Ask every server, within 5 s; failures are answers. Starts nothing, writes nothing."""
    # Late imports, here and below: nothing of this is needed before the first frame.
    if settings.servers.given:
        from smtui.wiring.backends import SharedHealth

        servers, workers = await SharedHealth(settings.servers).look()
        return Checkup(servers=servers, workers=workers)
    from smtui.local.health import PrivateHealth

    async def ask() -> Any:
        async with documents(here, settings) as opened:
            return await opened.samples.generation()

    private = PrivateHealth(here, private_servers(here, settings), ask)
    return Checkup(servers=await private.check())


def machine_checks(here: Places, settings: Settings) -> tuple[Check, ...]:
    """See for the doctor what this machine must have; nothing is started."""
    from smtui.local import self_test

    if settings.servers.given:
        # The library is elsewhere; here are settings, a log and the sign-in that is kept.
        return (self_test.folders(here), self_test.lingering())
    return (
        self_test.sqlite(),
        self_test.disk(here),
        self_test.folders(here),
        self_test.file_system(here),
        self_test.copying(here),
        self_test.lingering(),
    )


async def trials(here: Places, settings: Settings) -> tuple[Check, ...]:
    """See for the doctor whether every server works; private ones are started for it."""
    from smtui.local import self_test
    from smtui.local.self_test import Trials, check_of

    if settings.servers.given:
        return tuple(map(check_of, (await checkup(here, settings)).servers))
    if self_test.folders(here).verdict is Verdict.BROKEN:
        mend = "Fix the folders first."
        return tuple(broken(name, "not tried", mend) for name in ("valkey", "chroma", "worker"))
    return await Trials(here, private_servers(here, settings)).all()
