"""Which index a question is answered by, and its answers: pages, ids, counts, signposts.

A sorted answer comes as segments, each a walk along one index from one end to the other. First the
sounds with a value, then those without: so "without a value last" holds both ways. Next to a place
come first those of the same value with a further id, then those beyond. Each segment is one
unbroken stretch of the index {value, file_id}; descending is the same stretch backwards, ties
included. So nothing is sorted and nothing is passed over to get there.

The order's own index always can answer: it is walked, and what does not match is passed by. That is
quick where many match, and slow where few do. So the other parts of the question are looked at
as well: one that surely holds for every match and has an index is a *source*. A source with few
sounds is gathered and sorted; that costs as many look-ups as it has sounds, and a walk about
(page · library ÷ matches). The two meet near √(200 · 1,000,000) ≈ 14,000 sounds.

Counts and rare answers are remembered for a little while, as a table asks the same question for
each of its pages. A count only chooses between two ways to the same answer, so an old one does no
harm. Ids are part of an answer, so they are forgotten when any smtui changes the library; what
another program adds shows up `REMEMBERED_SECONDS` later.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from smtui.domain.account import UserId
from smtui.domain.question import (
    QUALITIES,
    All,
    Between,
    Cut,
    Everything,
    Expression,
    Fact,
    Field,
    Is,
    Not,
    OneOf,
    Page,
    Place,
    Question,
    Sort,
    SortValue,
    Tagged,
    Unknown,
    Within,
    Words,
)
from smtui.domain.question import Any as AnyOf
from smtui.domain.sample import FileId
from smtui.domain.text import storable
from smtui.lru import Lru
from smtui.stores.mongo.client import BACKGROUND_SECONDS, Cursor, MongoLine
from smtui.stores.mongo.filters import (
    BY_ID,
    EARLIEST,
    EVERYTHING,
    FIELDS,
    NOTHING,
    SORT_FIELDS,
    UNHEARD,
    Filter,
    Find,
    Keys,
    both,
    filter_of,
    ms_of,
    time_at,
    visible,
)
from smtui.stores.mongo.indexes import AUDIO_FILES
from smtui.stores.mongo.optimistic_updates import read_generation
from smtui.stores.mongo.sample_codec import sample_of
from smtui.stores.mongo.values import Document

REMEMBERED_SECONDS = 20.0
_PAGE_SECONDS = 15.0
"""A walk past 1,000,000 sounds takes some seconds, and is no silence of the server."""

_MOST_REMEMBERED = 256

_NUMBERS = (Field.TEMPO, Field.LENGTH, Field.LOUDNESS)


BY_OWNER: Keys = (("user_id", 1),)


def index_of(field: Field) -> Keys:
    """The index that an order is walked along."""
    return ((SORT_FIELDS[field], 1), ("file_id", 1))


BY_NAME = index_of(Field.NAME)
BY_DISAGREEMENT: Keys = (("disagrees", 1), ("file_id", 1))

_FACT_INDEXES: dict[Fact, Keys] = {
    Fact.LOOP: (("heard.is_loop", 1), ("file_id", 1)),
    Fact.ONESHOT: (("heard.is_loop", 1), ("file_id", 1)),
    Fact.HEARD: UNHEARD,
    Fact.FAILED: (("trouble.code", 1),),
    Fact.MISSING: (("missing_since", 1),),
    Fact.DISAGREE: BY_DISAGREEMENT,
    Fact.UNREADABLE: BY_ID,
}
_FIELD_INDEXES: dict[Field, Keys] = {
    Field.MODE: (("heard.mode", 1), ("file_id", 1)),
    Field.NOTE: (("heard.root_note", 1),),
    Field.FORMAT: (("format", 1),),
    Field.RATE: (("sample_rate", 1),),
    Field.CHANNELS: (("channels", 1),),
    **{field: ((FIELDS[field], 1),) for field in QUALITIES},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much of what is tried before something else is.

    On a MongoDB whose indexes fit in memory a key costs 0.3 to 1 µs, a document 3 to 5 µs.

    Attributes:
        few: so many sounds are gathered and sorted at once.
        ids: so many are remembered by their ids.
        counted: sounds are counted up to here.
        patience: time for a walk, for each sound that would be gathered instead, µs.
        shortest: the least time for a walk, s, on a line that may be slow.
    """

    few: int = 14_000
    ids: int = 5_000
    counted: int = 100_000
    patience: float = 5.0
    shortest: float = 0.4


USUAL = Effort()


