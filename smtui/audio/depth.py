"""How many bits of its samples a sound really uses: a 24-bit file may hold 16-bit sound."""

from __future__ import annotations

import numpy as np

from smtui.audio.decoder import Samples

_DEPTHS = (8, 12, 16, 20, 24)
_GLANCE = 64


class DepthMeter:
    """Takes a sound's blocks in order and tells its depth at the end.

    Samples of n bits are whole multiples of 2^(1 - n). A glance at some samples rules a depth out
    at once where the sound needs more, so only a sound that pretends costs a look at every sample.
    """

    def __init__(self, bit_depth: int | None) -> None:
        """Take what the header says, None for lossy formats."""
        self._said = bit_depth
        self._left = [depth for depth in _DEPTHS if bit_depth is not None and depth < bit_depth]
        self._sounds = False

    def push(self, signal: Samples) -> None:
        """Take (channels, n)."""
        while self._left and not _fits(signal, self._left[0]):
            self._left.pop(0)
        if self._left and not self._sounds:
            self._sounds = bool(signal.any())

    def used(self) -> int | None:
        """The bits that are needed; digital silence needs what the header says."""
        return self._left[0] if self._left and self._sounds else self._said


def _fits(signal: Samples, depth: int) -> bool:
    scale = np.float32(2 ** (depth - 1))
    for part in (signal[:, ::_GLANCE], signal):
        scaled = part * scale
        if not np.array_equal(scaled, np.rint(scaled)):
            return False
    return True
