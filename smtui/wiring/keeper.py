"""Who keeps a person's private servers and watched folders, as the settings ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtui.domain.errors import ServerUnavailable
from smtui.paths import Places
from smtui.settings import Settings

if TYPE_CHECKING:
    from smtui.local.servers import PrivateServers


def private_servers(here: Places, settings: Settings) -> PrivateServers:
    """Give the person's private servers with the manners that the settings ask for.

    Raises ServerUnavailable where the settings name shared ones instead.
    """
    if settings.servers.given:
        raise ServerUnavailable(
            "The servers are shared with other machines, so smtui neither starts nor stops them",
            hint="`smtui services check` asks them how they are; `smtui worker` analyses for them.",
        )
    return keeper_of(here, settings)


def keeper_of(here: Places, settings: Settings) -> PrivateServers:
    """Give the person's keeper, which on shared servers keeps the watched folders alone."""
    # Late imports: nothing of this is needed before the first frame.
    from smtui.local.servers import PrivateServers
    from smtui.local.setup import Manners, present_versions
    from smtui.stores.sqlite.schema import steps

    manners = Manners(
        children=settings.work.children,
        nice=settings.work.nice,
        idle_seconds=settings.services.idle_seconds,
    )
    return PrivateServers(here, manners, versions=present_versions(schema=len(steps())))


async def begun_anew(here: Places, settings: Settings) -> bool:
    """Let the private Chroma begin without its files; False where the index is a server's."""
    if settings.servers.given:
        return False
    await private_servers(here, settings).empty_chroma()
    return True
