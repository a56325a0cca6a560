"""What a private server is to the keeper: how to start it, how to see that it is well.

Valkey and Chroma have files of their own; the worker and the watcher, programs of smtui itself,
differ in their command alone.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from smtui.local.processes import Launch, Record
from smtui.local.setup import Files, Setup


class Look(Enum):
    """What one sees when looking at a server."""

    SILENT = "does not answer"
    BUSY = "answers, but is not ready"
    READY = "is ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Farewell:
    """How a server is asked to end: a signal, and how long it may take over it."""

    number: signal.Signals = signal.SIGTERM
    seconds: float


class Kind(Protocol):
    """One of Valkey, Chroma, the worker, the watcher."""

    title: str
    start_seconds: float
    farewell: Farewell

    def launch(self, before: Record | None) -> Launch:
        """Say what to start; `before` is its last process. Raises ServerUnavailable."""
        ...

    async def look(self, record: Record) -> Look:
        """See whether this process answers at its address."""
        ...


class OwnProgram:
    """A process of smtui itself; it answers nobody, so being alive is being well."""

    start_seconds = 10.0
    # What it is in the middle of is finished; what it does not finish is found again.
    farewell = Farewell(seconds=15.0)

    def __init__(self, title: str, launch: Callable[[], Launch]) -> None:
        self.title = title
        self._launch = launch

    def launch(self, before: Record | None) -> Launch:
        """Return what to start."""
        del before
        return self._launch()

    async def look(self, record: Record) -> Look:
        """Return whether its process lives."""
        return Look.READY if record.alive() else Look.SILENT


def private_worker(setup: Setup) -> OwnProgram:
    """Return the Celery worker of a person's library, told where the private Valkey is."""

    def launch() -> Launch:
        files, manners = Files(places=setup.places), setup.manners
        return Launch(
            command=(*setup.worker, "--children", str(manners.processes())),
            environment=setup.environment() | {"SMTUI_PRIVATE_VALKEY": files.valkey_url},
            folder=setup.places.state,
            log=files.log("worker"),
            nice=manners.nice,
            holds=files.in_use,
            idle_io=manners.idle_io,
        )

    return OwnProgram("The worker", launch)


def folder_watcher(setup: Setup) -> OwnProgram:
    """Return what takes in new sounds of the watched folders."""

    def launch() -> Launch:
        return Launch(
            command=(sys.executable, "-P", "-m", "smtui", "watch", "--run"),
            environment=setup.environment(),
            folder=setup.places.state,
            log=Files(places=setup.places).log("watcher"),
            nice=setup.manners.nice,
            idle_io=setup.manners.idle_io,
        )

    return OwnProgram("The watcher of folders", launch)
