"""A sorted answer as two segments: the sounds with a value, then those without.

Either is walked along one index, (value, file_id); descending is the same walk backwards, ties
included. So nothing is ever sorted, and "without a value last" holds both ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.question import (
    NEVER_UNKNOWN,
    All,
    Between,
    Cut,
    Expression,
    Field,
    OneOf,
    Page,
    Place,
    Question,
    Sort,
    Unknown,
)
from smtui.domain.sample import FileId
from smtui.domain.text import storable
from smtui.stores.sqlite.conditions import (
    ALL_ROWS,
    SORT_COLUMNS,
    Source,
    Sql,
    between,
    choices,
    condition,
    index_of,
    indexed,
    joined,
    owned,
    sources,
    without,
)
from smtui.stores.sqlite.connections import BudgetSpent, Reader
from smtui.stores.sqlite.sample_rows import SELECT_SAMPLE, sample_of
from smtui.stores.sqlite.values import Value, in_parts

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.


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


# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much of what is tried before something else is.

    Measured with 1,000,000 sounds, a sound costs 0.05 to 0.15 µs to pass by or to gather within an
    index, 0.25 µs to gather from the table in the table's order, 0.7 µs in another order, 1 to 4 µs
    to look up in the table from a walk. A walk is given time, not steps: a step that looks a sound
    up costs ten of those that pass one by.

    Attributes:
        glance: time for the first walk, µs; 0 for none.
        glance_outside: the same where the index alone cannot tell if a sound matches.
        few: so many candidates are gathered at once.
        counted: candidates are counted up to here; as many are never gathered.
        patience: time of the second walk for each candidate that would be gathered from the
            table, ns.
        patience_inside: the same if they would be gathered within an index.
        patience_outside: the same for a walk that looks sounds up; three times that if they would
            be gathered in another order than the table's.
        passed: sounds passed by in the time of one that is gathered from the table.
        passed_scattered: the same if they are gathered in another order than the table's.
    """

    glance: int = 4_000
    glance_outside: int = 3_000
    few: int = 20_000
    counted: int = 250_000
    patience: int = 80
    patience_inside: int = 100
    patience_outside: int = 60
    passed: int = 6
    passed_scattered: int = 14


