"""The private worker: a Celery worker with manners, told where the private Valkey is."""

from __future__ import annotations

from smtui.local.kinds import Farewell, Look
from smtui.local.processes import Launch, Record
from smtui.local.setup import Files, Setup


class PrivateWorker:
    """How the worker is started; it answers nobody, so being alive is being well."""

    title = "The worker"
    start_seconds = 10.0
    # It finishes the file that it is listening to; what it does not finish is claimed again.
    farewell = Farewell(seconds=15.0)

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def launch(self, before: Record | None) -> Launch:
        """Say what to start."""
        del before
        files = Files(places=self._setup.places)
        manners = self._setup.manners
        return Launch(
            command=(*self._setup.worker, "--children", str(manners.processes())),
            environment=self._setup.environment() | {"SMTUI_PRIVATE_VALKEY": files.valkey_url},
            folder=self._setup.places.state,
            log=files.log("worker"),
            nice=manners.nice,
            holds=files.in_use,
            idle_io=manners.idle_io,
        )

    async def look(self, record: Record) -> Look:
        """Whether its process lives."""
        return Look.READY if record.alive() else Look.SILENT
