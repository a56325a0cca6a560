"""Where something is struck, and how clearly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import Array, Frames

Floats = npt.NDArray[np.float64]

_NEIGHBOURHOOD_FRAMES = 43
"""Half a second to both sides."""
_APART_FRAMES = 3
_OUTSIDE = np.full(_APART_FRAMES, -1, dtype=np.float32)
_OVER_NEIGHBOURHOOD = 1.3
_OF_STRONGEST = 0.1


def onset_frames(strength: Array) -> npt.NDArray[np.int64]:
    """Frames at which something is struck: peaks that stand out of their neighbourhood."""
    if not len(strength) or strength.max() <= 0:
        return np.zeros(0, dtype=np.int64)
    highest = _highest_near(strength)
    stands_out = strength > np.maximum(
        _OVER_NEIGHBOURHOOD * _around(strength), _OF_STRONGEST * strength.max()
    )
    places = np.flatnonzero((strength >= highest) & stands_out)
    # Two equal neighbours are one peak.
    return places[np.diff(places, prepend=-2 * _APART_FRAMES) > _APART_FRAMES]


def _highest_near(strength: Array) -> Array:
    """The highest value within `_APART_FRAMES` to both sides: each step doubles what is seen."""
    highest = np.concatenate((_OUTSIDE, strength, _OUTSIDE))
    seen, wanted = 1, 2 * _APART_FRAMES + 1
    while seen < wanted:
        step = min(seen, wanted - seen)
        highest = np.maximum(highest[:-step], highest[step:])
        seen += step
    return highest


def contrast_of(frames: Frames, struck: npt.NDArray[np.int64]) -> float:
    """How strong the stronger half of the strokes is beside the loudest level.

    About 1 for drums, below 0.2 for tones that only shimmer.
    """
    loudest = float(frames.rms.max(initial=0))
    if not len(struck) or loudest <= 0:
        return 0.0
    strengths = np.sort(frames.strength[struck])[::-1]
    return float(strengths[: max(2, len(struck) // 2)].mean() / np.sqrt(loudest))


def _around(values: Array) -> Floats:
    """The mean over half a second to both sides, shorter at the ends."""
    running = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
    place = np.arange(len(values))
    first = np.maximum(0, place - _NEIGHBOURHOOD_FRAMES)
    stop = np.minimum(len(values), place + _NEIGHBOURHOOD_FRAMES + 1)
    return np.asarray((running[stop] - running[first]) / (stop - first))
