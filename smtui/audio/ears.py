"""What listens to the mono signal at one rate, and how several channels become one."""

from __future__ import annotations

import numpy as np

from smtui.audio.decoder import Samples
from smtui.audio.frames import RATE, Array, FrameReader
from smtui.audio.pitches import PitchReader
from smtui.audio.stretches import Stretches

_OPENING = 6 * RATE
# A mean 20 dB below its channels is what two opposite channels leave.
_CANCELLED = 0.01


class Downmix:
    """Makes one channel of several: their mean, or the first where they cancel each other."""

    def __init__(self) -> None:
        self._cancels: bool | None = None

    def mono(self, signal: Samples) -> Array:
        """Mix (channels, n) down; the first block that sounds decides how."""
        first: Array = signal[0]
        if len(signal) == 1:
            return first
        mean: Array = signal.mean(axis=0)
        if self._cancels is None:
            power = float(np.vecdot(signal, signal).mean()) / signal.shape[1]
            if power > 0:
                self._cancels = float(mean @ mean) / len(mean) < _CANCELLED * power
        return first if self._cancels else mean


class Ears:
    """Everything that listens to the mono signal at one rate."""

    def __init__(self, stretches: Stretches | None) -> None:
        self.frames = FrameReader()
        self.pitches = PitchReader()
        self.stretches = stretches
        self._opening: list[Array] = []
        self._kept = 0

    def push(self, chunk: Array) -> None:
        """Take the next samples."""
        self.frames.push(chunk)
        self.pitches.push(chunk)
        if self._kept < _OPENING:
            self._opening.append(chunk[: _OPENING - self._kept])
            self._kept += len(self._opening[-1])
        if self.stretches is not None:
            self.stretches.push(chunk)

    def opening(self) -> Array:
        """The first seconds, where a note is read."""
        return np.concatenate(self._opening)
