"""Answers to questions: pages, counts, signposts, along whichever index is the cheapest.

Which one, is decided by looking. First the order's own index is walked for a glance: most pages
are full by then. If not: how many candidates has each part of the question (counted no further
than needed)? Few are gathered and sorted. With many, the walk goes on for about as long as
gathering would take, then gives up: in this order all kicks may come late.
"""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.question import Cut, Page, Place, Question
from smtui.domain.sample import FileId
from smtui.stores.sqlite.candidates import Source, indexed, owned, sources, without
from smtui.stores.sqlite.conditions import Sql, condition, joined
from smtui.stores.sqlite.connections import BudgetSpent, Reader
from smtui.stores.sqlite.lookups import in_parts
from smtui.stores.sqlite.sample_rows import SELECT_SAMPLE, sample_of
from smtui.stores.sqlite.segments import Filter, gather, limits_of, numbered, segments, walk


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
    with reader.moment():
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
    with reader.moment():
        return [found.place for found in _rows(reader, question, cut, effort)]


def count(reader: Reader, question: Question, effort: Effort = USUAL) -> int:
    """How many sounds match."""
    with reader.moment():
        plan = planned(reader, question, effort)
        if plan.source is not None:
            table, limits = plan.source.table, plan.source.where
        else:
            # Any index will do, and SQLite takes the smallest that has all it needs.
            table, limits = Sql("audio_files AS f"), Sql("1")
        where = joined(" AND ", [limits, plan.rest.where])
        assert where is not None
        sql = f"SELECT count(*) FROM {table.text} WHERE {where.text}"
        return int(reader.one(sql, (*table.values, *where.values))[0])


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
    low, high = reader.one(sql, (*source.table.values, *where.values))
    return replace(asked, limits=asked.limits.narrowed(column, low, high))


def _worth_a_walk(reader: Reader, question: Question, plan: Plan, effort: Effort) -> bool:
    """Whether walking past every sound costs less than looking all candidates up."""
    if plan.source is None or plan.source.serves(question.sort.field):
        return False
    passed = effort.passed_scattered if plan.source.wide else effort.passed
    return plan.size * passed > _rows_at_most(reader)


def _rows_at_most(reader: Reader) -> int:
    return int(reader.one("SELECT coalesce(max(row), 0) FROM audio_files")[0])


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
            counted = reader.one(f"SELECT count(*) FROM ({sql.text})", sql.values)[0]
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
    return int(reader.one(sql, (*source.rows.values, most))[0])


def _owners(reader: Reader, viewer: UserId | None) -> tuple[int, ...]:
    row = reader.one("SELECT owner FROM owners WHERE user_id = ?", (viewer,))
    return (0,) if row is None else (0, row[0])
