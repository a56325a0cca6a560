"""Sounds in memory as the recipe hears them, for learning from them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smtui.audio.descriptors import Descriptors, Material, describe
from smtui.audio.frames import RATE, FrameReader, Resampler
from smtui.audio.levels import ENVELOPE_RATE
from smtui.audio.tonality import steady_note

Wave = npt.NDArray[np.float32]
_LONGEST_NOTE = 12.0
_OPENING = 6 * RATE


def material_of(wave: Wave, rate: int) -> Material:
    """What the recipe would give on (n, channels) for description."""
    resampler, reader = Resampler(rate), FrameReader()
    mono = np.concatenate(
        (
            resampler.push(np.ascontiguousarray(wave.mean(axis=1))),
            resampler.push(wave[:0, 0], last=True),
        )
    )
    for start in range(0, len(mono), 131_072):
        reader.push(mono[start : start + 131_072])
    frames = reader.finish()
    starts = np.arange(len(wave) * ENVELOPE_RATE // rate) * rate // ENVELOPE_RATE
    note = steady_note(mono[:_OPENING]) if len(wave) / rate <= _LONGEST_NOTE else None
    power = np.square(frames.rms, dtype=np.float64)
    return Material(
        mel=reader.sketch.opening(),
        envelope=np.maximum.reduceat(np.abs(wave).max(axis=1), starts),
        midi=note.midi if note else 0.0,
        voiced=note.steadiness * note.clarity if note else 0.0,
        flatness=float(power @ frames.flatness / max(power.sum(), 1e-20)),
    )


def described(wave: Wave, rate: int) -> Descriptors | None:
    """Describe (n, channels); None where nothing sounds."""
    return describe(material_of(wave, rate))
