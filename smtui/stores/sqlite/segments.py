"""A sorted answer as two segments: the sounds with a value, then those without.

Either is walked along one index, (value, file_id); descending is the same walk backwards, ties
included. So nothing is ever sorted, and "without a value last" holds both ways.
"""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

from dataclasses import dataclass, replace

from smtui.domain.question import (
    NEVER_UNKNOWN,
    All,
    Between,
    Cut,
    Expression,
    Field,
    OneOf,
    Place,
    Sort,
    Unknown,
)
from smtui.domain.text import storable
from smtui.stores.sqlite.candidates import Source, index_of
from smtui.stores.sqlite.conditions import (
    ALL_ROWS,
    SORT_COLUMNS,
    Sql,
    between,
    choices,
    joined,
)
from smtui.stores.sqlite.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment, walked one way from a place or from its end."""

    valued: bool
    falling: bool
    start: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a question says of the column that is sorted by.

    Attributes:
        values: limits to the values, which the column's index serves.
        known: sounds with a value may match.
        unknown: sounds without one may match.
    """

    values: Sql = ALL_ROWS
    known: bool = True
    unknown: bool = True

    def narrowed(self, column: str, low: Value, high: Value) -> Limits:
        """The same where values lie between two, both included; None: there are no values."""
        if low is None:
            return replace(self, known=False)
        values = joined(
            " AND ", [self.values, Sql(f"{column} >= ? AND {column} <= ?", (low, high))]
        )
        assert values is not None
        return replace(self, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What must hold, with the limits that it sets to the column that is sorted by."""

    sort: Sort
    where: Sql
    limits: Limits

    @property
    def column(self) -> str:
        """The column that is sorted by."""
        return f"f.{SORT_COLUMNS[self.sort.field]}"


def segments(asked: Filter, cut: Cut) -> list[Segment]:
    """The segments to walk, in the order of walking; none in which nothing can match."""
    falling = asked.sort.descending is not cut.backwards
    start = cut.start
    kinds = [True] if asked.sort.field in NEVER_UNKNOWN else [True, False]
    if cut.backwards:
        kinds.reverse()
    if start is not None:
        held = start.value is not None
        kinds = kinds[kinds.index(held) :] if held in kinds else []
    possible = {True: asked.limits.known, False: asked.limits.unknown}
    return [
        Segment(valued=kind, falling=falling, start=start if place == 0 else None)
        for place, kind in enumerate(kinds)
        if possible[kind]
    ]


def walk(asked: Filter, segment: Segment) -> Sql:
    """Rows of a segment in order, along the index of the column that is sorted by."""
    limits = [Sql(f"{asked.column} IS NULL")]
    if segment.valued:
        limits = [Sql(f"{asked.column} IS NOT NULL"), asked.limits.values]
    where = joined(" AND ", [*limits, _beyond(asked, segment), asked.where])
    assert where is not None
    way = "DESC" if segment.falling else "ASC"
    keys = [asked.column, "f.file_id"] if segment.valued else ["f.file_id"]
    order = ", ".join(f"{key} {way}" for key in keys)
    text = (
        f"SELECT f.row AS row, {asked.column} AS value, f.file_id AS file_id"
        f" FROM audio_files AS f INDEXED BY {index_of(asked.sort.field)}"
        f" WHERE {where.text} ORDER BY {order}"
    )
    return Sql(text, where.values)


def gather(asked: Filter, cut: Cut, source: Source) -> Sql:
    """Rows next to a place, sorted after they were gathered from a source."""
    falling = asked.sort.descending is not cut.backwards
    parts = [source.where, asked.where, _beyond_both(asked, cut, falling=falling)]
    where = joined(" AND ", parts)
    assert where is not None
    text = (
        f"SELECT f.row AS row, {asked.column} AS value, f.file_id AS file_id"
        f" FROM {source.table.text} WHERE {where.text}"
        f" ORDER BY {_order(asked, falling=falling, backwards=cut.backwards)}"
    )
    return Sql(text, (*source.table.values, *where.values))


def numbered(asked: Filter, source: Source) -> Sql:
    """All matches with their number in the order, from 0, gathered from a source."""
    where = joined(" AND ", [source.where, asked.where])
    assert where is not None
    order = _order(asked, falling=asked.sort.descending, backwards=False)
    text = (
        f"SELECT {asked.column} AS value, f.file_id AS file_id,"
        f" row_number() OVER (ORDER BY {order}) - 1 AS number"
        f" FROM {source.table.text} WHERE {where.text}"
    )
    return Sql(text, (*source.table.values, *where.values))


def _order(asked: Filter, *, falling: bool, backwards: bool) -> str:
    """Both segments in one; the plus keeps SQLite from walking the sort's index after all."""
    way = "DESC" if falling else "ASC"
    last = "DESC" if backwards else "ASC"
    return f"+{asked.column} IS NULL {last}, +{asked.column} {way}, +f.file_id {way}"


def _beyond_both(asked: Filter, cut: Cut, *, falling: bool) -> Sql:
    """What lies beyond the starting place, in its own segment and in the one behind."""
    if cut.start is None:
        return ALL_ROWS
    valued = cut.start.value is not None
    known = "IS NOT NULL" if valued else "IS NULL"
    segment = Segment(valued=valued, falling=falling, start=cut.start)
    beyond = _beyond(asked, segment, plus="+")
    text = f"+{asked.column} {known} AND {beyond.text}"
    if valued is not cut.backwards:
        behind = "IS NULL" if valued else "IS NOT NULL"
        text = f"({text}) OR +{asked.column} {behind}"
    return Sql(text, beyond.values)


def _beyond(asked: Filter, segment: Segment, *, plus: str = "") -> Sql:
    """What lies beyond the starting place."""
    if segment.start is None:
        return ALL_ROWS
    sign = "<" if segment.falling else ">"
    if not segment.valued:
        return Sql(f"{plus}f.file_id {sign} ?", (segment.start.file_id,))
    value = segment.start.value
    kept: Value = storable(value) if isinstance(value, str) else value
    text = f"({plus}{asked.column}, {plus}f.file_id) {sign} (?, ?)"
    return Sql(text, (kept, segment.start.file_id))


def limits_of(expression: Expression, field: Field) -> Limits:
    """The limits that a question sets to a column, as far as its index can serve them."""
    column = f"f.{SORT_COLUMNS[field]}"
    match expression:
        case All(parts=parts):
            found = [limits_of(part, field) for part in parts]
            return Limits(
                values=joined(" AND ", [one.values for one in found]) or ALL_ROWS,
                known=all(one.known for one in found),
                unknown=all(one.unknown for one in found),
            )
        case Between(field=asked, low=low, high=high) if asked is field:
            return Limits(values=between(column, low, high), unknown=False)
        case OneOf(field=asked, values=(value,)) if asked is field:
            return Limits(values=Sql(f"{column} = ?", choices(field, (value,))), unknown=False)
        case OneOf(field=asked) if asked is field:
            return Limits(unknown=False)
        case Unknown(field=asked) if asked is field:
            return Limits(known=False)
        case _:
            return Limits()
