"""Answers to questions: pages, counts, signposts, along whichever index is the cheapest.

Which one, is decided by looking: how many candidates has each part of the question (counted no
further than needed)? Few: gather and sort them. Many: walk the order's index until the page is
full. A walk that finds too little for what it costs (all kicks come late in this order) is given
up for the gathering.
"""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from smtui.domain.account import UserId
from smtui.domain.question import Page, Place, Question
from smtui.domain.sample import FileId
from smtui.stores.sqlite.candidates import Source, owned, sources
from smtui.stores.sqlite.conditions import Sql, condition, joined
from smtui.stores.sqlite.connections import BudgetSpent, Reader
from smtui.stores.sqlite.sample_rows import SELECT_SAMPLE, sample_of
from smtui.stores.sqlite.segments import (
    Cut,
    Filter,
    Segment,
    gather,
    limits_of,
    segments,
    walk,
)

T = TypeVar("T")

# Counted on 1,000,000 sounds: gathering costs about as much for one sound as walking past ten.
_FEW = 3_000
_COUNTED = 50_000
_WALKED_PER_GATHERED = 100
_LEAST_BUDGET = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a question is answered: `source` with `size` candidates, or a walk where it is None."""

    asked: Filter
    source: Source | None
    size: int


def planned(reader: Reader, question: Question) -> Plan:
    """Look at the candidates of each part and choose the smallest source."""
    owners = _owners(reader, question.viewer)
    mine = owned(owners)
    parts = [mine.where, condition(question.expression)]
    where = joined(" AND ", parts)
    assert where is not None
    asked = Filter(
        sort=question.sort,
        where=where,
        limits=limits_of(question.expression, question.sort.field),
    )
    best: Source | None = None
    size = _COUNTED
    for source in [*sources(question.expression), mine]:
        counted = _size(reader, source, size)
        if counted < size:
            best, size = source, counted
    return Plan(asked=asked, source=best, size=size)


def page(reader: Reader, question: Question, cut: Cut) -> Page:
    """One page of samples, all seen at one moment."""
    with reader.moment():
        found = _rows(reader, planned(reader, question), cut)
        marks = ", ".join("?" * len(found))
        rows = reader.rows(
            f"{SELECT_SAMPLE} WHERE f.row IN ({marks})", [place.row for place in found]
        )
    samples = {row[0]: sample_of(row) for row in rows}
    return Page(
        samples=tuple(samples[place.row] for place in found),
        places=tuple(place.place for place in found),
    )


def places(reader: Reader, question: Question, cut: Cut) -> list[Place]:
    """Places alone."""
    with reader.moment():
        return [found.place for found in _rows(reader, planned(reader, question), cut)]


def count(reader: Reader, question: Question) -> int:
    """How many sounds match."""
    with reader.moment():
        plan = planned(reader, question)
        if plan.source is not None:
            table, limits = plan.source.table, plan.source.where
        else:
            # Any index will do, and SQLite takes the smallest that has all it needs.
            table, limits = Sql("audio_files AS f"), Sql("1")
        where = joined(" AND ", [limits, plan.asked.where])
        assert where is not None
        sql = f"SELECT count(*) FROM {table.text} WHERE {where.text}"
        return int(reader.one(sql, (*table.values, *where.values))[0])


def signposts(reader: Reader, question: Question, every: int) -> tuple[Place, ...]:
    """Places of rows 0, every, 2·every and so on.

    In steps, not one long statement: each can be stopped, and none holds the write-ahead log
    from being emptied.
    """
    posts: list[Place] = []
    while True:
        cut = Cut(limit=1, after=posts[-1] if posts else None, skip=every - 1 if posts else 0)
        found = places(reader, question, cut)
        if not found:
            return tuple(posts)
        posts.append(found[0])


@dataclass(frozen=True, slots=True)
class _Found:
    row: int
    place: Place


def _rows(reader: Reader, plan: Plan, cut: Cut) -> list[_Found]:
    source = plan.source
    if source is None:
        return _along(reader, plan.asked, cut, lambda segment: walk(plan.asked, segment))
    if plan.size > _FEW:
        try:
            with reader.budget(max(_LEAST_BUDGET, plan.size * _WALKED_PER_GATHERED)):
                return _along(reader, plan.asked, cut, lambda segment: walk(plan.asked, segment))
        except BudgetSpent:
            pass
    return _along(reader, plan.asked, cut, lambda segment: gather(plan.asked, segment, source))


def _along(
    reader: Reader, asked: Filter, cut: Cut, statement: Callable[[Segment], Sql]
) -> list[_Found]:
    """Read segment after segment until the page is full."""
    found: list[_Found] = []
    skip = cut.skip
    wanted = segments(asked.sort, cut)
    for segment in wanted:
        sql = statement(segment)
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


def _size(reader: Reader, source: Source, most: int) -> int:
    """How many candidates, counted up to `most`."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM ({source.rows.text}) LIMIT ?)"
    return int(reader.one(sql, (*source.rows.values, most))[0])


def _owners(reader: Reader, viewer: UserId | None) -> tuple[int, ...]:
    row = reader.one("SELECT owner FROM owners WHERE user_id = ?", (viewer,))
    return (0,) if row is None else (0, row[0])
