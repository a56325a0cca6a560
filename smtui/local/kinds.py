"""What a private server is to the keeper: how to start it, how to see that it is well."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from smtui.local.processes import Launch, Record


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
    """One of Valkey, Chroma, the worker."""

    title: str
    start_seconds: float
    farewell: Farewell

    def launch(self, before: Record | None) -> Launch:
        """Say what to start; `before` is its last process. Raises ServerUnavailable."""
        ...

    async def look(self, record: Record) -> Look:
        """See whether this process answers at its address."""
        ...
