"""Settings in, services out; the only room that knows every implementation and both set-ups.

The library is *embedded*, one person's own with private servers, or on *shared servers* that
several machines use. Which it is, is decided here by the settings alone; what is handed out is
the same.
"""

from smtui.wiring.checkups import Checkup, checkup, machine_checks, trials
from smtui.wiring.clock import SystemClock
from smtui.wiring.documents import documents, guarded
from smtui.wiring.keeper import begun_anew, private_servers
from smtui.wiring.pausing import PresentPause, pauses
from smtui.wiring.privacy import private
from smtui.wiring.services import services
from smtui.wiring.watching import network_of, see_to_watcher, watched, watcher

__all__ = [
    "Checkup",
    "PresentPause",
    "SystemClock",
    "begun_anew",
    "checkup",
    "documents",
    "guarded",
    "machine_checks",
    "network_of",
    "pauses",
    "private",
    "private_servers",
    "see_to_watcher",
    "services",
    "trials",
    "watched",
    "watcher",
]
