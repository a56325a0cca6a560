"""Drawn rows as Textual strips."""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smtui.ui.draw.cells import MARKED, Depth, Row


@lru_cache(maxsize=8192)
def _coloured(front: int, back: int, depth: Depth) -> Style:
    return Style(
        color=_colour(front, depth) if front >= 0 else None,
        bgcolor=_colour(back, depth) if back >= 0 else None,
    )


def _colour(colour: int, depth: Depth) -> Color:
    if depth is Depth.TRUE:
        return Color.from_triplet(ColorTriplet(colour >> 16, colour >> 8 & 255, colour & 255))
    return Color.from_ansi(colour)


def strip(row: Row, depth: Depth, plain: Style, marked: Style | None = None) -> Strip:
    """Make a strip; `plain` is the widget's own look, `marked` what it points with."""
    segments = []
    for run in row:
        style = plain + _coloured(run.front, run.back, depth)
        if run.front == MARKED and marked is not None:
            style += marked
        if run.inverse:
            style += Style(reverse=True)
        segments.append(Segment(run.text, style))
    return Strip(segments)
