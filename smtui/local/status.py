"""What runs of the private servers, for people: state, pid, address, since, memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """One of keeper, valkey, chroma, worker.

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


def measured(rows: Iterable[Mapping[str, Any]]) -> tuple[ServerStatus, ...]:
    """Make statuses of what the keeper told, adding the memory; blocks, for a thread."""
    return tuple(
        ServerStatus(
            name=row["name"],
            state=row["state"],
            pid=row.get("pid"),
            address=row.get("address", ""),
            since=datetime.fromtimestamp(row["since"], UTC) if row.get("since") else None,
            memory=_memory(row["name"], row.get("pid")),
            reason=row.get("reason", ""),
        )
        for row in rows
    )


def _memory(name: str, pid: int | None) -> int | None:
    """Bytes of a process; the keeper's children are counted for themselves."""
    if pid is None:
        return None
    # A late import, 20 ms: only who asks for a status needs it.
    import psutil

    try:
        process = psutil.Process(pid)
        family = [process] if name == "keeper" else [process, *process.children(recursive=True)]
    except psutil.Error:
        return None
    total = 0
    for one in family:
        try:
            total += one.memory_info().rss
        except psutil.Error:
            # It ended while it was counted.
            continue
    return total
