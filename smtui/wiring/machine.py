"""What this machine has in both set-ups: its clock, its pauses, and the keeper of its processes.

The keeper looks after a person's private servers; on shared servers it keeps the watched folders
alone. Nothing of it is needed before the first frame, so what is heavy is imported late.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from smtui.domain.errors import ServerUnavailable, SettingInvalid
from smtui.domain.pause import present_pause
from smtui.paths import Places
from smtui.settings import Settings, changed_at, load

if TYPE_CHECKING:
    from smtui.domain.pause import Pause
    from smtui.local.servers import PrivateServers
    from smtui.services.pauses import Pauses

_log = logging.getLogger(__name__)


class SystemClock:
    """The system's clock."""

    def now(self) -> datetime:
        """Aware UTC, cut to milliseconds."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class PresentPause:
    """The present pause, None where this machine listens; some 40 µs.

    The settings file is read again when it has changed: quiet hours count at once, also for a
    worker that runs for weeks.
    """

    def __init__(self, here: Places, settings: Settings) -> None:
        from smtui.stores.pause_file import PauseFile

        self._here = here
        self._note = PauseFile(here.pause)
        self._hours = settings.work.quiet_hours
        self._clock = SystemClock()
        self._changed = changed_at(here)

    def __call__(self) -> Pause | None:
        """Look now."""
        changed = changed_at(self._here)
        if changed != self._changed:
            self._changed = changed
            try:
                self._hours = load(self._here).settings.work.quiet_hours
            except SettingInvalid as mistake:
                _log.warning("%s", mistake)
        return present_pause(self._note.now(), self._hours, self._clock.now())


def pauses(here: Places, settings: Settings) -> Pauses:
    """Return the pauses of this machine; nothing need run for them, and nothing is opened."""
    from smtui.services.pauses import Pauses
    from smtui.stores.pause_file import PauseFile

    return Pauses(PauseFile(here.pause), SystemClock(), settings.work.quiet_hours)


def private_servers(here: Places, settings: Settings) -> PrivateServers:
    """Return the person's private servers with the manners that the settings ask for.

    Raises ServerUnavailable where the settings name shared ones instead.
    """
    if settings.servers.given:
        raise ServerUnavailable(
            "The servers are shared with other machines, so smtui neither starts nor stops them",
            hint="`smtui services check` asks them how they are; `smtui worker` analyses for them.",
        )
    return keeper_of(here, settings)


def keeper_of(here: Places, settings: Settings) -> PrivateServers:
    """Return the person's keeper, which on shared servers keeps the watched folders alone."""
    from smtui.local.servers import PrivateServers
    from smtui.local.setup import Manners, present_versions
    from smtui.stores.sqlite.schema import steps

    manners = Manners(
        children=settings.work.children,
        nice=settings.work.nice,
        idle_seconds=settings.services.idle_seconds,
    )
    return PrivateServers(here, manners, versions=present_versions(schema=len(steps())))


async def servers_to_stop(here: Places) -> PrivateServers:
    """Reach what runs; a setting that cannot be used is no reason not to see and stop it.

    Raises ServerUnavailable where the servers are shared and no private ones are left running.
    """
    from smtui.local.servers import PrivateServers

    servers = PrivateServers(here)
    try:
        private_servers(here, load(here).settings)
    except SettingInvalid:
        return servers
    except ServerUnavailable:
        if all(status.state == "stopped" for status in await servers.status()):
            raise
    return servers


async def empty_private_index(here: Places, settings: Settings) -> bool:
    """Let the private Chroma begin without its files; False where the index is a server's."""
    if settings.servers.given:
        return False
    await private_servers(here, settings).empty_chroma()
    return True


async def see_to_watcher(here: Places, settings: Settings) -> None:
    """Start the watcher if folders are to be watched and none runs; a refusal is for the log."""
    if not settings.watch.folders:
        return
    try:
        await keeper_of(here, settings).watcher()
    except ServerUnavailable as error:
        _log.warning("folders are not watched: %s", error)


@asynccontextmanager
async def watched(here: Places, settings: Settings) -> AsyncIterator[None]:
    """See to the watcher beside everything else; nothing waits for it."""
    seeing = asyncio.ensure_future(see_to_watcher(here, settings))
    try:
        yield
    finally:
        seeing.cancel()
        await asyncio.wait([seeing])


def network_of(folder: Path) -> str:
    """Name the network's file system that a folder is on; empty for a disk of this machine."""
    from smtui.local.self_test import network_of

    return network_of(folder)
