"""Sounds in memory as the recipe hears them, for learning from them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smtui.audio.descriptors import Descriptors, Material, describe, material_of
from smtui.audio.features import Downmix
from smtui.audio.frames import RATE, FrameReader, Resampler
from smtui.audio.levels import ENVELOPE_RATE
from smtui.audio.notes import steady_note

Wave = npt.NDArray[np.float32]
_LONGEST_NOTE = 12.0
_OPENING = 6 * RATE


def heard_material(wave: Wave, rate: int) -> Material:
    """What the recipe would give on (n, channels) for description."""
    resampler, reader = Resampler(rate), FrameReader()
    mixed = Downmix().mono(np.ascontiguousarray(wave.T))
    mono = np.concatenate(
        (resampler.push(mixed), resampler.push(np.zeros(0, np.float32), last=True))
    )
    for start in range(0, len(mono), 131_072):
        reader.push(mono[start : start + 131_072])
    frames = reader.finish()
    starts = np.arange(len(wave) * ENVELOPE_RATE // rate) * rate // ENVELOPE_RATE
    envelope = np.maximum.reduceat(np.abs(wave).max(axis=1), starts)
    note = steady_note(mono[:_OPENING]) if len(wave) / rate <= _LONGEST_NOTE else None
    return material_of(frames, reader.sketch, envelope, note)


def described(wave: Wave, rate: int) -> Descriptors | None:
    """Describe (n, channels); None where nothing sounds."""
    return describe(heard_material(wave, rate))
