"""When a name or a tag and what was heard are two things, and in which way."""

from __future__ import annotations

import pytest

from smtui.domain.claim_differences import Matter, Relation, Source, told_apart
from tests.contracts.document_stores import heard

TEMPO, KEY = Matter.TEMPO, Matter.KEY


@pytest.mark.parametrize(
    ("filename", "tempo", "relation"),
    [
        ("loop_120bpm.wav", 120.0, None),
        ("loop_120bpm.wav", 122.3, None),
        ("loop_120bpm.wav", 117.7, None),
        ("loop_120bpm.wav", 122.5, Relation.OTHER),
        ("loop_120bpm.wav", 93.0, Relation.OTHER),
        ("loop_120bpm.wav", 60.2, Relation.HALF),
        ("loop_120bpm.wav", 241.0, Relation.DOUBLE),
        ("loop_120bpm.wav", 80.0, Relation.OTHER),
        ("loop_120bpm.wav", None, None),
        ("loop.wav", 93.0, None),
    ],
)
def test_tempi_are_the_same_within_two_per_cent(
    filename: str, tempo: float | None, relation: Relation | None
) -> None:
    found = told_apart(filename, {}, heard(tempo=tempo))
    assert [each.relation for each in found] == ([relation] if relation else [])


@pytest.mark.parametrize(
    ("filename", "key", "mode", "relation"),
    [
        ("pad_Am.wav", "A", "minor", None),
        ("pad_Am.wav", "C", "major", Relation.RELATIVE),
        ("pad_Cmaj.wav", "A", "minor", Relation.RELATIVE),
        ("pad_Am.wav", "A", "major", Relation.PARALLEL),
        ("pad_Am.wav", "E", "minor", Relation.OTHER),
        ("pad_Am.wav", "C", "minor", Relation.OTHER),
        ("pad_120bpm_A.wav", "A", "minor", None),
        ("pad_120bpm_A.wav", "A", "major", None),
        ("pad_120bpm_A.wav", "C", "major", Relation.RELATIVE),
        ("pad_120bpm_A.wav", "F#", "minor", Relation.RELATIVE),
        ("pad_120bpm_A.wav", "D", "minor", Relation.OTHER),
        ("pad_Am.wav", None, None, None),
        ("pad.wav", "A", "minor", None),
    ],
)
def test_keys_are_compared_with_their_mode(
    filename: str, key: str | None, mode: str | None, relation: Relation | None
) -> None:
    found = told_apart(filename, {}, heard(key=key, mode=mode))
    assert [each.relation for each in found] == ([relation] if relation else [])


def test_a_single_note_is_compared_by_its_letter() -> None:
    assert told_apart("bass_F#2.wav", {}, heard(root_note="F#1")) == ()
    (found,) = told_apart("bass_F#2.wav", {}, heard(root_note="G1"))
    assert (found.said, found.heard, found.relation) == ("F#", "G1", Relation.OTHER)


def test_name_and_tags_are_told_apart() -> None:
    wrong = heard(tempo=100.0, tempo_confidence=0.9, key="C", mode="major", key_confidence=0.3)
    found = told_apart("loop_120bpm_Am.wav", {"bpm": 200.0, "key": "5B"}, wrong)
    assert [(each.matter, each.source, each.relation) for each in found] == [
        (TEMPO, Source.NAME, Relation.OTHER),
        (KEY, Source.NAME, Relation.RELATIVE),
        (TEMPO, Source.TAGS, Relation.HALF),
        (KEY, Source.TAGS, Relation.OTHER),
    ]
    assert [each.confidence for each in found] == [0.9, 0.3, 0.9, 0.3]
