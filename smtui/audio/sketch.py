"""The mel spectrum of a sound's opening, for what is asked of it as a whole at the end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

OPENING_FRAMES = 4_096
"""47 s: longer than any sound whose kind is in doubt, and 1 MB."""


class Sketch:
    """Takes mel spectra in dB and keeps the first ones that sound.

    Attributes:
        start: how many silent frames went before.
    """

    def __init__(self, bands: int, silence: float) -> None:
        self.start = 0
        self._bands = bands
        self._silence = silence
        self._parts: list[Array] = []
        self._left = OPENING_FRAMES

    def push(self, decibels: Array) -> None:
        """Take the next (n, bands)."""
        if not self._parts:
            silent = np.logical_and.accumulate(decibels.max(axis=1) <= self._silence)
            self.start += int(silent.sum())
            decibels = decibels[silent.sum() :]
        if self._left and len(decibels):
            taken = decibels[: self._left]
            self._parts.append(taken)
            self._left -= len(taken)

    def opening(self) -> Array:
        """The first frames: (n, bands), n ≤ OPENING_FRAMES."""
        if not self._parts:
            return np.zeros((0, self._bands), dtype=np.float32)
        return np.concatenate(self._parts)
