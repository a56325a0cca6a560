"""Where the beats are, once the tempo is known."""

from __future__ import annotations

import numpy as np

from smtui.audio.frames import FRAMES_PER_SECOND, Array
from smtui.audio.onsets import onset_frames
from smtui.audio.strokes import ALL, LOW, Pulse

_MULTIPLES = (1, 2, 4, 8)
_NEAR = 3
_LEAST_SHARE = 0.5
_PARTS = 4
"""Sixteenths: parts of a beat on which strokes fall."""
_OFF_GRID = 0.2
_FITS = 3
_FEWEST_FITTED = 4
_AS_TYPED = 0.002
"""How near a whole number of beats per minute lies, beside how far two estimates differ."""


def refined(linear: Pulse, tempo: float) -> float:
    """Read the period off its highest clear multiple, where a frame matters least; BPM."""
    likeness = linear.likeness[ALL]
    period = 60 / tempo * FRAMES_PER_SECOND
    highest = 0.0
    for multiple in _MULTIPLES:
        start = max(1, round(period * multiple) - _NEAR)
        near = likeness[start : start + 2 * _NEAR + 1]
        if len(near) < 2 * _NEAR + 1:
            break
        peak = int(np.argmax(near))
        highest = max(highest, float(near[peak]))
        if 0 < peak < 2 * _NEAR and near[peak] > _LEAST_SHARE * highest:
            period = (start + peak + _vertex(near[peak - 1 : peak + 2])) / multiple
    return float(60 * FRAMES_PER_SECOND / period)


def unpadded(
    linear: Pulse, strength: Array, tempo: float, bounds: tuple[float, float]
) -> float | None:
    """Read the tempo of a loop off its strokes where its file is longer than the loop; BPM.

    Two estimates are taken, the period at which the strokes repeat and the grid they lie on. Loops
    have the tempo that somebody typed: a whole number that both allow is taken as meant.

    Args:
        linear: the strokes as they go by.
        strength: onset strength per frame.
        tempo: what the whole length gives.
        bounds: the lowest and highest tempo that the length allows.
    """
    low, high = bounds
    estimates = [refined(linear, tempo), _fitted(strength, refined(linear, tempo))]
    kept = [each for each in estimates if low * (1 - _AS_TYPED) <= each <= high * (1 + _AS_TYPED)]
    if not kept:
        return None
    middle, apart = sum(kept) / len(kept), (max(kept) - min(kept)) / 2
    typed = round(middle)
    if abs(typed - middle) <= apart + _AS_TYPED * middle and low <= typed <= high:
        return float(typed)
    return min(max(middle, low), high)


def _fitted(strength: Array, tempo: float) -> float:
    """Lay a grid of sixteenths through the strokes by least squares; BPM."""
    places = onset_frames(strength)
    places = places[(places > 0) & (places < len(strength) - 1)]
    at = places + np.array([_vertex(strength[place - 1 : place + 2]) for place in places])
    weights = strength[places]
    for _ in range(_FITS):
        step = 60 / tempo * FRAMES_PER_SECOND / _PARTS
        turns = np.angle((weights * np.exp(2j * np.pi * at / step)).sum()) / (2 * np.pi)
        number = np.rint(at / step - turns)
        on_grid = np.abs(at / step - turns - number) < _OFF_GRID
        if on_grid.sum() < _FEWEST_FITTED or np.ptp(number[on_grid]) < _FEWEST_FITTED:
            return tempo
        slope = np.polyfit(number[on_grid], at[on_grid], 1, w=np.sqrt(weights[on_grid]))[0]
        tempo = float(60 * FRAMES_PER_SECOND / (_PARTS * slope))
    return tempo


def beat_grid(strokes: Array, tempo: float, duration: float) -> tuple[float, ...]:
    """An even grid where the strokes are strongest, s."""
    strength = strokes[ALL] + strokes[LOW]
    period = 60 / tempo
    starts = np.arange(0, period, 1 / FRAMES_PER_SECOND)
    count = max(1, int(round(duration / period, 3)))
    grid = starts[:, None] + np.arange(count)[None, :] * period
    places = np.clip(np.rint(grid * FRAMES_PER_SECOND).astype(int), 0, len(strength) - 1)
    best = int(np.argmax(strength[places].sum(axis=1)))
    return tuple(round(float(beat), 4) for beat in grid[best] if beat < duration)


def _vertex(three: Array) -> float:
    """Where a parabola through three neighbours has its top, from -0.5 to 0.5."""
    bend = float(three[0] - 2 * three[1] + three[2])
    return 0.0 if bend >= 0 else float(0.5 * (three[0] - three[2]) / bend)
