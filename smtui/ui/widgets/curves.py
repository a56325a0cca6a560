"""Loudness and brightness over time, drawn by plotext from the stored slices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content
from textual.widget import Widget

from smtui.domain.analysis import SpectralFeatures
from smtui.domain.text import shown
from smtui.ui.draw.cells import Ink
from smtui.ui.draw.curve import Point, points, seen, times_of

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
        self._duration = 1.0

    def show(
        self,
        features: SpectralFeatures | None,
        start: float,
        end: float,
        *,
        duration: float | None = None,
    ) -> None:
        """Show the part from `start` to `end`, s; with None say that nothing was kept.

        `duration` is that of the whole sound, over which values without times lie; else `end`.
        """
        self._features = features
        self._span = (start, max(end, start + 1e-6))
        self._duration = end if duration is None else duration
        self.refresh()

    def render(self) -> Content:
        """Draw both, each half of the height."""
        features = self._features
        curves = [] if features is None else self._curves(features)
        if not curves:
            return Content.styled("No curves yet. Press a to analyse this sound.", "$quiet")
        height = self.size.height // len(curves)
        heights = [height] * (len(curves) - 1)
        heights.append(self.size.height - sum(heights))
        lines = []
        for (name, curve), room in zip(curves, heights, strict=True):
            lines += [Content.styled(name, "$secondary"), self._plot(curve, room - _HEAD)]
        return Content("\n").join(lines)

    def _curves(self, features: SpectralFeatures) -> list[tuple[str, _Curve]]:
        """The two that say most: other programs keep no loudness, but the rolloff."""

        def placed(values: Sequence[float]) -> list[Point]:
            return points(times_of(features.times, len(values), self._duration), values)

        loudness = [("loudness, dB", _loudness(placed(_decibels(features.rms))))]
        centroid = [("spectral centroid, Hz", _hertz(placed(features.spectral_centroid)))]
        rolloff = [("spectral rolloff, Hz", _hertz(placed(features.spectral_rolloff)))]
        found = (loudness + centroid) if features.rms else (centroid + rolloff)
        return [(name, curve) for name, curve in found if curve.points]

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


def _decibels(values: Sequence[float]) -> list[float]:
    return [max(20 * math.log10(max(value, 1e-9)), _QUIETEST_DB) for value in values]


def _loudness(curve: list[Point]) -> _Curve:
    """The axis has round ends, so that a steady sound is a steady line."""
    floor = 10 * math.floor(min([-20.0, *(point.value for point in curve)]) / 10)
    ceiling = 10 * math.ceil(max([-10.0, *(point.value for point in curve)]) / 10)
    return _Curve(curve, floor, ceiling)


def _hertz(curve: list[Point]) -> _Curve:
    """From 0 to a full thousand."""
    return _Curve(curve, 0, 1000 * math.ceil(max([1.0, *(point.value for point in curve)]) / 1000))