class Planner:
    """Chooses between the indexes that can answer a question, and answers it."""

    def __init__(self, line: MongoLine, *, effort: Effort = USUAL) -> None:
        self._line = line
        self._effort = effort
        self._memory: Lru[Hashable, object] = Lru(_MOST_REMEMBERED, seconds=REMEMBERED_SECONDS)

    async def page(self, question: Question, cut: Cut) -> tuple[Page, list[Document]]:
        """Return one page of samples, and the documents that it is made of."""
        rows = await self._rows(question, cut)
        page = Page(
            samples=tuple(sample_of(row) for row in rows),
            places=tuple(place_of(row, question.sort.field) for row in rows),
        )
        return page, rows

    async def places(self, question: Question, cut: Cut) -> list[Place]:
        """Return places alone."""
        by = question.sort.field
        return [place_of(row, by) for row in await self._rows(question, cut, _place_fields(by))]

    async def count(self, question: Question) -> int:
        """Return how many sounds match."""
        source = None
        if filter_of(question.expression) != EVERYTHING:
            source = (await self._choose(question, whole=True)).source
        return sum([await self._count(find) for find in counts(question, source)])

    async def signposts(self, question: Question, every: int) -> tuple[Place, ...]:
        """Return the places of rows 0, every, 2·every and so on."""
        by = question.sort.field
        choice = await self._choose(question, whole=True)
        if choice.small:
            rows = await self._answer(question, Cut(limit=0), _place_fields(by), choice.source)
            return tuple(place_of(row, by) for row in rows[::every])
        # In steps, not one long cursor: nothing is held at the server meanwhile.
        posts: list[Place] = []
        cut = Cut(limit=1)
        while found := await self._answer(question, cut, _place_fields(by)):
            posts.append(place_of(found[0], by))
            cut = Cut(limit=1, after=posts[-1], skip=every - 1)
        return tuple(posts)

    def is_late(self, question: Question) -> bool:
        """True if a walk for this question has lately taken too long."""
        return self._memory.get(("late", question)) is not None

    async def _choose(self, question: Question, *, whole: bool = False) -> Choice:
        """Choose; `whole`: all matches are wanted, not one page of them."""
        found = sources(question.expression)
        plain = [source for source in found if isinstance(source, Source) and not source.scanned]
        others = [source for source in found if source not in plain]
        plain.append(owned(question.viewer))
        sizes = await asyncio.gather(*(self._size(source) for source in plain))
        size, best = min(zip(sizes, plain, strict=True), key=lambda pair: pair[0])
        if size < self._effort.few:
            return Choice(source=best, small=True)
        by_name = question.sort.field is Field.NAME and not whole
        for other in others:
            if by_name and isinstance(other, Source) and other.hint == BY_NAME:
                # Words in the order of names are read from the very index that is walked.
                continue
            ids = await self._ids(other)
            if ids is not None:
                return Choice(source=of_ids(ids), small=True)
        if best is plain[-1]:
            return Choice()
        patience = max(self._effort.shortest, self._effort.patience * size / 1e6)
        return Choice(source=best, seconds=patience)

    async def _size(self, source: Source) -> int:
        """Return how many sounds a source has, counted up to `counted`."""
        key = ("size", repr(source.where))
        known = self._memory.get(key)
        if isinstance(known, int):
            return known
        size = await self._count(source, limit=self._effort.counted)
        self._memory.put(key, size)
        return size

    async def _ids(self, source: Source | Union) -> list[str] | None:
        """Return the ids of all its sounds, or None where they are too many."""
        parts = parts_of(source)
        # Asked before, so that a change in between makes the answer old and not wrong.
        at = await self._line.ask(lambda: read_generation(self._line))
        key = ("ids", at, repr([part.where for part in parts]))
        known = self._memory.get(key)
        if known is None:
            gathered: dict[str, None] = {}
            for part in parts:
                if len(gathered) <= self._effort.ids:
                    gathered |= dict.fromkeys(await self._ids_of(part))
            known = tuple(gathered)
            self._memory.put(key, known)
        assert isinstance(known, tuple)
        return list(known) if len(known) <= self._effort.ids else None

    async def _ids_of(self, source: Source) -> list[str]:
        """Return the ids of its sounds, one more than `ids` where they are too many."""
        find = Find(filter=source.where, order=(), hint=source.hint)
        rows = await fetch(
            self._line, find, self._effort.ids + 1, ["file_id"], seconds=BACKGROUND_SECONDS
        )
        return [row.get("file_id") or "" for row in rows]

    async def _rows(
        self, question: Question, cut: Cut, fields: Document | None = None
    ) -> list[Document]:
        if cut.limit <= 0:
            return []
        choice = await self._choose(question)
        if choice.source is None or choice.small or self.is_late(question):
            return await self._answer(question, cut, fields, choice.source)
        try:
            return await self._in_time(question, cut, fields, choice.seconds)
        except TooLateError:
            self._memory.put(("late", question), question)
            return await self._answer(question, cut, fields, choice.source)

    async def _in_time(
        self, question: Question, cut: Cut, fields: Document | None, seconds: float
    ) -> list[Document]:
        """Walk along the order; raises TooLateError where that takes longer."""

        async def work() -> list[Document]:
            try:
                with pymongo.timeout(seconds):
                    return await self._fill(finds(question, cut), cut, fields)
            except PyMongoError as error:
                if error.timeout:
                    raise TooLateError from error
                raise

        return await self._line.ask(work, seconds=_PAGE_SECONDS)

    async def _answer(
        self, question: Question, cut: Cut, fields: Document | None, source: Source | None = None
    ) -> list[Document]:
        """Gather from a source what it has, sorted by the server, or without one walk the order."""
        wanted = finds(question, cut, source)
        return await self._line.ask(lambda: self._fill(wanted, cut, fields), seconds=_PAGE_SECONDS)

    async def _fill(
        self, wanted: Sequence[Find], cut: Cut, fields: Document | None
    ) -> list[Document]:
        """Read stretch after stretch until the page is full; a limit of 0 is none."""
        found: list[Document] = []
        skip = cut.skip
        for find in wanted:
            limit = max(0, cut.limit - len(found))
            rows = await cursor(self._line, find, limit, fields, skip=skip).to_list(None)
            found += rows
            if cut.limit and len(found) >= cut.limit:
                break
            if rows:
                skip = 0
            elif skip and find is not wanted[-1]:
                skip -= await self._line.collection(AUDIO_FILES).count_documents(
                    find.filter, limit=skip, hint=list(find.hint)
                )
        if cut.backwards:
            found.reverse()
        return found

    async def _count(self, asked: Find | Source, *, limit: int | None = None) -> int:
        where = asked.filter if isinstance(asked, Find) else asked.where
        limits: dict[str, Any] = {} if limit is None else {"limit": limit}

        async def work() -> int:
            return await self._line.collection(AUDIO_FILES).count_documents(
                where, hint=list(asked.hint), **limits
            )

        return await self._line.ask(work, seconds=BACKGROUND_SECONDS)


