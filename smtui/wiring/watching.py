"""Who watches the folders of this machine, in both set-ups the same: a process of the keeper."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from smtui.domain.errors import ServerUnavailable
from smtui.paths import Places
from smtui.settings import Settings
from smtui.wiring.keeper import keeper_of

if TYPE_CHECKING:
    from smtui.local.servers import PrivateServers

_log = logging.getLogger(__name__)


def watcher(here: Places, settings: Settings) -> PrivateServers:
    """Give the keeper to ask for the watcher, and to let it rest."""
    return keeper_of(here, settings)


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
    # A late import, as in this whole room: nothing of it is needed before the first frame.
    from smtui.local.checks import network_of

    return network_of(folder)
