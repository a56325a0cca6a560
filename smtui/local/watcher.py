"""The watcher: a process of its own that takes in what is dropped into the watched folders."""

from __future__ import annotations

import sys

from smtui.local.kinds import Farewell, Look
from smtui.local.processes import Launch, Record
from smtui.local.setup import Files, Setup


class Watcher:
    """How it is started; it answers nobody, so being alive is being well."""

    title = "The watcher of folders"
    start_seconds = 10.0
    # What was read last is saved to its end.
    farewell = Farewell(seconds=15.0)

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def launch(self, before: Record | None) -> Launch:
        """Say what to start."""
        del before
        manners = self._setup.manners
        return Launch(
            command=(sys.executable, "-P", "-m", "smtui", "watch", "--run"),
            environment=self._setup.environment(),
            folder=self._setup.places.state,
            log=Files(places=self._setup.places).log("watcher"),
            nice=manners.nice,
            idle_io=manners.idle_io,
        )

    async def look(self, record: Record) -> Look:
        """Whether its process lives."""
        return Look.READY if record.alive() else Look.SILENT