class TooLateError(Exception):
    """A walk took longer than it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How a question is answered: through a source that is small, or along the order.

    Attributes:
        source: the smallest source, None where nothing is known to be smaller than the library.
        small: it is gathered at once; otherwise only after a walk that took too long.
        seconds: how long such a walk may take.
    """

    source: Source | None = None
    small: bool = False
    seconds: float = 0.0


def finds(question: Question, cut: Cut, source: Source | None = None) -> list[Find]:
    """What the server is asked for, in the order of asking; without a source it is a walk."""
    where = both(visible(question.viewer), filter_of(question.expression))
    found = [segment.also(where) for segment in segments(question.sort, cut)]
    if source is None:
        return found
    return [find.also(source.where).through(source.hint) for find in found]


def counts(question: Question, source: Source | None = None) -> list[Find]:
    """What is counted; the sum is the answer."""
    where = filter_of(question.expression)
    if where == EVERYTHING:
        # One owner's sounds are counted from keys alone, those of two at once are not.
        owners = [None] if question.viewer is None else [None, question.viewer]
        return [Find(filter={"user_id": owner}, order=(), hint=BY_OWNER) for owner in owners]
    asked = both(visible(question.viewer), where)
    if source is not None:
        return [Find(filter=both(asked, source.where), order=(), hint=source.hint)]
    found = sources(question.expression)
    worded = any(isinstance(source, Source) and source.hint == BY_NAME for source in found)
    return [Find(filter=asked, order=(), hint=BY_NAME if worded else BY_OWNER)]


async def fetch(
    line: MongoLine,
    find: Find,
    limit: int,
    names: Sequence[str] = (),
    seconds: float | None = None,
) -> list[Document]:
    """Return documents in order, whole or some fields of them; a limit of 0 is none."""
    fields = {"_id": False, **dict.fromkeys(names, True)} if names else None
    return await line.ask(lambda: cursor(line, find, limit, fields).to_list(None), seconds=seconds)


