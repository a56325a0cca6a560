"""Any piece of a file, for pictures: what cannot be a sample is silence, what is outside too."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from smtui.audio.decoder import Decoder
from smtui.audio.read import LOUDEST_SAMPLE, probe
from smtui.domain.error_codes import ErrorCode
from smtui.domain.errors import SoundUnreadable

Floats = NDArray[np.float32]

_STEP = 2_048


class Pieces:
    """An open file that gives any piece of itself, zeros outside, reading nothing twice."""

    def __init__(self, decoder: Decoder, *, frames: int) -> None:
        self.rate: int = decoder.file.samplerate
        self.channels: int = decoder.file.channels
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
        except soundfile.LibsndfileError as error:
            block = self._readable(start, stop)
            if not len(block) and not self._was_read:
                raise _damaged(error) from error
        if len(block) < stop - start:
            # What could be read is worth a picture; the rest of the file is drawn as silence.
            self.frames = start + len(block)
        self._was_read = True
        if self._decoder.file.subtype in ("FLOAT", "DOUBLE"):
            block[~(np.abs(block) <= LOUDEST_SAMPLE)] = 0
        return block

    def _readable(self, start: int, stop: int) -> Floats:
        """Read in small steps up to where the data are damaged."""
        steps = [np.zeros((0, self.channels), np.float32)]
        with contextlib.suppress(soundfile.LibsndfileError):
            self._decoder.restart()
            self._decoder.go_to(start)
            for place in range(start, stop, _STEP):
                steps.append(self._decoder.read(min(_STEP, stop - place)))
        return np.concatenate(steps)


@contextmanager
def opened_pieces(path: Path) -> Iterator[Pieces]:
    """Open a sound by descriptor, because any bytes may be in its name. Raises SoundUnreadable."""
    header = probe(path)
    frames = round(header.duration * header.sample_rate)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SoundUnreadable("The file is not there", code=ErrorCode.VANISHED) from error
    try:
        with Decoder(descriptor) as decoder:
            yield Pieces(decoder, frames=frames)
    except soundfile.SoundFileError as error:
        raise _damaged(error) from error
    finally:
        os.close(descriptor)


def _damaged(error: Exception) -> SoundUnreadable:
    return SoundUnreadable("The sound is damaged here", code=ErrorCode.UNREADABLE, hint=str(error))
