"""Every filter and every order that smtui asks MongoDB for is served by a declared index."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.question import (
    CHOICES,
    NUMBERS,
    QUALITIES,
    SORTABLE,
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
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.filters import (
    SORT_FIELDS,
    Find,
    filter_of,
    stretches_below,
    walks_of_unheard,
)
from smtui.stores.mongo.foreign_documents import STRANGERS
from smtui.stores.mongo.indexes import AUDIO_FILES, INDEXES
from smtui.stores.mongo.library import make_ready
from smtui.stores.mongo.planner import Source, counts, finds, of_ids, owned, parts_of, sources

ANNA = UserId("anna")
DECLARED = {index.keys: index for index in INDEXES[AUDIO_FILES]}

# What an index finds by its bounds; `$nor`, `$or` and the like only look at what was found.
BOUNDING = {"$gte", "$gt", "$lte", "$lt", "$in", "$elemMatch", "$regex"}
KNOWN = BOUNDING | {"$and", "$or", "$nor"}

MAYBE_UNKNOWN: tuple[Field, ...] = (
    *(Field.TEMPO, Field.KEY, Field.MODE, Field.KIND, Field.LOUDNESS, Field.TAGS),
    *QUALITIES,
)
LEAVES: tuple[Expression, ...] = (
    Words("kick"),
    Words('a.*"\\E$'),
    Tagged("House"),
    Within("drums"),
    Within("/a/drums"),
    Within("/a/drums", direct=True),
    Within("x" * 500),
    *(Between(field, 1.0, 2.0) for field in NUMBERS),
    *(Between(field, None, 2.0) for field in NUMBERS),
    *(Between(field, None, None) for field in NUMBERS if field is not Field.ADDED),
    *(OneOf(field, ("a", "b")) for field in CHOICES),
    *(Unknown(field) for field in MAYBE_UNKNOWN),
    *(Is(fact) for fact in Fact),
)
TREES: tuple[Expression, ...] = (
    Everything(),
    *LEAVES,
    *(Not(leaf) for leaf in LEAVES),
    All((Words("kick"), Words("drum"), Is(Fact.LOOP))),
    AnyOf((Tagged("a"), Between(Field.TEMPO, 120.0, None))),
    AnyOf((Tagged("a"), Not(Tagged("b")))),
    All((AnyOf((Words("a"), Tagged("b"))), OneOf(Field.KIND, ("kick",)))),
    AnyOf(()),
    All(()),
)
VALUES: dict[Field, SortValue] = {
    **dict.fromkeys(SORTABLE, "m"),
    **dict.fromkeys((Field.TEMPO, Field.LENGTH, Field.LOUDNESS), 120.0),
    Field.ADDED: 1_700_000_000_000,
}


def cuts(by: Field) -> Iterator[Cut]:
    yield Cut(limit=200)
    for value in (VALUES[by], None):
        place = Place(value=value, file_id=FileId("f"))
        yield Cut(limit=200, after=place, skip=7)
        yield Cut(limit=200, before=place)


def questions() -> Iterator[Question]:
    for tree, by, falling in itertools.product(TREES, SORTABLE, (False, True)):
        yield Question(expression=tree, sort=Sort(field=by, descending=falling), viewer=ANNA)


def conditions(asked: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What must hold, field by field."""
    for name, value in asked.items():
        if name == "$and":
            for part in value:
                yield from conditions(part)
        else:
            yield name, value


def operators(asked: Any) -> Iterator[str]:
    if isinstance(asked, dict):
        for name, value in asked.items():
            if name.startswith("$"):
                yield name
            yield from operators(value)
    elif isinstance(asked, list):
        for one in asked:
            yield from operators(one)


def bounds(find_filter: dict[str, Any], field: str) -> bool:
    """Whether the filter limits the field so that an index finds it by its bounds."""
    return any(
        not isinstance(value, dict) or (value and set(value) <= BOUNDING)
        for name, value in conditions(find_filter)
        if name == field
    )


def walked(find: Find) -> bool:
    """Whether the index gives the order, forwards or backwards."""
    falling = tuple((name, -way) for name, way in find.hint)
    return find.order in (find.hint, falling)


def served(find: Find) -> bool:
    return (
        find.hint in DECLARED
        and set(operators(find.filter)) <= KNOWN
        and bounds(find.filter, find.hint[0][0])
    )


def test_every_page_without_a_source_is_a_walk_in_order() -> None:
    for question in questions():
        for cut in cuts(question.sort.field):
            for find in finds(question, cut):
                assert served(find), find
                assert walked(find), find
                assert find.hint[0][0] == SORT_FIELDS[question.sort.field]