USUAL = Effort()
_TABLE_COST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a question can be answered.

    Attributes:
        asked: what must hold, for a walk along the order's index.
        rest: the same without what the source itself says, for gathering.
        source: the source of candidates that is gathered soonest, or None where none is small.
        size: how many candidates it has.
    """

    asked: Filter
    rest: Filter
    source: Source | None
    size: int


def asked_of(reader: Reader, question: Question) -> tuple[Filter, Source]:
    """What must hold for a viewer; and the source of all that they may see."""
    mine = owned(_owners(reader, question.viewer))
    where = joined(" AND ", [mine.where, condition(question.expression)])
    assert where is not None
    limits = limits_of(question.expression, question.sort.field)
    return Filter(sort=question.sort, where=where, limits=limits), mine


def planned(reader: Reader, question: Question, effort: Effort) -> Plan:
    """Look at the candidates of each part and choose the source that is gathered soonest."""
    asked, mine = asked_of(reader, question)
    best, size, dearest = None, effort.counted, effort.counted * _TABLE_COST
    for source in sorted(sources(question.expression), key=_cost):
        # Counted no further than it could still be the best.
        most = min(effort.counted, dearest // _cost(source))
        found = _size(reader, source, most)
        if found < most:
            best, size, dearest = source, found, found * _cost(source)
    # Mostly all sounds are the viewer's, so counting them tells nothing but that they are many.
    most = min(effort.few, size)
    found = _size(reader, mine, most)
    if found < most:
        best, size = mine, found
    if best is None or best.part is None:
        return Plan(asked=asked, rest=asked, source=best, size=size)
    rest = condition(without(question.expression, best.part))
    where = joined(" AND ", [mine.where, rest])
    assert where is not None
    return Plan(asked=asked, rest=replace(asked, where=where), source=best, size=size)


def page(reader: Reader, question: Question, cut: Cut, effort: Effort = USUAL) -> Page:
    """One page of samples, all seen at one moment."""
    with reader.snapshot():
        found = _rows(reader, question, cut, effort)
        samples = {}
        for part, marks in in_parts([place.row for place in found]):
            for row in reader.rows(f"{SELECT_SAMPLE} WHERE f.row IN ({marks})", part):
                samples[row[0]] = sample_of(row)
    return Page(
        samples=tuple(samples[place.row] for place in found),
        places=tuple(place.place for place in found),
    )


def places(reader: Reader, question: Question, cut: Cut, effort: Effort = USUAL) -> list[Place]:
    """Places alone."""
    with reader.snapshot():
        return [found.place for found in _rows(reader, question, cut, effort)]


def count(reader: Reader, question: Question, effort: Effort = USUAL) -> int:
    """How many sounds match."""
    with reader.snapshot():
        plan = planned(reader, question, effort)
        if plan.source is not None:
            table, limits = plan.source.table, plan.source.where
        else:
            # Any index will do, and SQLite takes the smallest that has all it needs.
            table, limits = Sql("audio_files AS f"), Sql("1")
        where = joined(" AND ", [limits, plan.rest.where])
        assert where is not None
        sql = f"SELECT count(*) FROM {table.text} WHERE {where.text}"
        return int(reader.row(sql, (*table.values, *where.values))[0])


def signposts(
    reader: Reader, question: Question, every: int, effort: Effort = USUAL
) -> tuple[Place, ...]:
    """Places of rows 0, every, 2·every and so on."""
    plan = planned(reader, question, effort)
    if plan.source is not None:
        sql = numbered(plan.rest, plan.source)
        rows = reader.rows(
            f"SELECT value, file_id FROM ({sql.text}) WHERE number % ? = 0 ORDER BY number",
            (*sql.values, every),
        )
        return tuple(Place(value=value, file_id=FileId(file_id)) for value, file_id in rows)
    # In steps, not one long statement: none holds the write-ahead log from being emptied.
    posts: list[Place] = []
    cut = Cut(limit=1)
    while found := _along(reader, plan.asked, cut):
        posts.append(found[0].place)
        cut = Cut(limit=1, after=posts[-1], skip=every - 1)
    return tuple(posts)


@dataclass(frozen=True, slots=True)
class _Found:
    row: int
    place: Place


def _rows(reader: Reader, question: Question, cut: Cut, effort: Effort) -> list[_Found]:
    asked, _ = asked_of(reader, question)
    inside = indexed(question.expression, question.sort.field)
    found = _walked(reader, asked, cut, effort.glance if inside else effort.glance_outside)
    if found is not None:
        return found
    plan = planned(reader, question, effort)
    if plan.source is None or (inside and _worth_a_walk(reader, question, plan, effort)):
        return _along(reader, asked, cut)
    time = _time(question, plan, effort) if plan.size > effort.few else 0
    if time:
        found = _walked(reader, _within(reader, asked, plan.source), cut, time)
        if found is not None:
            return found
    return _gathered(reader, plan.source, plan.rest, cut)


def _time(question: Question, plan: Plan, effort: Effort) -> int:
    """How long the second walk may take, µs, before the candidates are gathered instead."""
    by, source = question.sort.field, plan.source
    if not indexed(question.expression, by):
        scattered = source is not None and source.wide
        glanced, patience = effort.glance_outside, effort.patience_outside * (3 if scattered else 1)
    elif source is not None and source.serves(by):
        glanced, patience = effort.glance, effort.patience_inside
    else:
        glanced, patience = effort.glance, effort.patience
    time = plan.size * patience // 1000
    # It begins where the glance began, so it must go well beyond it.
    return time if time >= 2 * glanced else 0


def _within(reader: Reader, asked: Filter, source: Source) -> Filter:
    """The same, with the walk kept to where candidates lie: no kick has a key or is long.

    Only if the source's index knows their values, as that takes hardly longer than counting them.
    """
    if not source.serves(asked.sort.field):
        return asked
    column, where = asked.column, source.where
    sql = f"SELECT min({column}), max({column}) FROM {source.table.text} WHERE {where.text}"
    low, high = reader.row(sql, (*source.table.values, *where.values))
    return replace(asked, limits=asked.limits.narrowed(column, low, high))


def _worth_a_walk(reader: Reader, question: Question, plan: Plan, effort: Effort) -> bool:
    """Whether walking past every sound costs less than looking all candidates up."""
    if plan.source is None or plan.source.serves(question.sort.field):
        return False
    passed = effort.passed_scattered if plan.source.wide else effort.passed
    return plan.size * passed > _rows_at_most(reader)


def _rows_at_most(reader: Reader) -> int:
    return int(reader.row("SELECT coalesce(max(row), 0) FROM audio_files")[0])


def _gathered(reader: Reader, source: Source, asked: Filter, cut: Cut) -> list[_Found]:
    """Gather the candidates and sort those that match."""
    sql = gather(asked, cut, source)
    rows = reader.rows(f"{sql.text} LIMIT ? OFFSET ?", (*sql.values, cut.limit, cut.skip))
    found = [_found(row) for row in rows]
    return found[::-1] if cut.backwards else found


def _walked(reader: Reader, asked: Filter, cut: Cut, time: int) -> list[_Found] | None:
    """Walk along the order's index; None if that took longer than `time` µs, or may take none."""
    if not time:
        return None
    try:
        with reader.budget(time):
            return _along(reader, asked, cut)
    except BudgetSpent:
        return None


