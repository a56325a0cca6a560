"""What the commands of pausing share: the pauses of this machine, without any server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtui.services.pauses import Pauses
    from smtui.wiring import SystemClock


def reach() -> str:
    """Say whose listening a pause holds; empty where there is no other worker to be mistaken."""
    # Late imports: --help reads no settings.
    from getpass import getuser

    from smtui import settings, wiring
    from smtui.paths import places

    here = places()
    if wiring.guarded(settings.load(here, os.environ).settings):
        return ""
    return (
        f"It holds the workers of {getuser()} that keep their state in {here.state}; one of another"
        " account or in a container is paused there."
    )


def pauses() -> tuple[Pauses, SystemClock]:
    """Give the pauses and their clock; raises SettingInvalid."""
    # Late imports: --help reads no settings.
    from smtui import settings, wiring
    from smtui.paths import places

    here = places()
    return wiring.pauses(here, settings.load(here, os.environ).settings), wiring.SystemClock()
