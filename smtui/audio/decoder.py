"""A sound file that is decoded forward from any place, whatever its format can do."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import soundfile

Samples = npt.NDArray[np.float32]

UNKNOWN_FRAMES = 1 << 60
"""From here on a number of frames means that the header does not know it."""
_SKIPPED_AT_ONCE = 65_536


class _Forward(soundfile.SoundFile):  # type: ignore[misc]
    """A file that only moves when told to.

    After each block soundfile seeks to where it is already, which a FLAC of unknown length
    cannot do at its end: its last block would be lost and the file taken for damaged.
    """

    def seekable(self) -> bool:
        return False


class Decoder:
    """An open file and the place, in frames, that is read next.

    Every method but `close` raises soundfile.SoundFileError where the data are damaged.
    """

    def __init__(self, descriptor: int) -> None:
        """Open from the start of a descriptor, which stays open and belongs to the caller."""
        self._descriptor = descriptor
        self.file = self._from_start()
        self.place = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the decoder's memory."""
        self.file.close()

    def read(self, count: int) -> Samples:
        """Decode the next frames, shape (at most count, channels)."""
        block: Samples = self.file.read(count, dtype="float32", always_2d=True)
        self.place += len(block)
        return block

    def go_to(self, place: int) -> None:
        """Make `place` the frame that is read next; past the end nothing is read."""
        if place == self.place:
            return
        if self._can_seek():
            self.place = self.file.seek(place)
            return
        if place < self.place:
            self.restart()
        while self.place < place:
            if not len(self.read(min(_SKIPPED_AT_ONCE, place - self.place))):
                break

    def restart(self) -> None:
        """Decode anew: a FLAC decoder that stumbled once finds no place any more."""
        self.close()
        self.file, self.place = self._from_start(), 0

    def _can_seek(self) -> bool:
        # GSM 6.10 and its like have no places; a FLAC of unknown length finds none.
        return bool(super(_Forward, self.file).seekable()) and self.file.frames < UNKNOWN_FRAMES

    def _from_start(self) -> _Forward:
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return _Forward(self._descriptor, closefd=False)
