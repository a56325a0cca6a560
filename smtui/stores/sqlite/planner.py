"""How a question is answered: pages, counts, signposts, along whichever index is the cheapest.

A sorted answer is two segments: the sounds with a value, then those without. Either is walked along
one index, (value, file_id); descending is the same walk backwards, ties included. So nothing need
be sorted, and "without a value last" holds both ways.

Whether to walk at all is decided by looking. First the order's own index is walked for a glance:
most pages are full by then. If not: how many candidates has each part of the question (counted no
further than needed)? Few are gathered and sorted. With many, the walk goes on for about as long as
gathering would take, then gives up: in this order all kicks may come late.
"""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from smtui.domain.question import (
    NEVER_UNKNOWN,
    All,
    Between,
    Cut,
    Expression,
    Field,
    OneOf,
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
    all_of,
    between,
    choices,
    condition,
    index_of,
    indexed,
    owned,
    sources,
    without,
)
from smtui.stores.sqlite.connections import BudgetSpent, Reader
from smtui.stores.sqlite.values import Value

_TABLE_COST = 3


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
        few: this many candidates are gathered at once.
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


class RowPlace(NamedTuple):
    """A sound's row number and where it stands in the answer."""

    row: int
    place: Place


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
        """Return these where values lie between two, both included; None: there are no values."""
        if low is None:
            return replace(self, known=False)
        inside = Sql(f"{column} >= ? AND {column} <= ?", (low, high))
        return replace(self, values=all_of([self.values, inside]))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment, walked one way from a place or from its end."""

    valued: bool
    falling: bool
    start: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a question can be answered.

    Attributes:
        whole: what must hold, for a walk along the order's index.
        rest: the same without what the source itself says, for gathering.
        source: the source of candidates that is gathered soonest, or None where none is small.
        size: how many candidates it has.
    """

    whole: Filter
    rest: Filter
    source: Source | None
    size: int


def find_rows(
    reader: Reader, question: Question, cut: Cut, effort: Effort = USUAL
) -> list[RowPlace]:
    """Return one page of rows in order."""
    whole, mine = filter_of(reader, question)
    inside = indexed(question.expression, question.sort.field)
    found = _walk_for(reader, whole, cut, effort.glance if inside else effort.glance_outside)
    if found is not None:
        return found
    plan = _plan(reader, question, effort, (whole, mine))
    if plan.source is None or (inside and _is_worth_a_walk(reader, question, plan, effort)):
        return _walk(reader, whole, cut)
    time = _patience(question, plan, effort) if plan.size > effort.few else 0
    if time:
        found = _walk_for(reader, _narrowed(reader, whole, plan.source), cut, time)
        if found is not None:
            return found
    return _gather(reader, plan.source, plan.rest, cut)


def count(reader: Reader, question: Question, effort: Effort = USUAL) -> int:
    """Return how many sounds match."""
    with reader.snapshot():
        plan = _plan(reader, question, effort, filter_of(reader, question))
        if plan.source is not None:
            table, limits = plan.source.table, plan.source.where
        else:
            # Any index will do, and SQLite takes the smallest that has all it needs.
            table, limits = Sql("audio_files AS f"), ALL_ROWS
        where = all_of([limits, plan.rest.where])
        sql = f"SELECT count(*) FROM {table.text} WHERE {where.text}"
        return int(reader.row(sql, (*table.values, *where.values))[0])


def signposts(
    reader: Reader, question: Question, every: int, effort: Effort = USUAL
) -> tuple[Place, ...]:
    """Return the places of rows 0, every, 2·every and so on."""
    plan = _plan(reader, question, effort, filter_of(reader, question))
    if plan.source is not None:
        sql = numbering_sql(plan.rest, plan.source)
        rows = reader.rows(
            f"SELECT value, file_id FROM ({sql.text}) WHERE number % ? = 0 ORDER BY number",
            (*sql.values, every),
        )
        return tuple(Place(value=value, file_id=FileId(file_id)) for value, file_id in rows)
    # In steps, not one long statement: none holds the write-ahead log from being emptied.
    posts: list[Place] = []
    cut = Cut(limit=1)
    while found := _walk(reader, plan.whole, cut):
        posts.append(found[0].place)
        cut = Cut(limit=1, after=posts[-1], skip=every - 1)
    return tuple(posts)


def filter_of(reader: Reader, question: Question) -> tuple[Filter, Source]:
    """Return what must hold for a viewer, and the source of all that they may see."""
    owner = reader.row("SELECT owner FROM owners WHERE user_id = ?", (question.viewer,))
    mine = owned((0,) if owner is None else (0, owner[0]))
    where = all_of([mine.where, condition(question.expression)])
    limits = limits_of(question.expression, question.sort.field)
    return Filter(sort=question.sort, where=where, limits=limits), mine


