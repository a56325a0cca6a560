"""Whatever is typed: no crash, and what is written back asks for the same sounds."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from smtui.domain.errors import QueryInvalid
from smtui.domain.query import parse, text_of
from smtui.domain.question import (
    QUALITIES,
    All,
    Any,
    Between,
    Everything,
    Expression,
    Fact,
    Field,
    Is,
    Not,
    OneOf,
    Tagged,
    Unknown,
    Within,
    Words,
)
from smtui.domain.text import folded

WORDS = ["kick", "bpm:", "key:", "a", "Bbm", "minor", "-", "not:", "|", '"', "120..128", ">", "~"]
WORDS += [
    "126",
    "tag:",
    "in:",
    "=",
    ",",
    " ",
    "loop",
    "\\",
    "is:",
    "len:",
    "ms",
    "..",
    "loud:",
    ".",
]
scribble = st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=12).map("".join)
text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda typed: typed.strip() and "\0" not in typed
)
number = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))


@st.composite
def between(draw: st.DrawFn) -> Between:
    field = draw(st.sampled_from([Field.TEMPO, Field.LENGTH, Field.LOUDNESS, *QUALITIES]))
    low, high = sorted([draw(number), draw(number)])
    cut = draw(st.sampled_from(["low", "high", "both"]))
    return Between(field, None if cut == "high" else low, None if cut == "low" else high)


atoms = st.one_of(
    st.just(Everything()),
    text.map(lambda typed: Words(folded(typed))),
    text.map(lambda typed: Tagged(typed.strip())),
    text.map(lambda typed: typed.rstrip("/")).filter(str.strip).map(Within),
    between(),
    st.sampled_from(Fact).map(Is),
    st.sampled_from([Field.TEMPO, Field.KEY, Field.KIND, Field.TAGS]).map(Unknown),
    st.just(OneOf(Field.KIND, ("kick", "snare"))),
    st.just(OneOf(Field.KEY, ("A#m",))),
)
trees = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: Any(tuple(parts))),
    ),
    max_leaves=6,
)


def holds(tree: Expression, truth: dict[Expression, bool]) -> bool:
    """Answer for one imagined sound, for which each condition has been decided."""
    match tree:
        case Everything():
            return True
        case Not(inner):
            return not holds(inner, truth)
        case All(parts):
            return all(holds(part, truth) for part in parts)
        case Any(parts):
            return any(holds(part, truth) for part in parts)
        case _:
            return truth[tree]


def conditions(tree: Expression) -> set[Expression]:
    match tree:
        case Everything():
            return set()
        case Not(inner):
            return conditions(inner)
        case All(parts) | Any(parts):
            return set().union(*(conditions(part) for part in parts))
        case _:
            return {tree}


@settings(max_examples=600, deadline=None)
@given(scribble | st.text())
def test_no_text_crashes_and_mistakes_lie_within_it(typed: str) -> None:
    try:
        tree = parse(typed)
    except QueryInvalid as error:
        mistake = error
    else:
        assert parse(text_of(tree)) == tree
        return
    assert 0 <= mistake.start <= mistake.end <= len(typed)
    assert mistake.title


@settings(max_examples=400, deadline=None)
@given(trees, st.randoms(use_true_random=False))
def test_what_is_written_asks_for_the_same_sounds(tree: Expression, chance: random.Random) -> None:
    again = parse(text_of(tree))
    every = conditions(tree) | conditions(again)
    for _ in range(8):
        truth = {condition: chance.random() < 0.5 for condition in every}
        assert holds(again, truth) == holds(tree, truth)