def cursor(
    line: MongoLine, find: Find, limit: int, fields: Document | None = None, *, skip: int = 0
) -> Cursor:
    """Return a cursor over what `find` asks for, to be called within `ask`."""
    return line.collection(AUDIO_FILES).find(
        find.filter,
        fields,
        sort=list(find.order),
        hint=list(find.hint),
        skip=skip,
        limit=limit,
        batch_size=limit,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A part of a question that holds for every match, and its index.

    `scanned`: every key of the index is looked at, whatever the answer; so it is asked once and
    the ids that it gave are remembered.
    """

    where: Filter
    hint: Keys
    scanned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """Several sources of which one holds for each match; gathered by their ids."""

    parts: tuple[Source, ...]


def sources(expression: Expression) -> list[Source | Union]:
    """Every source of a question, those that are scanned last."""
    match expression:
        case All(parts=parts):
            texts = [part for part in parts if isinstance(part, Words)]
            others = [part for part in parts if not isinstance(part, Words)]
            found = [source for part in others for source in sources(part)]
            together = [_words(*texts)] if texts else []
            return sorted([*found, *together], key=_is_slow)
        case AnyOf(parts=parts) if parts:
            return _union([sources(part) for part in parts])
        case Not() | Everything() | AnyOf():
            return []
        case Words():
            return [_words(expression)]
        case _:
            return _of_leaf(expression)


def owned(viewer: UserId | None) -> Source:
    """What a viewer may see."""
    return Source(where=visible(viewer), hint=BY_OWNER)


def of_ids(file_ids: list[str]) -> Source:
    """What was found before, by its ids."""
    return Source(where={"file_id": {"$in": file_ids}}, hint=BY_ID)


def parts_of(source: Source | Union) -> tuple[Source, ...]:
    """The sources that it consists of."""
    return source.parts if isinstance(source, Union) else (source,)


def place_of(document: Mapping[str, Any], by: Field) -> Place:
    """Where a document stands in the order."""
    value: Any = document
    for name in SORT_FIELDS[by].split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, datetime):
        value = ms_of(value)
    return Place(value=value, file_id=FileId(document.get("file_id") or ""))


def segments(sort: Sort, cut: Cut) -> list[Find]:
    """The stretches to walk, in the order of walking."""
    falling = sort.descending is not cut.backwards
    field = SORT_FIELDS[sort.field]
    way = -1 if falling else 1
    stretches = _stretches(sort.field, cut, "$lt" if falling else "$gt")
    order = ((field, way), ("file_id", way))
    return [Find(filter=stretch, order=order, hint=index_of(sort.field)) for stretch in stretches]


"""Fields of an index or an order, each with 1 for rising or -1 for falling."""


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
    value = _stored_value(by, start.value)
    rest = [{field: value} | further, {field: {beyond: value}}]
    return rest if cut.backwards else [*rest, others]


def _lowest(by: Field) -> str | float | datetime:
    """The lowest value of a field's type; MongoDB compares only what is of one type."""
    if by is Field.ADDED:
        return EARLIEST
    return -math.inf if by in _NUMBERS else ""


def _stored_value(by: Field, value: SortValue) -> object:
    """A place's value as documents have it."""
    if isinstance(value, str):
        return storable(value)
    return time_at(value) if by is Field.ADDED and value is not None else value


def _words(*texts: Words) -> Source:
    return Source(where=both(*(filter_of(text) for text in texts)), hint=BY_NAME, scanned=True)


def _union(parts: list[list[Source | Union]]) -> list[Source | Union]:
    """One source for each part of a disjunction; none if a part has none."""
    found: list[Source] = []
    for part in parts:
        if not part:
            return []
        first = part[0]
        found += first.parts if isinstance(first, Union) else [first]
    return [Union(parts=tuple(found))]


def _is_slow(source: Source | Union) -> bool:
    return any(part.scanned for part in parts_of(source))


def _of_leaf(expression: Expression) -> list[Source | Union]:
    where = filter_of(expression)
    if where == EVERYTHING:
        return []
    if where == NOTHING:
        return [Source(where=where, hint=BY_ID)]
    match expression:
        case Tagged():
            return [Source(where=where, hint=(("tag_keys", 1),))]
        case Within():
            (field,) = where
            scanned = "$regex" in where[field]
            return [Source(where=where, hint=((field, 1),), scanned=scanned)]
        case Is(fact=fact):
            return [Source(where=where, hint=_FACT_INDEXES[fact])]
        case Between(field=field) | OneOf(field=field) | Unknown(field=field):
            hint = _FIELD_INDEXES.get(field)
            return [Source(where=where, hint=hint or ((FIELDS[field], 1), ("file_id", 1)))]
        case _:
            return []


def _place_fields(by: Field) -> Document:
    """Return the fields that a place is made of."""
    return {"_id": False, "file_id": True, SORT_FIELDS[by]: True}