def limits_of(expression: Expression, field: Field) -> Limits:
    """Return the limits that a question sets to a column, as far as its index can serve them."""
    column = f"f.{SORT_COLUMNS[field]}"
    match expression:
        case All(parts=parts):
            limits = [limits_of(part, field) for part in parts]
            return Limits(
                values=all_of([part.values for part in limits]),
                known=all(part.known for part in limits),
                unknown=all(part.unknown for part in limits),
            )
        case Between(field=limited, low=low, high=high) if limited is field:
            return Limits(values=between(column, low, high), unknown=False)
        case OneOf(field=limited, values=(value,)) if limited is field:
            return Limits(values=Sql(f"{column} = ?", choices(field, (value,))), unknown=False)
        case OneOf(field=limited) if limited is field:
            return Limits(unknown=False)
        case Unknown(field=limited) if limited is field:
            return Limits(known=False)
        case _:
            return Limits()


def segments(whole: Filter, cut: Cut) -> list[Segment]:
    """Return the segments to walk, in the order of walking; none in which nothing can match."""
    falling = whole.sort.descending is not cut.backwards
    start = cut.start
    kinds = [True] if whole.sort.field in NEVER_UNKNOWN else [True, False]
    if cut.backwards:
        kinds.reverse()
    if start is not None:
        valued = start.value is not None
        kinds = kinds[kinds.index(valued) :] if valued in kinds else []
    possible = {True: whole.limits.known, False: whole.limits.unknown}
    return [
        Segment(valued=kind, falling=falling, start=start if place == 0 else None)
        for place, kind in enumerate(kinds)
        if possible[kind]
    ]


def walk_sql(whole: Filter, segment: Segment) -> Sql:
    """Return the statement for a segment in order, along the index of the column sorted by."""
    limits = [Sql(f"{whole.column} IS NULL")]
    if segment.valued:
        limits = [Sql(f"{whole.column} IS NOT NULL"), whole.limits.values]
    where = all_of([*limits, _beyond(whole, segment), whole.where])
    way = "DESC" if segment.falling else "ASC"
    keys = [whole.column, "f.file_id"] if segment.valued else ["f.file_id"]
    order = ", ".join(f"{key} {way}" for key in keys)
    text = (
        f"SELECT f.row AS row, {whole.column} AS value, f.file_id AS file_id"
        f" FROM audio_files AS f INDEXED BY {index_of(whole.sort.field)}"
        f" WHERE {where.text} ORDER BY {order}"
    )
    return Sql(text, where.values)


def gather_sql(rest: Filter, cut: Cut, source: Source) -> Sql:
    """Return the statement for rows next to a place, gathered from a source and then sorted."""
    falling = rest.sort.descending is not cut.backwards
    where = all_of([source.where, rest.where, _beyond_both(rest, cut, falling=falling)])
    text = (
        f"SELECT f.row AS row, {rest.column} AS value, f.file_id AS file_id"
        f" FROM {source.table.text} WHERE {where.text}"
        f" ORDER BY {_order(rest, falling=falling, backwards=cut.backwards)}"
    )
    return Sql(text, (*source.table.values, *where.values))


def numbering_sql(rest: Filter, source: Source) -> Sql:
    """Return the statement for all matches of a source with their number in the order, from 0."""
    where = all_of([source.where, rest.where])
    order = _order(rest, falling=rest.sort.descending, backwards=False)
    text = (
        f"SELECT {rest.column} AS value, f.file_id AS file_id,"
        f" row_number() OVER (ORDER BY {order}) - 1 AS number"
        f" FROM {source.table.text} WHERE {where.text}"
    )
    return Sql(text, (*source.table.values, *where.values))


