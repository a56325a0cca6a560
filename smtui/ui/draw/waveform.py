"""A waveform as blocks of eighths, or in ASCII."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from smtui.domain.picture import Picture
from smtui.ui.draw.cells import MARKED, PLAIN, Ink, Row, Run, merged

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_TICK = "╷"


def waveform(
    picture: Picture,
    *,
    rows: int,
    ink: Ink,
    ticks: Collection[int] = (),
    letters: Mapping[int, str] = MappingProxyType({}),
) -> tuple[Row, ...]:
    """Rows of cells, top first; columns in `ticks` (beats) are marked over their whole height.

    In the lowest row `letters` stand at the columns where a part begins.
    """
    lows, highs = picture.levels[: picture.width], picture.levels[picture.width :]
    # The lowest and highest sample as heights from the bottom in eighths of a cell, at least one
    # eighth apart so that silence is a line.
    full = rows * 8
    spans = [_span(low, high, full) for low, high in zip(lows, highs, strict=True)]
    # One channel can be drawn with a line at least.
    return tuple(
        merged(
            Run(letters[column], front=MARKED)
            if row == rows - 1 and column in letters
            else _marked(_cell(low, high, 8 * (rows - 1 - row), ink), column in ticks, row, ink)
            for column, (low, high) in enumerate(spans)
        )
        for row in range(rows)
    )


def _span(low: int, high: int, full: int) -> tuple[int, int]:
    bottom = min(max(round((low - 1) / 254 * full), 0), full - 1)
    top = min(max(round((high - 1) / 254 * full), bottom + 1), full)
    return bottom, top


def _cell(low: int, high: int, base: int, ink: Ink) -> Run:
    """The part of a column from `low` to `high` that falls into the cell above `base`."""
    bottom, top = max(low - base, 0), min(high - base, 8)
    if top <= bottom:
        return Run(" ")
    if ink.ascii:
        return Run("#" if top - bottom > 5 else "=" if top - bottom > 2 else "-")
    if bottom == 0:
        return Run(_EIGHTHS[top])
    # Filled from above: the empty rest is drawn, with the colours exchanged.
    if top == 8:
        return Run(_EIGHTHS[bottom], inverse=True)
    return Run("━" if top - bottom > 2 else "─")


def _marked(run: Run, marked: bool, row: int, ink: Ink) -> Run:  # noqa: FBT001 - a cell's property
    if not marked:
        return run
    if run.text == " ":
        tick = "'" if ink.ascii else _TICK
        return Run(tick, front=MARKED) if row == 0 else Run(" ", front=PLAIN)
    return run._replace(front=MARKED)
