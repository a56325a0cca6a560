"""Some stretches of a stream, spread evenly over it, for what is too dear to do to all of it."""

from __future__ import annotations

import numpy as np

from smtui.audio.frames import RATE, Array

LONGEST = 10 * RATE
"""Samples of a stretch, 10 s."""
_MOST = 6


class Stretches:
    """Keeps at most six stretches of a stream at RATE, whatever its length.

    At first each stretch is kept; where they become too many every second one is dropped, and
    from then on only every second one is taken.
    """

    def __init__(self) -> None:
        self._kept: list[Array] = []
        self._open: list[Array] = []
        self._open_length = 0
        self._number = 0
        self._every = 1

    def push(self, chunk: Array) -> None:
        """Take the next samples."""
        while len(chunk):
            taken = chunk[: LONGEST - self._open_length]
            chunk = chunk[len(taken) :]
            if self._number % self._every == 0:
                self._open.append(taken.copy())
            self._open_length += len(taken)
            if self._open_length == LONGEST:
                self._close()

    def kept(self) -> list[Array]:
        """The stretches in order; the last may be shorter."""
        if self._open_length:
            self._close()
        return self._kept

    def _close(self) -> None:
        if self._open:
            self._kept.append(np.concatenate(self._open))
        self._open, self._open_length = [], 0
        self._number += 1
        if len(self._kept) > _MOST:
            self._kept = self._kept[::2]
            self._every *= 2
