"""How everything is that runs beside smtui, for commands: both set-ups give the same answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smtui.domain.errors import ServerUnavailable
from smtui.paths import Places
from smtui.settings import Settings

if TYPE_CHECKING:
    from smtui.domain.health import ServerHealth, WorkerReport
    from smtui.local.checks import Check
    from smtui.local.servers import PrivateServers


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """The servers, each asked a moment ago, and the workers that live."""

    servers: tuple[ServerHealth, ...]
    workers: tuple[WorkerReport, ...] = ()


def private_servers(here: Places, settings: Settings) -> PrivateServers:
    """Give the person's private servers with the manners that the settings ask for.

    Raises ServerUnavailable where the settings name shared ones instead.
    """
    if settings.servers.given:
        raise ServerUnavailable(
            "The servers are shared with other machines, so smtui neither starts nor stops them",
            hint="`smtui services check` asks them how they are; `smtui worker` listens for them.",
        )
    return keeper_of(here, settings)


def keeper_of(here: Places, settings: Settings) -> PrivateServers:
    """Give the person's keeper, which on shared servers keeps the watched folders alone."""
    # Late imports, here and below: nothing of this is needed before the first frame.
    from smtui.local.servers import PrivateServers
    from smtui.local.setup import Manners, present_versions
    from smtui.stores.sqlite.schema import steps

    manners = Manners(
        children=settings.work.children,
        nice=settings.work.nice,
        idle_seconds=settings.services.idle_seconds,
    )
    return PrivateServers(here, manners, versions=present_versions(schema=len(steps())))


async def checkup(here: Places, settings: Settings) -> Checkup:
    """Ask every server, within 5 s; failures are answers. Starts nothing, writes nothing."""
    if settings.servers.given:
        from smtui.wiring.shared_health import SharedHealth

        servers, workers = await SharedHealth(settings.servers).look()
        return Checkup(servers=servers, workers=workers)
    from smtui.local.health import PrivateHealth

    async def ask() -> Any:
        from smtui.wiring.foundation import documents

        async with documents(here, settings) as opened:
            return await opened.samples.generation()

    private = PrivateHealth(here, private_servers(here, settings), ask)
    return Checkup(servers=await private.check())


def machine_checks(here: Places, settings: Settings) -> tuple[Check, ...]:
    """See for the doctor what this machine must have; nothing is started."""
    from smtui.local import checks

    if settings.servers.given:
        # The library is elsewhere; here are settings, a log and the sign-in that is kept.
        return (checks.folders(here), checks.lingering())
    return (
        checks.sqlite(),
        checks.disk(here),
        checks.folders(here),
        checks.file_system(here),
        checks.lingering(),
    )


async def trials(here: Places, settings: Settings) -> tuple[Check, ...]:
    """See for the doctor whether every server works; private ones are started for it."""
    from smtui.local import checks
    from smtui.local.trials import Trials, judged

    if settings.servers.given:
        return tuple(judged(one) for one in (await checkup(here, settings)).servers)
    if checks.folders(here).verdict is checks.Verdict.BROKEN:
        mend = "Mend the folders first."
        return tuple(
            checks.broken(name, "not tried", mend) for name in ("valkey", "chroma", "worker")
        )
    return await Trials(here, private_servers(here, settings)).all()