def test_every_page_through_a_source_begins_in_the_index_of_the_source() -> None:
    for question in questions():
        found = [part for one in sources(question.expression) for part in parts_of(one)]
        for source in (*found, owned(ANNA), owned(None), of_ids(["a", "b"])):
            for cut in cuts(question.sort.field):
                for find in finds(question, cut, source):
                    assert served(find), find
                    assert find.hint == source.hint


def test_every_count_begins_in_an_index() -> None:
    for question in questions():
        found = [part for one in sources(question.expression) for part in parts_of(one)]
        for source in (None, *found):
            for find in counts(question, source):
                assert served(find), find
    assert len(counts(Question(viewer=ANNA))) == 2
    assert len(counts(Question())) == 1


@pytest.mark.parametrize("leaf", LEAVES, ids=repr)
def test_every_condition_has_an_index_of_its_own(leaf: Expression) -> None:
    (source,) = sources(leaf)
    assert isinstance(source, Source)
    asked = Find(filter=source.where, order=(), hint=source.hint)
    assert served(asked)
    assert source.where == filter_of(leaf)


def test_a_sparse_index_is_asked_only_for_what_it_has() -> None:
    for leaf in LEAVES:
        for source in sources(leaf):
            for part in parts_of(source):
                if DECLARED[part.hint].sparse:
                    assert None not in part.where.values()


def test_a_part_that_may_be_false_is_no_source() -> None:
    maybe = AnyOf((Tagged("a"), Not(Tagged("b"))))
    trees: list[Expression] = [maybe, *(Not(leaf) for leaf in LEAVES)]
    assert [sources(tree) for tree in trees] == [[]] * len(trees)


def test_words_are_looked_for_after_what_has_bounds() -> None:
    found = sources(All((Words("kick"), Tagged("a"), Words("b"), Between(Field.TEMPO, 1, 2))))
    scanned = [part.scanned for one in found for part in parts_of(one)]
    assert scanned == [False, False, True]


def test_next_to_a_place_nothing_is_passed_over() -> None:
    """Equal values and those beyond are two stretches: a thousand kicks are not walked again."""
    place = Place(value="kick", file_id=FileId("f"))
    question = Question(sort=Sort(field=Field.KIND, descending=True), viewer=ANNA)
    ties, beyond, others = finds(question, Cut(limit=9, after=place))
    assert {"heard.kind": "kick", "file_id": {"$lt": "f"}} in ties.filter["$and"]
    assert {"heard.kind": {"$lt": "kick"}} in beyond.filter["$and"]
    assert {"heard.kind": None} in others.filter["$and"]


def other_reads() -> Iterator[Find]:
    yield STRANGERS
    yield from stretches_below("/a", ANNA, None)
    yield from stretches_below("/", None, "x")
    for level, below, after in itertools.product(Level, (None, "/a"), (None, FileId("f"))):
        yield from walks_of_unheard(level, user_id=ANNA, below=below, after=after, retry=False)


@pytest.mark.parametrize("find", other_reads(), ids=repr)
def test_what_scans_and_workers_ask_is_a_walk_in_order(find: Find) -> None:
    assert served(find)
    assert walked(find)


async def test_the_server_plans_as_it_is_told(line: MongoLine) -> None:
    await make_ready(line)
    database = line.database
    try:
        await database.command("explain", {"find": AUDIO_FILES, "filter": {}})
    except OperationFailure as error:
        pytest.skip(f"This server does not explain its plans: {error.details}")
    await database[AUDIO_FILES].insert_one({"file_id": "f", "file_path": "/f"})
    for question in questions():
        for find in finds(question, Cut(limit=200)):
            stages = await planned(database, find)
            assert not stages & {"COLLSCAN", "SORT"}, find
        for source in [part for one in sources(question.expression) for part in parts_of(one)]:
            for find in finds(question, Cut(limit=200), source):
                assert "COLLSCAN" not in await planned(database, find), find


async def planned(database: Any, find: Find) -> set[str]:
    """The kinds of steps in the plan that the server chose."""
    asked = {
        "find": AUDIO_FILES,
        "filter": find.filter,
        "sort": dict(find.order),
        "hint": dict(find.hint),
        "limit": 200,
    }
    answer = await database.command("explain", asked, verbosity="queryPlanner")
    return set(stages_of(answer["queryPlanner"]["winningPlan"]))


def stages_of(plan: Any) -> Iterator[str]:
    if isinstance(plan, dict):
        if isinstance(plan.get("stage"), str):
            yield plan["stage"]
        for part in plan.values():
            yield from stages_of(part)
    elif isinstance(plan, list):
        for part in plan:
            yield from stages_of(part)
