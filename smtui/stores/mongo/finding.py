"""Which index a question is answered by.

The order's own index always can: it is walked, and what does not match is passed by. That is
quick where many match, and slow where few do. So the other parts of the question are looked at
as well: one that surely holds for every match and has an index is a *source*. A source with few
sounds is gathered and sorted; that costs as many look-ups as it has sounds, and a walk about
(page · library ÷ matches). The two meet near √(200 · 1,000,000) ≈ 14,000 sounds.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    Question,
    Tagged,
    Unknown,
    Within,
    Words,
)
from smtui.domain.question import Any as AnyOf
from smtui.stores.mongo.filters import EVERYTHING, FIELDS, NOTHING, Filter, both, filter_of, visible
from smtui.stores.mongo.sorting import Find, Keys, index_of, segments

BY_ID: Keys = (("file_id", 1),)
BY_OWNER: Keys = (("user_id", 1),)
BY_NAME = index_of(Field.NAME)
UNHEARD: Keys = (("heard.rank", 1), ("file_id", 1))
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
    worded = any(isinstance(one, Source) and one.hint == BY_NAME for one in found)
    return [Find(filter=asked, order=(), hint=BY_NAME if worded else BY_OWNER)]


def of_ids(file_ids: list[str]) -> Source:
    """What was found before, by its ids."""
    return Source(where={"file_id": {"$in": file_ids}}, hint=BY_ID)


def _words(*texts: Words) -> Source:
    return Source(where=both(*(filter_of(one) for one in texts)), hint=BY_NAME, scanned=True)


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
    return any(one.scanned for one in parts_of(source))


def parts_of(source: Source | Union) -> tuple[Source, ...]:
    """The sources that it consists of."""
    return source.parts if isinstance(source, Union) else (source,)


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
