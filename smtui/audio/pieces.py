"""Any piece of a file, for pictures: what cannot be a sample is silence, what is outside too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smtui.audio.decoder import Decoder, Undecodable
from smtui.audio.read import LOUDEST_SAMPLE, opened
from smtui.domain.error_codes import ErrorCode
from smtui.domain.errors import SoundUnreadable

Floats = NDArray[np.float32]

_STEP = 2_048


class Pieces:
    """An open file that gives any piece of itself, zeros outside, reading nothing twice."""

    def __init__(self, decoder: Decoder, *, frames: int) -> None:
        self.rate: int = decoder.rate
        self.channels: int = decoder.channels
        self.frames = frames
        self._decoder = decoder
        self._kept_start = 0
        self._kept: Floats = np.zeros((0, self.channels), np.float32)
        self._was_read = False

    @property
    def duration(self) -> float:
        """Length in s."""
        return self.frames / self.rate

    def piece(self, start: int, stop: int) -> Floats:
        """Give samples start … stop, shape (stop - start, channels); outside the file zeros."""
        out = np.zeros((stop - start, self.channels), np.float32)
        low, high = max(start, 0), min(stop, self.frames)
        if low >= high:
            return out
        kept = self._kept[:0]
        if self._kept_start <= low <= self._kept_start + len(self._kept):
            kept = self._kept[low - self._kept_start :]
        if low + len(kept) < high:
            kept = np.concatenate([kept, self._read(low + len(kept), high)])
        self._kept_start, self._kept = low, kept
        part = kept[: high - low]
        out[low - start : low - start + len(part)] = part
        return out

    def _read(self, start: int, stop: int) -> Floats:
        try:
            self._decoder.go_to(start)
            block = self._decoder.read(stop - start)
        except Undecodable as error:
            block = self._readable(start, stop)
            if not len(block) and not self._was_read:
                raise _damaged(error) from error
        if len(block) < stop - start:
            # What could be read is worth a picture; the rest of the file is drawn as silence.
            self.frames = start + len(block)
        self._was_read = True
        if self._decoder.is_float:
            block[~(np.abs(block) <= LOUDEST_SAMPLE)] = 0
        return block

    def _readable(self, start: int, stop: int) -> Floats:
        """Read in small steps up to where the data are damaged."""
        steps = [np.zeros((0, self.channels), np.float32)]
        with contextlib.suppress(Undecodable):
            self._decoder.restart()
            self._decoder.go_to(start)
            for place in range(start, stop, _STEP):
                steps.append(self._decoder.read(min(_STEP, stop - place)))
        return np.concatenate(steps)


@contextmanager
def opened_pieces(path: Path) -> Iterator[Pieces]:
    """Open a sound by descriptor, because any bytes may be in its name. Raises SoundUnreadable."""
    with opened(path) as sound:
        try:
            yield Pieces(sound.decoder, frames=sound.count())
        except Undecodable as error:
            raise _damaged(error) from error


def _damaged(error: Exception) -> SoundUnreadable:
    return SoundUnreadable("The sound is damaged here", code=ErrorCode.UNREADABLE, hint=str(error))
