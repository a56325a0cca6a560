"""Whether this machine listens, as workers ask between two files: by a word or by the hour."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from smtui.domain.errors import SettingInvalid
from smtui.domain.pause import present_pause
from smtui.paths import Places
from smtui.settings import Settings, changed_at, load
from smtui.wiring.clock import SystemClock

if TYPE_CHECKING:
    from smtui.domain.pause import Pause
    from smtui.services.pauses import Pauses

_log = logging.getLogger(__name__)


class PresentPause:
    """Gives the present pause, None where this machine listens; some 40 µs.

    The settings file is read again when it has changed: quiet hours count at once, also for a
    worker that runs for weeks.
    """

    def __init__(self, here: Places, settings: Settings) -> None:
        # A late import, as in this whole room: nothing of it is needed before the first frame.
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
    """Give the pauses of this machine; nothing need run for them, and nothing is opened."""
    from smtui.services.pauses import Pauses
    from smtui.stores.pause_file import PauseFile

    return Pauses(PauseFile(here.pause), SystemClock(), settings.work.quiet_hours)
