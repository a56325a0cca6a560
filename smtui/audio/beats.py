"""Where the beats are, once the tempo is known."""

from __future__ import annotations

import numpy as np

from smtui.audio.frames import FRAMES_PER_SECOND, Array
from smtui.audio.strokes import ALL, LOW, Pulse

_MULTIPLES = (1, 2, 4, 8)
_NEAR = 3
_LEAST_SHARE = 0.5


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
