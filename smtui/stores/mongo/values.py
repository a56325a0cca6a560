r"""Values between the domain and documents that may be another program's.

What smtui writes is exact. What is read may lack fields, have naive times or other kinds of
numbers; such a value becomes what says least, never an error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from smtui.domain.storable import cut_to_ms as cut_to_ms

Document = dict[str, Any]
T = TypeVar("T")

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of what has none."""


def cut_to_ms_or_none(at: datetime | None) -> datetime | None:
    """Cut a time that may be missing."""
    return None if at is None else cut_to_ms(at)


def time_or_none(value: object) -> datetime | None:
    """Read a time: a date, ISO text or seconds since 1970; without a zone it is UTC."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            value = datetime.fromtimestamp(value, tz=UTC)
        if not isinstance(value, datetime):
            return None
        return cut_to_ms(value if value.tzinfo else value.replace(tzinfo=UTC))
    except (ValueError, OverflowError, OSError):
        return None


def time_in(value: object, otherwise: datetime = LONG_AGO) -> datetime:
    """Read a time that must be there."""
    found = time_or_none(value)
    return otherwise if found is None else found


def text_or_none(value: object) -> str | None:
    """Read text, or None for anything else."""
    return value if isinstance(value, str) else None


def text_in(value: object, otherwise: str = "") -> str:
    """Read text that must be there."""
    return value if isinstance(value, str) else otherwise


def number_or_none(value: object) -> float | None:
    """Read a number as a float, or None for anything else and for what is not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def number_in(value: object, otherwise: float = 0.0) -> float:
    """Read a number that must be there."""
    found = number_or_none(value)
    return otherwise if found is None else found


def count_or_none(value: object) -> int | None:
    """Read a whole number, or None for anything else; 44100.0 is one."""
    found = number_or_none(value)
    return int(value) if found is not None and isinstance(value, int | float) else None


def count_in(value: object, otherwise: int = 0) -> int:
    """Read a whole number that must be there."""
    found = count_or_none(value)
    return otherwise if found is None else found


def numbers_in(value: object) -> tuple[float, ...]:
    """Read a list of numbers; what is none is left out."""
    found = (number_or_none(item) for item in list_in(value))
    return tuple(number for number in found if number is not None)


def texts_in(value: object) -> tuple[str, ...]:
    """Read a list of texts; what is none is left out."""
    return tuple(item for item in list_in(value) if isinstance(item, str))


def list_in(value: object) -> list[Any]:
    """Read a list; anything else is an empty one."""
    return value if isinstance(value, list) else []


def mapping_in(value: object) -> Mapping[str, Any]:
    """Read an object; anything else is an empty one."""
    return value if isinstance(value, Mapping) else {}
