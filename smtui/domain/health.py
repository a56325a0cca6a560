"""How the servers are, and which workers live: what a person is told when something is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Condition(StrEnum):
    """How a server stands."""

    OK = "ok"
    NOT_STARTED = "not started"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerHealth:
    """One server, asked a moment ago.

    Attributes:
        name: documents, sessions, index or workers.
        version: what it says of itself (`MongoDB 7.0.0`); empty where it was not asked.
        address: where it is, without any password.
        milliseconds: how long its answer took; None without one.
        trouble: what is wrong or missing, one sentence; empty where all is well.
        hint: what to do about it.
    """

    name: str
    condition: Condition
    version: str = ""
    address: str = ""
    milliseconds: float | None = None
    trouble: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """A worker that lives.

    Attributes:
        name: unique, `machine:pid:…`.
        machine: the host name; several workers may share it.
        version: the smtui that it runs.
        children: how many processes listen.
        missing: folders that it was asked for and does not have.
        rests: why it does not listen now (`paused until 14:00`); empty where it does.
    """

    name: str
    machine: str
    version: str
    children: int
    started_at: datetime
    missing: tuple[str, ...] = ()
    rests: str = ""
