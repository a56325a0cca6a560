"""What lives for minutes or days: sessions, limits, the cache, and who works now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from smtui.domain.account import Session, SessionId, UserId
from smtui.domain.health import WorkerReport


class SessionStore(Protocol):
    """Who is signed in."""

    async def open(self, session: Session) -> None: ...

    async def use(self, session_id: SessionId, *, at: datetime) -> Session | None:
        """Give the session and renew its life; None when it has ended."""
        ...

    async def alive(self, session_id: SessionId) -> bool:
        """Tell whether it has not ended, without renewing its life."""
        ...

    async def of(self, user_id: UserId) -> tuple[Session, ...]:
        """Every session of an account, the last used first."""
        ...

    async def close(self, session_id: SessionId) -> None: ...

    async def close_all(self, user_id: UserId) -> int:
        """End every session of an account."""
        ...


class ResumeToken(Protocol):
    """What lets the next start continue a session: one per person, readable by them alone."""

    async def read_session(self) -> SessionId | None:
        """Give the session that was kept; None where there is none that can be trusted."""
        ...

    async def keep(self, session_id: SessionId) -> None:
        """Keep it in place of another; raises StoreUnreachable where that is not possible."""
        ...

    async def remove(self) -> None: ...


class RateLimits(Protocol):
    """How often per minute an intent was asked for."""

    async def hit(self, who: str, endpoint: str, *, limit: int) -> None:
        """Count one; raises TooManyTries with the seconds to wait above the limit."""
        ...


class Cache(Protocol):
    """Bytes that may vanish at any time. An unreachable cache is a miss, never an error."""

    async def get(self, key: str) -> bytes | None: ...

    async def get_many(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """What is kept under these, misses left out."""
        ...

    async def put(self, key: str, value: bytes, *, seconds: int) -> None: ...

    async def drop(self, *keys: str) -> None: ...


class WorkerBoard(Protocol):
    """Where workers say that they live; a report vanishes by itself when it is not renewed."""

    async def report(self, report: WorkerReport, *, seconds: int) -> None:
        """Put up or renew the report of one worker, known by its name."""
        ...

    async def reports(self) -> tuple[WorkerReport, ...]:
        """Every worker that lives, by name."""
        ...

    async def leave(self, name: str) -> None: ...
