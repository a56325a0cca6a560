"""A sorted answer as segments, each a walk along one index from one end to the other.

First the sounds with a value, then those without: so "without a value last" holds both ways.
Next to a place come first those of the same value with a further id, then those beyond. Each
segment is one unbroken stretch of the index {value, file_id}; descending is the same stretch
backwards, ties included. So nothing is sorted and nothing is passed over to get there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from smtui.domain.question import Cut, Field, Place, Sort, SortValue
from smtui.domain.sample import FileId
from smtui.domain.text import storable
from smtui.stores.mongo.filters import EARLIEST, SORT_FIELDS, Filter, both, ms_of, time_at

Keys = tuple[tuple[str, int], ...]
"""Fields of an index or an order, each with 1 for rising or -1 for falling."""

_NUMBERS = (Field.TEMPO, Field.LENGTH, Field.LOUDNESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """One question to the server, with the index that must serve it."""

    filter: Filter
    order: Keys
    hint: Keys

    def also(self, asked: Filter) -> Find:
        """The same, where this holds too."""
        return replace(self, filter=both(self.filter, asked))

    def through(self, hint: Keys) -> Find:
        """The same by another index; what it gives is few and is sorted by the server."""
        return replace(self, hint=hint)


def index_of(field: Field) -> Keys:
    """The index that an order is walked along."""
    return ((SORT_FIELDS[field], 1), ("file_id", 1))


def segments(sort: Sort, cut: Cut) -> list[Find]:
    """The stretches to walk, in the order of walking."""
    falling = sort.descending is not cut.backwards
    field = SORT_FIELDS[sort.field]
    way = -1 if falling else 1
    stretches = _stretches(sort.field, cut, "$lt" if falling else "$gt")
    order = ((field, way), ("file_id", way))
    return [Find(filter=one, order=order, hint=index_of(sort.field)) for one in stretches]


def place_of(document: Mapping[str, Any], by: Field) -> Place:
    """Where a document stands in the order."""
    value: Any = document
    for name in SORT_FIELDS[by].split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, datetime):
        value = ms_of(value)
    return Place(value=value, file_id=FileId(document.get("file_id") or ""))


def _stretches(by: Field, cut: Cut, beyond: str) -> list[Filter]:
    field = SORT_FIELDS[by]
    valued: Filter = {field: {"$gte": _lowest(by)}}
    others: Filter = {field: None}
    start = cut.start
    if start is None:
        return [valued, others]
    further: Filter = {"file_id": {beyond: start.file_id}}
    if start.value is None:
        rest = [others | further]
        return [*rest, valued] if cut.backwards else rest
    value = _kept(by, start.value)
    rest = [{field: value} | further, {field: {beyond: value}}]
    return rest if cut.backwards else [*rest, others]


def _lowest(by: Field) -> str | float | datetime:
    """The lowest value of a field's type; MongoDB compares only what is of one type."""
    if by is Field.ADDED:
        return EARLIEST
    return -math.inf if by in _NUMBERS else ""


def _kept(by: Field, value: SortValue) -> object:
    """A place's value as documents have it."""
    if isinstance(value, str):
        return storable(value)
    return time_at(value) if by is Field.ADDED and value is not None else value
