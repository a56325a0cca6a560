"""What every store can hold: whole characters, times in milliseconds, numbers of 64 bits."""

from __future__ import annotations

from datetime import UTC, datetime

_LIMIT = 1 << 63


def storable(text: str) -> str:
    r"""Return text with lone surrogates, which no UTF-8 can hold, written as `\udcNN`."""
    return text.encode("utf-8", errors="backslashreplace").decode("utf-8")


def cut_to_ms(at: datetime) -> datetime:
    """Return a time in UTC, cut to milliseconds."""
    utc = at.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def clamped(number: int) -> int:
    """Return the nearest number of 64 bits; some file systems have later times than that."""
    return max(-_LIMIT, min(_LIMIT - 1, number))
