"""Loudness and brightness over time, drawn by plotext from the stored slices."""

from __future__ import annotations

import math
from typing import NamedTuple

from textual.content import Content
from textual.widget import Widget

from smtui.domain.analysis import SpectralFeatures
from smtui.domain.text import shown
from smtui.ui.draw.cells import Ink
from smtui.ui.draw.curve import Point, points, seen

_QUIETEST_DB = -100.0
_HEAD = 1
# Of a cell, beside each other.
_DOTS = 2
# What plotext frames its plots with, for terminals that show ASCII alone.
_PLAIN = str.maketrans("─│┌┐└┘┤├┬┴┼", "-|++++++" + "+++")


class _Curve(NamedTuple):
    """A curve, and the ends of the axis of its values."""

    points: list[Point]
    low: float
    high: float


class Curves(Widget):
    """Two plots, one above the other, over the same time axis."""

    def __init__(self, ink: Ink, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ink = ink
        self._features: SpectralFeatures | None = None
        self._span = (0.0, 1.0)

    def show(self, features: SpectralFeatures | None, start: float, end: float) -> None:
        """Show the part from `start` to `end`, s; with None say that nothing was kept."""
        self._features = features
        self._span = (start, max(end, start + 1e-6))
        self.refresh()

    def render(self) -> Content:
        """Draw both, each half of the height."""
        features = self._features
        if features is None or not features.times:
            return Content.styled("No curves yet. Press a to analyse this sound.", "$quiet")
        height = self.size.height // 2
        return Content("\n").join(
            [
                Content.styled("loudness, dB", "$secondary"),
                self._plot(_loudness(features), height - _HEAD),
                Content.styled("spectral centroid, Hz", "$secondary"),
                self._plot(_centroid(features), self.size.height - height - _HEAD),
            ]
        )

    def _plot(self, curve: _Curve, height: int) -> Content:
        # A late import: only who looks at curves waits for it.
        import plotext

        if height < 3 or self.size.width < 12:
            return Content("")
        figure = plotext.figure
        figure.clear()
        figure.theme("colorless")
        figure.plot_size(self.size.width, height)
        figure.ruler("x").lim(*self._span)
        marker = "*" if self._ink.ascii else "braille"
        figure.ruler("y").lim(curve.low, curve.high)
        times, values = [], []
        for point in seen(curve.points, *self._span, self.size.width * _DOTS):
            times.append(point.time)
            values.append(point.value)
        figure.draw(figure.signal(times, values, marker=marker).lines())
        drawn = plotext.uncolorize(figure.build().string())
        lines = drawn.translate(_PLAIN) if self._ink.ascii else drawn
        return Content("\n".join(shown(line) for line in lines.rstrip("\n").split("\n")))


def _loudness(features: SpectralFeatures) -> _Curve:
    """In dB; the axis has round ends, so that a steady sound is a steady line."""
    levels = (20 * math.log10(max(value, 1e-9)) for value in features.rms)
    curve = points(features.times, (max(level, _QUIETEST_DB) for level in levels))
    floor = 10 * math.floor(min([-20.0, *(point.value for point in curve)]) / 10)
    ceiling = 10 * math.ceil(max([-10.0, *(point.value for point in curve)]) / 10)
    return _Curve(curve, floor, ceiling)


def _centroid(features: SpectralFeatures) -> _Curve:
    """In Hz, from 0 to a full thousand."""
    curve = points(features.times, features.spectral_centroid)
    return _Curve(curve, 0, 1000 * math.ceil(max([1.0, *(point.value for point in curve)]) / 1000))
