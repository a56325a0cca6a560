"""How domain values are written in columns and statements: times, JSON, long lists."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from smtui.domain.ports.work import Clock

T = TypeVar("T")

Value = str | bytes | int | float | None

# Question marks in one statement; SQLite before 3.32 took 999, and longer lists gain nothing.
_AT_ONCE = 500

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(at: datetime) -> int:
    """Write a time as milliseconds since 1970 in UTC, cutting what is finer."""
    return (at - _EPOCH) // _MILLISECOND


def from_ms(at: int) -> datetime:
    """Read a time that was written by `to_ms`."""
    return _EPOCH + at * _MILLISECOND


def now_ms(clock: Clock | None) -> int:
    """Return the time now as `to_ms` writes it, the system's without a clock."""
    return time.time_ns() // 1_000_000 if clock is None else to_ms(clock.now())


def to_ms_or_none(at: datetime | None) -> int | None:
    """Write a time that may be missing."""
    return None if at is None else to_ms(at)


def from_ms_or_none(at: int | None) -> datetime | None:
    """Read a time that may be missing."""
    return None if at is None else from_ms(at)


def to_json(value: Any) -> str:
    """Write plain data as compact JSON; numbers come back exactly."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Any:
    """Read what `to_json` wrote."""
    return json.loads(text)


def in_parts(values: Sequence[T]) -> Iterator[tuple[Sequence[T], str]]:
    """Cut into parts that fit one statement, each with its question marks."""
    for start in range(0, len(values), _AT_ONCE):
        part = values[start : start + _AT_ONCE]
        yield part, ", ".join("?" * len(part))
