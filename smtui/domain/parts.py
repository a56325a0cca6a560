"""Long sequences in parts, as stores, messages and memory bear them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_parts(values: Sequence[T], most: int) -> Iterator[list[T]]:
    """Cut a sequence into parts of at most `most` values."""
    for start in range(0, len(values), most):
        yield list(values[start : start + most])
