"""How the servers are, which workers live, and what works on a machine.

It is what a person reads when something is missing.
"""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """The process of a private server: one of keeper, valkey, chroma, worker, watcher.

    Attributes:
        state: `running`, `starting`, `stopped` or `failed`.
        pid: of its process, None where there is none.
        address: a URL, host and port, or a socket; empty where there is none.
        memory: resident bytes of the process and all that it started, None where unknown.
        reason: why it failed, a sentence; else empty.
    """

    name: str
    state: str
    pid: int | None = None
    address: str = ""
    since: datetime | None = None
    memory: int | None = None
    reason: str = ""


class Verdict(StrEnum):
    """How well a part does."""

    OK = "ok"
    ATTENTION = "attention"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One part: how well it does, what was seen, and the mend where it is not ok."""

    name: str
    verdict: Verdict
    seen: str
    mend: str = ""


def well(name: str, seen: str) -> Check:
    """Return the check of a part that works."""
    return Check(name=name, verdict=Verdict.OK, seen=seen)


def attention(name: str, seen: str, mend: str) -> Check:
    """Return the check of a part that works, but not as well as it could."""
    return Check(name=name, verdict=Verdict.ATTENTION, seen=seen, mend=mend)


def broken(name: str, seen: str, mend: str) -> Check:
    """Return the check of a part without which smtui does not work."""
    return Check(name=name, verdict=Verdict.BROKEN, seen=seen, mend=mend)
