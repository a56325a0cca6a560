"""Searches and filters that a person saved under a name, or asked lately."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from smtui.domain.text import folded


class KeptKind(StrEnum):
    """What a kept line is."""

    SEARCH = "search"
    FILTER = "filter"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSearch:
    """One line of a person's; the same line is kept once.

    Attributes:
        text: a whole search (`domain/search_line.py`) or a filter (`domain/query.py`).
        name: under which it was saved; empty where it was only asked.
        used_at: when it was asked or saved last.
    """

    kind: KeptKind
    text: str
    name: str = ""
    used_at: datetime


def ordered(kept: Iterable[KeptSearch]) -> tuple[KeptSearch, ...]:
    """What was saved by name, then what was only asked, newest first."""
    newest = sorted(kept, key=lambda one: (one.used_at, one.text), reverse=True)
    return tuple(sorted(newest, key=lambda one: (not one.name, folded(one.name))))
