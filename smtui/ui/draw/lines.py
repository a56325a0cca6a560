"""A row of a table of words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row: what it is about, its cells, and how it looks: plain, quiet, failed or going."""

    key: str
    cells: tuple[str, ...]
    look: str = ""
