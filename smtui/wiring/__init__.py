"""Settings in, services out; the only room that knows every implementation and both set-ups.

The library is *embedded*, one person's own with private servers, or on *shared servers* that
several machines use. Which it is, is decided here by the settings alone; what is handed out is
the same.
"""

from smtui.wiring.checkups import Checkup, checkup, private_servers, trials
from smtui.wiring.clock import SystemClock
from smtui.wiring.foundation import documents
from smtui.wiring.services import services

__all__ = [
    "Checkup",
    "SystemClock",
    "checkup",
    "documents",
    "private_servers",
    "services",
    "trials",
]
