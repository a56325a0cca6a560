"""Settings in, services out; the only room that knows every implementation and both set-ups.

The library is *embedded*, one person's own with private servers, or on *shared servers* that
several machines use. Which it is, is decided here by the settings alone; what is handed out is
the same.
"""

from smtui.local.refusals import cannot_use
from smtui.wiring.health import Checkup, checkup, machine_checks, trials
from smtui.wiring.machine import (
    PresentPause,
    SystemClock,
    empty_private_index,
    keeper_of,
    network_of,
    pauses,
    private_servers,
    servers_to_stop,
    watched,
)
from smtui.wiring.set_up import Foundation, documents, guarded, services

__all__ = [
    "Checkup",
    "Foundation",
    "PresentPause",
    "SystemClock",
    "cannot_use",
    "checkup",
    "documents",
    "empty_private_index",
    "guarded",
    "keeper_of",
    "machine_checks",
    "network_of",
    "pauses",
    "private_servers",
    "servers_to_stop",
    "services",
    "trials",
    "watched",
]
