"""A sorted answer as two segments: the sounds with a value, then those without.

Either is walked along one index, (value, file_id); descending is the same walk backwards, ties
included. So nothing is ever sorted, and "without a value last" holds both ways.
"""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smtui.domain.question import All, Between, Expression, Field, OneOf, Place, Sort
from smtui.stores.sqlite.candidates import Source, index_of
from smtui.stores.sqlite.conditions import (
    NEVER_UNKNOWN,
    SORT_COLUMNS,
    Sql,
    between,
    choices,
    joined,
)
from smtui.stores.sqlite.values import Value, storable


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Which rows of an answer: so many, next to a place, after jumping over some."""

    limit: int
    after: Place | None = None
    before: Place | None = None
    skip: int = 0

    @property
    def start(self) -> Place | None:
        """The place that the rows lie next to."""
        return self.after or self.before

    @property
    def backwards(self) -> bool:
        """The rows are those before the place."""
        return self.before is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment, walked one way from a place or from its end."""

    valued: bool
    falling: bool
    start: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What must hold, with the limits that it sets to the column that is sorted by."""

    sort: Sort
    where: Sql
    limits: Sql

    @property
    def column(self) -> str:
        """The column that is sorted by."""
        return f"f.{SORT_COLUMNS[self.sort.field]}"


def segments(sort: Sort, cut: Cut) -> list[Segment]:
    """The segments to walk, in the order of walking."""
    falling = sort.descending is not cut.backwards
    start = cut.start
    kinds = [True] if sort.field in NEVER_UNKNOWN else [True, False]
    if cut.backwards:
        kinds.reverse()
    if start is not None:
        held = start.value is not None
        kinds = kinds[kinds.index(held) :] if held in kinds else []
    return [
        Segment(valued=kind, falling=falling, start=start if place == 0 else None)
        for place, kind in enumerate(kinds)
    ]


def walk(asked: Filter, segment: Segment) -> Sql:
    """Rows of a segment in order, along the index of the column that is sorted by."""
    limits = Sql(f"{asked.column} IS NULL")
    if segment.valued:
        limits = joined(" AND ", [Sql(f"{asked.column} IS NOT NULL"), asked.limits]) or limits
    table = Sql(f"audio_files AS f INDEXED BY {index_of(asked.sort.field)}")
    return _ordered(asked, segment, table, [limits, _beyond(asked, segment)])


def gather(asked: Filter, segment: Segment, source: Source) -> Sql:
    """Rows of a segment in order, sorted after they were gathered from a source."""
    known = "IS NOT NULL" if segment.valued else "IS NULL"
    # The plus keeps SQLite from walking the sort's index instead of the source.
    limits = [source.where, Sql(f"+{asked.column} {known}"), _beyond(asked, segment, plus="+")]
    return _ordered(asked, segment, source.table, limits)


def _ordered(asked: Filter, segment: Segment, table: Sql, limits: Sequence[Sql]) -> Sql:
    where = joined(" AND ", [*limits, asked.where])
    assert where is not None
    way = "DESC" if segment.falling else "ASC"
    keys = [asked.column, "f.file_id"] if segment.valued else ["f.file_id"]
    order = ", ".join(f"{key} {way}" for key in keys)
    text = (
        f"SELECT f.row AS row, {asked.column} AS value, f.file_id AS file_id"
        f" FROM {table.text} WHERE {where.text} ORDER BY {order}"
    )
    return Sql(text, (*table.values, *where.values))


def _beyond(asked: Filter, segment: Segment, *, plus: str = "") -> Sql:
    """What lies beyond the starting place."""
    if segment.start is None:
        return Sql("1")
    sign = "<" if segment.falling else ">"
    if not segment.valued:
        return Sql(f"{plus}f.file_id {sign} ?", (segment.start.file_id,))
    value = segment.start.value
    kept: Value = storable(value) if isinstance(value, str) else value
    text = f"({plus}{asked.column}, {plus}f.file_id) {sign} (?, ?)"
    return Sql(text, (kept, segment.start.file_id))


def limits_of(expression: Expression, field: Field) -> Sql:
    """The limits that a question sets to a column, as far as its index can serve them."""
    column = f"f.{SORT_COLUMNS[field]}"
    match expression:
        case All(parts=parts):
            found = [limits_of(part, field) for part in parts]
            useful = [one for one in found if one.text != "1"]
            return joined(" AND ", useful) or Sql("1")
        case Between(field=asked, low=low, high=high) if asked is field:
            return between(column, low, high)
        case OneOf(field=asked, values=(value,)) if asked is field:
            return Sql(f"{column} = ?", choices(field, (value,)))
        case _:
            return Sql("1")