def _along(reader: Reader, asked: Filter, cut: Cut) -> list[_Found]:
    """Read segment after segment until the page is full."""
    found: list[_Found] = []
    skip = cut.skip
    wanted = segments(asked, cut)
    for segment in wanted:
        sql = walk(asked, segment)
        limit = cut.limit - len(found)
        rows = reader.rows(f"{sql.text} LIMIT ? OFFSET ?", (*sql.values, limit, skip))
        found += [_found(row) for row in rows]
        if len(found) >= cut.limit:
            break
        if rows:
            skip = 0
        elif skip and segment is not wanted[-1]:
            counted = reader.row(f"SELECT count(*) FROM ({sql.text})", sql.values)[0]
            skip = max(0, skip - counted)
    if cut.backwards:
        found.reverse()
    return found


def _found(row: Any) -> _Found:
    return _Found(row[0], Place(value=row[1], file_id=FileId(row[2])))


def _cost(source: Source) -> int:
    """What one of its candidates costs to gather, in tenths of a microsecond."""
    return 1 if source.wide else _TABLE_COST


def _size(reader: Reader, source: Source, most: int) -> int:
    """How many candidates, counted up to `most`."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM ({source.rows.text}) LIMIT ?)"
    return int(reader.row(sql, (*source.rows.values, most))[0])


def _owners(reader: Reader, viewer: UserId | None) -> tuple[int, ...]:
    row = reader.row("SELECT owner FROM owners WHERE user_id = ?", (viewer,))
    return (0,) if row is None else (0, row[0])


# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.


def matching(reader: Reader, question: Question, file_ids: Sequence[FileId]) -> frozenset[FileId]:
    """Those of them that match, all seen at one moment."""
    found: set[FileId] = set()
    with reader.snapshot():
        where = asked_of(reader, question)[0].where
        for part, marks in in_parts(file_ids):
            # The plus keeps SQLite from walking an index of the condition instead.
            sql = (
                "SELECT f.file_id FROM audio_files AS f"
                f" WHERE f.file_id IN ({marks}) AND +({where.text})"
            )
            found |= {FileId(row[0]) for row in reader.rows(sql, (*part, *where.values))}
    return frozenset(found)
