"""What the recipe's ears give of a sound in memory, kept small enough for thousands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import FrameReader, Frames, Resampler
from smtui.audio.levels import LevelMeter, Levels


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """Frames, levels and the duration in seconds."""

    frames: Frames
    levels: Levels
    duration: float


def ears_of(wave: npt.NDArray[np.float32], rate: int) -> Ears:
    """Listen to (n, channels) as the recipe does."""
    meter = LevelMeter(sample_rate=rate, channels=wave.shape[1])
    reader, resampler = FrameReader(), Resampler(rate)
    mono = np.ascontiguousarray(wave.mean(axis=1), dtype=np.float32)
    for start in range(0, len(wave), 65_536):
        block = np.ascontiguousarray(wave[start : start + 65_536].T, dtype=np.float32)
        meter.push(block)
        reader.push(resampler.push(mono[start : start + 65_536]))
    reader.push(resampler.push(np.zeros(0, dtype=np.float32), last=True))
    return Ears(frames=reader.finish(), levels=meter.levels(), duration=len(wave) / rate)