def _plan(
    reader: Reader, question: Question, effort: Effort, filters: tuple[Filter, Source]
) -> Plan:
    """Look at the candidates of each part and choose the source that is gathered soonest."""
    whole, mine = filters
    best, size, dearest = None, effort.counted, effort.counted * _TABLE_COST
    for source in sorted(sources(question.expression), key=_cost):
        # Counted no further than it could still be the best.
        most = min(effort.counted, dearest // _cost(source))
        candidates = _size(reader, source, most)
        if candidates < most:
            best, size, dearest = source, candidates, candidates * _cost(source)
    # Mostly all sounds are the viewer's, so counting them tells nothing but that they are many.
    most = min(effort.few, size)
    candidates = _size(reader, mine, most)
    if candidates < most:
        best, size = mine, candidates
    if best is None or best.part is None:
        return Plan(whole=whole, rest=whole, source=best, size=size)
    where = all_of([mine.where, condition(without(question.expression, best.part))])
    return Plan(whole=whole, rest=replace(whole, where=where), source=best, size=size)


def _cost(source: Source) -> int:
    """What one of its candidates costs to gather, in tenths of a microsecond."""
    return 1 if source.wide else _TABLE_COST


def _size(reader: Reader, source: Source, most: int) -> int:
    """How many candidates, counted up to `most`."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM ({source.rows.text}) LIMIT ?)"
    return int(reader.row(sql, (*source.rows.values, most))[0])


def _patience(question: Question, plan: Plan, effort: Effort) -> int:
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


def _is_worth_a_walk(reader: Reader, question: Question, plan: Plan, effort: Effort) -> bool:
    """True if walking past every sound costs less than looking all candidates up."""
    if plan.source is None or plan.source.serves(question.sort.field):
        return False
    passed = effort.passed_scattered if plan.source.wide else effort.passed
    sounds_at_most = reader.row("SELECT coalesce(max(row), 0) FROM audio_files")[0]
    return plan.size * passed > int(sounds_at_most)


def _narrowed(reader: Reader, whole: Filter, source: Source) -> Filter:
    """The filter with the walk kept to where candidates lie: no kick has a key or is long.

    Only if the source's index knows their values, as that takes hardly longer than counting them.
    """
    if not source.serves(whole.sort.field):
        return whole
    column, where = whole.column, source.where
    sql = f"SELECT min({column}), max({column}) FROM {source.table.text} WHERE {where.text}"
    low, high = reader.row(sql, (*source.table.values, *where.values))
    return replace(whole, limits=whole.limits.narrowed(column, low, high))


def _walk_for(reader: Reader, whole: Filter, cut: Cut, time: int) -> list[RowPlace] | None:
    """Walk along the order's index; None if that took longer than `time` µs, or may take none."""
    if not time:
        return None
    try:
        with reader.budget(time):
            return _walk(reader, whole, cut)
    except BudgetSpent:
        return None


def _walk(reader: Reader, whole: Filter, cut: Cut) -> list[RowPlace]:
    """Read segment after segment until the page is full."""
    found: list[RowPlace] = []
    skip = cut.skip
    wanted = segments(whole, cut)
    for segment in wanted:
        sql = walk_sql(whole, segment)
        rows = _limited(reader, sql, limit=cut.limit - len(found), skip=skip)
        found += rows
        if len(found) >= cut.limit:
            break
        if rows:
            skip = 0
        elif skip and segment is not wanted[-1]:
            counted = reader.row(f"SELECT count(*) FROM ({sql.text})", sql.values)[0]
            skip = max(0, skip - counted)
    return found[::-1] if cut.backwards else found


def _gather(reader: Reader, source: Source, rest: Filter, cut: Cut) -> list[RowPlace]:
    """Gather the candidates and sort those that match."""
    found = _limited(reader, gather_sql(rest, cut, source), limit=cut.limit, skip=cut.skip)
    return found[::-1] if cut.backwards else found


def _limited(reader: Reader, sql: Sql, *, limit: int, skip: int) -> list[RowPlace]:
    return [
        RowPlace(row, Place(value=value, file_id=FileId(file_id)))
        for row, value, file_id in reader.rows(
            f"{sql.text} LIMIT ? OFFSET ?", (*sql.values, limit, skip)
        )
    ]


def _order(rest: Filter, *, falling: bool, backwards: bool) -> str:
    """Both segments in one; the plus keeps SQLite from walking the sort's index after all."""
    way = "DESC" if falling else "ASC"
    last = "DESC" if backwards else "ASC"
    return f"+{rest.column} IS NULL {last}, +{rest.column} {way}, +f.file_id {way}"


def _beyond_both(rest: Filter, cut: Cut, *, falling: bool) -> Sql:
    """What lies beyond the starting place, in its own segment and in the one behind."""
    if cut.start is None:
        return ALL_ROWS
    valued = cut.start.value is not None
    known = "IS NOT NULL" if valued else "IS NULL"
    segment = Segment(valued=valued, falling=falling, start=cut.start)
    beyond = _beyond(rest, segment, plus="+")
    text = f"+{rest.column} {known} AND {beyond.text}"
    if valued is not cut.backwards:
        behind = "IS NULL" if valued else "IS NOT NULL"
        text = f"({text}) OR +{rest.column} {behind}"
    return Sql(text, beyond.values)


def _beyond(whole: Filter, segment: Segment, *, plus: str = "") -> Sql:
    """What lies beyond the starting place."""
    if segment.start is None:
        return ALL_ROWS
    sign = "<" if segment.falling else ">"
    if not segment.valued:
        return Sql(f"{plus}f.file_id {sign} ?", (segment.start.file_id,))
    value = segment.start.value
    stored: Value = storable(value) if isinstance(value, str) else value
    text = f"({plus}{whole.column}, {plus}f.file_id) {sign} (?, ?)"
    return Sql(text, (stored, segment.start.file_id))
