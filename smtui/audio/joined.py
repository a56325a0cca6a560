"""Sounds that stand one behind the other in a file, heard as one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from smtui.audio.decoder import Decoder, Samples
from smtui.domain.error_codes import ErrorCode
from smtui.domain.errors import SoundUnreadable

_MOST_PARTS = 1_000


class JoinedDecoder(Decoder):
    """Decodes parts in order, one open at a time; all have one rate and as many channels."""

    def __init__(self, openers: Sequence[Callable[[], Decoder]]) -> None:
        """Take what opens each part; every part knows its length.

        Raises:
            SoundUnreadable: their rates or channels differ, or there are very many.
        """
        if len(openers) > _MOST_PARTS:
            raise SoundUnreadable(
                f"It is more than {_MOST_PARTS} sounds in a row", code=ErrorCode.UNSUPPORTED
            )
        self._openers = list(openers)
        lengths, kinds = [], set()
        for opener in self._openers:
            with opener() as part:
                lengths.append(part.frames or 0)
                kinds.add((part.rate, part.channels))
                self.least, self.is_float = part.least, self.is_float or part.is_float
                self.format, self.bit_depth = part.format, part.bit_depth
        if len(kinds) > 1:
            raise SoundUnreadable(
                "It is several sounds of different rates or channels in a row",
                code=ErrorCode.UNSUPPORTED,
                hint="Join them by a program that converts them, or keep them apart.",
            )
        ((self.rate, self.channels),) = kinds
        self._starts = [0, *itertools.accumulate(lengths)]
        self.frames = self._starts[-1]
        self._at, self._part = 0, self._openers[0]()

    def read(self, count: int) -> Samples:
        """Decode the next frames, also over the seams."""
        blocks: list[Samples] = []
        while count:
            block = self._part.read(count)
            if len(block):
                blocks.append(block)
                count -= len(block)
                self.place += len(block)
            elif self._at + 1 < len(self._openers) and self._is_whole():
                self._open(self._at + 1)
            else:
                break
        if len(blocks) == 1:
            return blocks[0]
        return np.concatenate([np.zeros((0, self.channels), np.float32), *blocks])

    def go_to(self, place: int) -> None:
        """Make `place` the frame that is read next."""
        last = len(self._openers) - 1
        at = min(last, sum(start <= place for start in self._starts[1:]))
        if at != self._at:
            self._open(at)
        self._part.go_to(place - self._starts[at])
        self.place = place

    def restart(self) -> None:
        """Decode anew."""
        self._open(0)
        self.place = 0

    def close(self) -> None:
        """Let go of the decoder's memory."""
        self._part.close()

    @property
    def met_end(self) -> bool:
        """Whether the last byte of the part was read where the reading stands."""
        return self._part.met_end

    def _open(self, at: int) -> None:
        self._part.close()
        self._at, self._part = at, self._openers[at]()

    def _is_whole(self) -> bool:
        return self._part.place >= self._part.least * (self._part.frames or 0)
