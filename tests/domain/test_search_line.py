"""The one line that a search by likeness is: read, written back, and its mistakes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtui.domain.errors import QueryInvalid
from smtui.domain.likeness import Weights
from smtui.domain.query import parse as parse_filter
from smtui.domain.search import MOST_SEEDS, View
from smtui.domain.search_line import SearchLine, parse, text_of

K = ("kick",)


def line(**facts: Any) -> SearchLine:
    return SearchLine(**facts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("like kick", line(more=K)),
        ("kick", line(more=K)),
        ("LIKE kick", line(more=K)),
        ("like like", line(more=("like",))),
        ('"like"', line(more=("like",))),
        ("like kick kick_04", line(more=("kick", "kick_04"))),
        ("like kick +kick_04 -dusty_hat", line(more=("kick", "kick_04"), less=("dusty_hat",))),
        ('like "a kick.wav" -"dusty hat"', line(more=("a kick.wav",), less=("dusty hat",))),
        ("~/new/kick.wav apart", line(more=("~/new/kick.wav",), apart=True)),
        ("fits kick", line(view=View.FITS, more=K)),
        ('words "dark metallic hit"', line(view=View.WORDS, words="dark metallic hit")),
        ("words dark hit +kick", line(view=View.WORDS, words="dark hit", more=K)),
        ("kick timbre=3 tonality=0", line(more=K, weights=Weights(timbre=3, tonality=0))),
        ("kick Timbre=2.5", line(more=K, weights=Weights(timbre=2.5))),
        ("kick timbre=1 timbre=4", line(more=K, weights=Weights(timbre=4))),
        ("kick pack<=2", line(more=K, per_folder=2)),
        ("kick bpm:~126 -kind:loop", line(more=K, filter="bpm:~126 -kind:loop")),
        ("kick key:a minor -hat", line(more=K, less=("hat",), filter="key:a minor")),
        ("bpm:~126 +kick", line(more=K, filter="bpm:~126")),
        ("kick where -loop | snare", line(more=K, filter="-loop | snare")),
        ("kick where  in:/srv ", line(more=K, filter="in:/srv")),
        (
            "kick key:a where -loop | snare",
            line(more=K, filter="key:A -loop | key:A snare"),
        ),
        (
            "like bd_126 timbre=3 tonality=0 -dusty_hat bpm:~126 pack<=2",
            line(
                more=("bd_126",),
                less=("dusty_hat",),
                weights=Weights(timbre=3, tonality=0),
                filter="bpm:~126",
                per_folder=2,
            ),
        ),
    ],
)
def test_a_line_means_what_it_says(text: str, expected: SearchLine) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "", "No sound to be like"),
        ("like", "like", "No sound to be like"),
        ("like -hat", "like -hat", "No sound to be like"),
        ("fits", "fits", "No sound to fit to"),
        ("words", "words", "No words"),
        ("like kick +", "+", "A sound to be like is missing"),
        ("like kick -", "-", "A sound to be unlike is missing"),
        ("like kick timber=3", "timber", "No aspect timber"),
        ("like kick timbre=much", "much", "number from 0 to 5"),
        ("like kick timbre=", "timbre=", "number from 0 to 5"),
        ("like kick timbre=9", "timbre=9", "goes from 0 to 5"),
        ("kick timbre=0 rhythm=0 tonality=0 envelope=0", "envelope=0", "nothing to compare"),
        ("like kick pack<=0", "pack<=0", "At least one"),
        ("like kick pack<3", "pack<3", "whole number"),
        ("like kick pack<=many", "pack<=many", "whole number"),
        ("like kick bmp:120", "bmp", "bmp"),
        ("like kick bpm:x", "x", ""),
        ("like kick where bpm:x", "x", ""),
        ("like kick where  ", "where", "needs a filter"),
        ("like kick | snare", "|", "An or belongs to a filter"),
        ("like kick bpm:120 hat", "hat", "plain word"),
        ('like "kick', '"kick', 'closing " is missing'),
        (f"like {' '.join('a' * 1 for _ in range(MOST_SEEDS))} zz", "zz", "at most 8 sounds"),
    ],
)
def test_a_mistake_is_named_at_its_place(text: str, place: str, words: str) -> None:
    with pytest.raises(QueryInvalid) as caught:
        parse(text)
    mistake = caught.value
    assert text[mistake.start : mistake.end] == place
    assert words in mistake.title
    assert mistake.hint


def test_what_is_usual_is_not_written() -> None:
    assert text_of(line(more=K)) == "like kick"
    assert text_of(line(more=("a b",), filter="bpm:120")) == 'like "a b" bpm:120'
    assert text_of(line(more=K, filter="key:a minor")) == "like kick where key:a minor"
    asked = "like kick +snare -hat timbre=3 envelope=0.5 pack<=2 apart where -loop"
    assert text_of(parse(asked)) == asked


def _readable(text: str) -> bool:
    try:
        parse_filter(text)
    except QueryInvalid:
        return False
    return text == text.strip()


NAMES = [
    "kick",
    "like",
    "apart",
    "where",
    "pack<=2",
    "a=b",
    "bpm:1",
    "-x",
    "+",
    "|",
    "a b",
    '"',
    "\\",
]
name = st.sampled_from(NAMES) | st.text(min_size=1, max_size=8)
filters = st.sampled_from(
    ["", "-loop", "bpm:~126 key:am", 'tag:"a b"', "key:a minor", "kick | snare", "where", "apart"]
) | st.lists(st.sampled_from(["kick", " ", "bpm:", "120", "-", "|", '"', "where"]), max_size=6).map(
    "".join
).filter(_readable)
weight = st.sampled_from([0.0, 1.0, 2.0, 3.0]) | st.floats(0, 5)


@st.composite
def lines(draw: st.DrawFn) -> SearchLine:
    view = draw(st.sampled_from(View))
    described = view is View.WORDS
    most = MOST_SEEDS // 2
    return SearchLine(
        view=view,
        more=tuple(draw(st.lists(name, min_size=0 if described else 1, max_size=most))),
        less=tuple(draw(st.lists(name, max_size=most))),
        weights=Weights(timbre=draw(weight), rhythm=draw(weight), envelope=draw(weight)),
        filter=draw(filters),
        per_folder=draw(st.none() | st.integers(1, 999)),
        apart=draw(st.booleans()),
        words=draw(name) if described else "",
    )


@given(lines())
@settings(max_examples=300)
def test_what_is_written_reads_back_the_same(asked: SearchLine) -> None:
    assert parse(text_of(asked)) == asked


@given(
    st.lists(
        st.sampled_from([*NAMES, "timbre=", "3", " ", "pack<=", "words", "fits", "key:"])
        | st.text(max_size=3),
        max_size=10,
    ).map("".join)
)
@settings(max_examples=300)
def test_whatever_is_typed_is_read_or_refused_at_a_place(text: str) -> None:
    refused: QueryInvalid | None = None
    try:
        found = parse(text)
    except QueryInvalid as mistake:
        refused = mistake
    if refused is not None:
        assert 0 <= refused.start <= refused.end <= len(text)
    else:
        assert parse(text_of(found)) == found
