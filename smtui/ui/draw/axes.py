"""Axes: round numbers at even places, and where on the screen a time or a frequency stands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from smtui.domain.picture import Picture

_ROUND = (1, 2, 5)
_MINUTE_STEPS = (10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A label and the cell at which its value stands."""

    at: int
    label: str


def hertz(value: float) -> str:
    """Return a frequency for a narrow axis: `60`, `440`, `2k`, `2.5k`, `12k`."""
    if value < 1000:
        return f"{value:.0f}"
    return (
        f"{value / 1000:.1f}".removesuffix(".0") + "k" if value < 10_000 else f"{value / 1000:.0f}k"
    )


def seconds(value: float, step: float) -> str:
    """Return a time as exactly as steps of `step` s need: `2.0`, `0.125`, `1:30`."""
    if step >= 10 or value >= 600:
        whole = round(value)
        hours, minutes = divmod(whole // 60, 60)
        return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
    return f"{value:.{max(1, min(6, -math.floor(math.log10(step))))}f}"


def time_marks(start: float, end: float, width: int) -> tuple[Mark, ...]:
    """Labels for a time axis of `width` cells, the last one with its unit."""
    step = _time_step(end - start, max(2, width // 12))
    first = math.ceil(start / step - 1e-9)
    marks = []
    free = 0
    for index in range(first, first + width):
        value = index * step
        label = seconds(value, step)
        at = int((value - start) / (end - start) * width) if end > start else 0
        if value > end or at + len(label) > width:
            break
        if at >= free:
            marks.append(Mark(at=at, label=label))
            free = at + len(label) + 2
    if marks and ":" not in marks[-1].label and marks[-1].at + len(marks[-1].label) + 2 <= width:
        marks[-1] = Mark(at=marks[-1].at, label=f"{marks[-1].label} s")
    return tuple(marks)


def _time_step(span: float, most: int) -> float:
    """Minutes and hours from ten seconds on, for at most so many marks."""
    least = max(span, 1e-9) / most
    if least > 10:
        return float(next((step for step in _MINUTE_STEPS if step >= least), _MINUTE_STEPS[-1]))
    return _round_step(least)


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is at least this."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (*_ROUND, 10) if power * factor >= least * 0.999)


def frequency_marks(picture: Picture, rows: int) -> Mapping[int, str]:
    """Labels for a frequency axis of `rows` cells, by row, highest first."""
    marks: dict[int, str] = {}
    for value in _frequencies(picture, rows):
        row = row_of(picture, value, rows)
        if not any(near in marks for near in (row - 1, row, row + 1)):
            marks[row] = hertz(value)
    return marks


def _frequencies(picture: Picture, rows: int) -> Iterator[float]:
    low, high = picture.low_hz, picture.high_hz
    if not picture.log:
        step = _round_step((high - low) / max(2, rows // 3))
        yield from (index * step for index in range(math.ceil(low / step), int(high / step) + 1))
        return
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    # Powers of ten first: where there is room for few, these stay.
    for factor in _ROUND:
        for power in powers:
            if low <= (value := factor * 10.0**power) <= high:
                yield value


def row_of(picture: Picture, value: float, rows: int) -> int:
    """The row, of `rows`, at which a frequency in Hz stands."""
    low, high = picture.low_hz, picture.high_hz
    if picture.log:
        place = math.log(high / max(value, low)) / math.log(high / low)
    else:
        place = (high - value) / (high - low)
    return min(max(int(place * rows), 0), rows - 1)


def hertz_at(picture: Picture, row: float, rows: int) -> float:
    """The frequency in Hz in the middle of a row of `rows`."""
    place = (row + 0.5) / rows
    if picture.log:
        return picture.high_hz * math.exp(-place * math.log(picture.high_hz / picture.low_hz))
    return picture.high_hz - (picture.high_hz - picture.low_hz) * place


def time_at(picture: Picture, column: float) -> float:
    """The time in s in the middle of a column."""
    return picture.start + (picture.end - picture.start) * (column + 0.5) / picture.width


def level_at(picture: Picture, column: int, row: int, rows: int) -> float | None:
    """The loudest level in dB at a cell of `rows` rows; None where it is below the range."""
    first = row * picture.height // rows
    last = max((row + 1) * picture.height // rows, first + 1)
    level = max(picture.levels[line * picture.width + column] for line in range(first, last))
    if not level:
        return None
    return picture.peak_db - picture.range_db * (1 - level / 255)
