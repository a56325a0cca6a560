"""What may stand together: tempos, keys, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from smtui.domain.masking import Kinship, Outline, Overlay, Room, fitness, kinship, overlay, why
from smtui.domain.sample import FileId


def outline(file_id: str = "other", **changes: Any) -> Outline:
    facts: dict[str, Any] = {
        "file_id": FileId(file_id),
        "file_hash": file_id,
        "duration": 2.0,
        "slices": 0,
        "numbers": b"",
    }
    return Outline(**(facts | changes))


def room(**changes: Any) -> Room:
    facts: dict[str, Any] = {
        "file_id": FileId("other"),
        "seed": 0.9,
        "other": 0.9,
        "kept": (0.9, 0.9, 0.9),
        "share": (0.6, 0.3, 0.1),
    }
    return Room(**(facts | changes))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("A", "minor"), ("A", "minor"), Kinship.SAME),
        (("A", "minor"), ("C", "major"), Kinship.RELATIVE),
        (("A", "minor"), ("E", "minor"), Kinship.FIFTH),
        (("A", "minor"), ("D", "minor"), Kinship.FIFTH),
        (("C", "major"), ("G", "major"), Kinship.FIFTH),
        (("C", None), ("F", "major"), Kinship.FIFTH),
        (("F#", "major"), ("D#", "minor"), Kinship.RELATIVE),
        (("A", "minor"), ("A", "major"), Kinship.CLASH),
        (("C", "major"), ("F#", "major"), Kinship.CLASH),
        (("C", "major"), ("E", "minor"), Kinship.CLASH),
        ((None, None), ("E", "minor"), Kinship.FREE),
        (("C", "major"), ("H", "major"), Kinship.FREE),
    ],
)
def test_keys_stand_to_each_other_as_on_the_circle_of_fifths(
    one: tuple[str | None, str | None], other: tuple[str | None, str | None], expected: Kinship
) -> None:
    assert kinship(one, other) is expected
    assert kinship(other, one) is expected


@pytest.mark.parametrize(
    ("tempo", "multiple"),
    [(126.0, 1.0), (130.0, 1.0), (63.0, 2.0), (252.0, 0.5), (100.0, None), (84.0, None)],
)
def test_tempos_go_together_at_the_same_half_and_double(
    tempo: float, multiple: float | None
) -> None:
    laid = overlay(outline("seed", tempo=126.0), outline(tempo=tempo))
    assert (laid and laid.multiple) == multiple


def test_what_has_no_tempo_fits_any() -> None:
    for one, other in ((126.0, None), (None, 126.0), (None, None)):
        laid = overlay(outline("seed", tempo=one), outline(tempo=other))
        assert laid is not None
        assert laid.multiple is None


def test_loops_go_round_until_the_longer_one_has() -> None:
    seed = outline("seed", tempo=120.0, duration=4.0)
    longer = overlay(seed, outline(tempo=120.0, duration=8.0))
    endless = overlay(seed, outline(tempo=120.0, duration=400.0))
    assert longer is not None
    assert endless is not None
    assert longer.span == pytest.approx(8.0)
    assert endless.span == pytest.approx(16.0)


def test_the_one_that_suffers_more_decides() -> None:
    seed, other = outline("seed"), outline()
    assert fitness(room(seed=0.9, other=0.3), seed, other) == pytest.approx(0.3)
    assert fitness(room(seed=0.2, other=0.9), seed, other) == pytest.approx(0.2)
    same = outline(file_hash="seed")
    assert fitness(room(), seed, other) > fitness(room(), seed, same) > 0.8


def test_one_phrase_says_why() -> None:
    am: dict[str, Any] = {"key": "A", "mode": "minor", "key_confidence": 0.9}
    seed = outline("seed", tempo=126.0, **am)

    def told(found: Room, other: Outline) -> str:
        laid = overlay(seed, other)
        assert isinstance(laid, Overlay)
        return why(found, seed, laid)

    assert told(room(), outline()) == "leaves the low band free"
    same = outline(tempo=126.0, **am)
    assert told(room(), same) == "leaves the low band free, same tempo, same key"
    half = outline(tempo=63.0, **(am | {"key": "D#"}))
    shared = room(seed=0.5, kept=(0.4, 0.6, 0.9))
    assert told(shared, half) == "shares the low band, half the tempo, but the keys clash"
    mostly = room(seed=0.7, kept=(0.7, 0.7, 0.7))
    assert told(mostly, outline()) == "leaves most of it free"
    assert told(room(other=0.2), outline()) == "is mostly covered by it"
