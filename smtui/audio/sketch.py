"""The mel spectrum in decibels, kept for what is asked of the whole sound at its end.

The opening is kept frame by frame, because there kinds of sound differ; what follows in means
over eight frames, so that an hour takes 12 MB.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

OPENING_FRAMES = 4_096
"""47 s."""
LATER_HOPS = 8
_SILENT_DB = -95.0


class Sketch:
    """Takes mel spectra in dB and forgets digital silence at the head."""

    def __init__(self, bands: int) -> None:
        self._bands = bands
        self._opening: list[Array] = []
        self._later: list[Array] = []
        self._left = OPENING_FRAMES
        self._rest = np.zeros((0, bands), dtype=np.float32)

    def push(self, decibels: Array) -> None:
        """Take the next (n, bands)."""
        if not self._opening:
            loud = decibels.max(axis=1) > _SILENT_DB
            decibels = decibels[int(np.argmax(loud)) :] if loud.any() else decibels[:0]
        if self._left and len(decibels):
            taken = decibels[: self._left]
            self._opening.append(taken)
            self._left -= len(taken)
            decibels = decibels[len(taken) :]
        if len(decibels):
            joined = np.concatenate((self._rest, decibels))
            whole = len(joined) // LATER_HOPS * LATER_HOPS
            self._rest = joined[whole:]
            shape = (-1, LATER_HOPS, self._bands)
            self._later.append(joined[:whole].reshape(shape).mean(axis=1))

    def opening(self) -> Array:
        """The first frames that sound: (n, bands), n ≤ OPENING_FRAMES."""
        return self._joined(self._opening)

    def later(self) -> Array:
        """What follows the opening, in means over LATER_HOPS frames: (n, bands)."""
        return self._joined(self._later)

    def _joined(self, parts: list[Array]) -> Array:
        return np.concatenate(parts) if parts else self._rest[:0]
