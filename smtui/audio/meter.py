"""How many beats make a bar: three or four, from how alike the sound is some beats later."""

from __future__ import annotations

import numpy as np

from smtui.audio.frames import Array
from smtui.audio.strokes import Pulse

_MULTIPLES = np.array([1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 9.0, 12.0])
_WAVES = np.array([1.0, 1.5, 2.0, 3.0, 4.0, 6.0])
_LONGEST_FRAMES = 8_192
FEWEST_BEATS = 3


def meter_signs(pulse: Pulse, lag: float, beats: int) -> Array:
    """Describe bars at a beat of `lag` frames; `beats` in the loop, 0 where it is none: (f,)."""
    likeness = pulse.at(pulse.widened()[1], lag * _MULTIPLES)
    strokes = pulse.strokes[:, :_LONGEST_FRAMES]
    turns = np.exp(-2j * np.pi * np.arange(strokes.shape[1])[:, None] / (lag * _WAVES))
    waves = np.abs(strokes @ turns.astype(np.complex64))
    waves /= np.maximum(strokes.sum(axis=1, keepdims=True), 1e-6)
    plain = (
        np.log2(lag),
        float(pulse.circular),
        np.log2(pulse.strokes.shape[1] / lag),
        float(beats > 0 and beats % 3 == 0),
        float(beats > 0 and beats % 4 == 0),
        float(beats > 0 and beats % 2 == 0),
    )
    # Three against four, band by band, is what is asked.
    against = likeness[:, [3, 5, 8]] - likeness[:, [4, 6, 6]]
    parts = (plain, likeness.ravel(), against.ravel(), waves.ravel())
    return np.concatenate(parts).astype(np.float32)
