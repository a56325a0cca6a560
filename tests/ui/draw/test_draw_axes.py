"""Axes, waveforms, sections and words: round numbers at true places."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from smtui.domain.analysis import (
    Claims,
    KeyClaim,
    KindClaim,
    Level,
    Measurement,
    TempoClaim,
)
from smtui.domain.picture import Picture
from smtui.ui.draw import phrases
from smtui.ui.draw.axes import (
    frequency_marks,
    hertz,
    hertz_at,
    level_at,
    row_of,
    time_at,
    time_marks,
)
from smtui.ui.draw.cells import MARKED, Depth, Ink
from smtui.ui.draw.section import Section
from smtui.ui.draw.waveform import waveform


def picture(
    *,
    width: int = 10,
    height: int = 10,
    levels: bytes | None = None,
    log: bool = True,
    low: float = 40.0,
) -> Picture:
    return Picture(
        width=width,
        height=height,
        levels=bytes(width * height) if levels is None else levels,
        start=2.0,
        end=4.0,
        duration=8.0,
        low_hz=low,
        high_hz=20_000.0,
        peak_db=-3.0,
        range_db=80.0,
        log=log,
    )


@pytest.mark.parametrize("width", [20, 74, 112, 300])
@pytest.mark.parametrize(
    ("start", "end"),
    [(0.0, 0.41), (0.0, 7.62), (3.1, 3.11), (0.0, 61.0), (0.0, 3_600.0), (120.0, 126.0)],
)
def test_time_marks_are_round_apart_and_at_their_times(
    start: float, end: float, width: int
) -> None:
    marks = time_marks(start, end, width)
    assert marks
    for mark in marks:
        text = mark.label.removesuffix(" s")
        seconds = 0.0
        for part in text.split(":"):
            seconds = seconds * 60 + float(part)
        assert abs((seconds - start) / (end - start) * width - mark.at) <= 1.001 + width * 5e-4
        assert mark.at + len(mark.label) <= width
    for before, after in itertools.pairwise(marks):
        assert before.at + len(before.label) < after.at


def test_the_shortest_span_has_an_axis_too() -> None:
    assert len(time_marks(0.0, 3 / 44_100, 74)) <= 8


def test_frequency_marks_are_at_their_rows() -> None:
    shown = picture(height=24)
    marks = frequency_marks(shown, 12)
    assert {"100", "1k", "10k"} <= set(marks.values())
    rows = sorted(marks)
    assert [marks[row] for row in rows] == sorted(marks.values(), key=value_of, reverse=True)
    linear = frequency_marks(picture(log=False, low=0.0), 12)
    assert {"5k", "10k", "15k"} <= set(linear.values())


def value_of(label: str) -> float:
    return float(label.removesuffix("k")) * (1000 if label.endswith("k") else 1)


@pytest.mark.parametrize("log", [True, False])
def test_rows_and_frequencies_are_each_others_inverse(log: bool) -> None:
    shown = picture(log=log)
    for row in range(12):
        assert row_of(shown, hertz_at(shown, row, 12), 12) == row


def test_the_cursor_reads_what_is_there() -> None:
    levels = bytearray(100)
    levels[3 * 10 + 7] = 255
    shown = picture(levels=bytes(levels))
    assert level_at(shown, 7, 1, 5) == -3.0
    assert level_at(shown, 6, 1, 5) is None
    assert time_at(shown, 5) == pytest.approx(3.1)
    levels[3 * 10 + 7] = 51
    assert level_at(picture(levels=bytes(levels)), 7, 3, 10) == pytest.approx(-67.0)


def test_frequencies_are_written_short() -> None:
    values = (60.0, 999.0, 1_000.0, 2_500.0, 12_000.0)
    assert [hertz(value) for value in values] == ["60", "999", "1k", "2.5k", "12k"]


def wave(columns: list[tuple[int, int]]) -> Picture:
    levels = bytes([low for low, _ in columns] + [high for _, high in columns])
    return picture(width=len(columns), height=2, levels=levels)


def test_a_waveform_is_as_high_as_its_samples() -> None:
    rows = waveform(wave([(1, 255), (128, 128), (64, 128)]), rows=4, ink=Ink())
    columns = list(zip(*["".join(run.text for run in row) for row in rows], strict=True))
    assert columns[0] == ("█",) * 4
    assert sum(character != " " for character in columns[1]) == 1
    assert columns[2][0] == columns[2][1] == " "
    ascii_rows = waveform(wave([(1, 255), (128, 128)]), rows=3, ink=Ink(ascii=True))
    assert all(run.text.isascii() for row in ascii_rows for run in row)


def test_beats_are_marked_in_their_columns() -> None:
    rows = waveform(wave([(1, 255)] * 8), rows=3, ink=Ink(depth=Depth.TRUE), ticks={2, 5})
    for row in rows:
        marks = [run.front == MARKED for run in row for _ in run.text]
        assert [column for column, marked in enumerate(marks) if marked] == [2, 5]


def test_parts_are_letters_below_their_first_column() -> None:
    drawn = wave([(1, 255)] * 8)
    rows = waveform(drawn, rows=3, ink=Ink(), ticks={2}, letters={0: "A", 5: "B"})
    text = ["".join(run.text for run in row) for row in rows]
    assert text[2][0] == "A"
    assert text[2][5] == "B"
    assert "A" not in text[0] + text[1] + text[2][1:]


def test_zooming_keeps_the_place_under_the_cursor() -> None:
    whole = Section.whole(8.0)
    near = whole.zoomed(2, at=2.0)
    assert (near.start, near.end, near.zoom) == (1.0, 5.0, 2.0)
    assert near.zoomed(0.5, at=2.0) == whole
    assert near.panned(0.25).start == 2.0
    assert near.panned(-9).start == 0.0
    assert near.panned(9).end == 8.0


def test_zooming_ends_at_ten_milliseconds_and_at_the_whole() -> None:
    section = Section.whole(8.0)
    for _ in range(40):
        section = section.zoomed(2, at=7.999)
    assert section.span == pytest.approx(0.01)
    assert section.end <= 8.0
    for _ in range(40):
        section = section.zoomed(0.5, at=7.999)
    assert section.start == 0.0
    assert section.end == pytest.approx(8.0)
    tiny = Section.whole(0.001).zoomed(2, at=0.0)
    assert tiny.span == 0.001


def test_ranges_go_round() -> None:
    section, seen = Section.whole(1.0), []
    for _ in range(6):
        seen.append(section.range_db)
        section = section.with_next_range()
    assert seen == [80, 60, 40, 120, 100, 80]


def measurement(**facts: Any) -> Measurement:
    bare = Measurement(
        level=Level.ADVANCED, recipe_version=1, file_hash="", duration=1.0, processing_time=0.1
    )
    return replace(bare, **facts)


def test_claims_in_the_words_of_musicians() -> None:
    heard = measurement(
        tempo=126.0,
        key="A",
        mode="minor",
        time_signature=(4, 4),
        claims=Claims(
            tempo_confidence=0.94,
            tempo_alternatives=(TempoClaim(tempo=63.0, confidence=0.04),),
            key_confidence=0.31,
            key_alternatives=(KeyClaim(key="C", mode="major", confidence=0.12),),
            meter_confidence=1.0,
            kind_alternatives=(KindClaim(kind="tom", confidence=0.2),),
        ),
        kind="kick",
        kind_confidence=0.7,
    )
    tempo, key, meter, kind, root = phrases.claims(heard)
    assert (tempo.value, tempo.alternatives, tempo.doubtful) == ("126.0", (("63.0", 0.04),), False)
    assert (key.value, key.alternatives, key.doubtful) == ("Am", (("C", 0.12),), True)
    assert meter.value == "4/4"
    assert (kind.value, kind.alternatives, kind.doubtful) == ("kick", (("tom", 0.2),), False)
    assert root.doubtful


def test_numbers_are_written_short() -> None:
    assert [phrases.confidence(value) for value in (0, 0.04, 0.94, 1)] == [
        ".00",
        ".04",
        ".94",
        "1.0",
    ]
    lengths = [phrases.length(value) for value in (0.412, 59.97, 187.2, 3_723)]
    assert lengths == ["0.41 s", "1:00", "3:07", "1:02:03"]
    assert [phrases.size(value) for value in (512, 34_000, 1_900_000)] == [
        "512 B",
        "34 kB",
        "1.9 MB",
    ]
    assert [phrases.rate(value) for value in (44_100, 48_000, 11_025)] == [
        "44.1k",
        "48k",
        "11.025k",
    ]
    assert phrases.loudness(None) == "silent"
    assert ("silence", "0.50 s before") in phrases.measured(measurement(silence_head=0.5))
