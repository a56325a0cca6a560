"""What decodes a file forward from any place, whatever its format can do."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import soundfile

from smtui.audio.spliced import Spliced

Samples = npt.NDArray[np.float32]

_UNKNOWN_FRAMES = 1 << 60
"""From here on a number of frames means that the header does not know it."""
_SKIPPED_AT_ONCE = 65_536
_FORMAT_NAMES = {
    "WAVEX": "wav", "RF64": "wav", "SVX": "iff", "NIST": "sph", "MPC2K": "snd",
}  # fmt: skip
_BIT_DEPTHS = {
    "PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64,
    "ALAC_16": 16, "ALAC_20": 20, "ALAC_24": 24, "ALAC_32": 32, "DPCM_8": 8, "DPCM_16": 16,
}  # fmt: skip


class Undecodable(Exception):
    """The data are damaged where they were read."""


class Decoder(ABC):
    """An open sound and the place, in frames, that is read next.

    Attributes:
        rate: Hz.
        frames: samples per channel, None where nothing but decoding can tell.
        format: wav, flac, mp3, ogg, opus, aiff, m4a, …
        bit_depth: bits per stored sample, None for lossy formats.
        least: the share of `frames` that is there in good files.
        is_float: samples may be anything, also no numbers.
        padded: an encoder has put silence around the sound, and the file does not say how much.
    """

    rate: int
    channels: int
    frames: int | None
    format: str
    bit_depth: int | None
    least: float = 1.0
    is_float: bool = False
    padded: bool = False
    place: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def read(self, count: int) -> Samples:
        """Decode the next frames, shape (at most count, channels). Raises Undecodable."""

    @abstractmethod
    def restart(self) -> None:
        """Decode anew from the start. Raises Undecodable."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the decoder's memory."""

    @property
    @abstractmethod
    def met_end(self) -> bool:
        """Whether the file's last byte was read: a decoder that stumbled then wanted more."""

    def go_to(self, place: int) -> None:
        """Make `place` the frame that is read next; past the end nothing is read.

        Raises:
            Undecodable: what lies before it is damaged.
        """
        if place < self.place:
            self.restart()
        while self.place < place:
            if not len(self.read(min(_SKIPPED_AT_ONCE, place - self.place))):
                break


class _Forward(soundfile.SoundFile):  # type: ignore[misc]
    """A file that only moves when told to.

    After each block soundfile seeks to where it is already, which a FLAC of unknown length
    cannot do at its end: its last block would be lost and the file taken for damaged.
    """

    def seekable(self) -> bool:
        return False


class SndfileDecoder(Decoder):
    """Decodes by libsndfile: a descriptor from its start, or a view of one."""

    def __init__(self, source: int | Spliced, *, limit: int | None = None) -> None:
        """Open; what is given stays open and belongs to the caller.

        Args:
            source: where the bytes are.
            limit: frames that count, where the decoder gives more.

        Raises:
            soundfile.SoundFileError: libsndfile does not know it.
        """
        self._source = source
        self._file = self._opened()
        file: Any = self._file
        frames = None if file.frames >= _UNKNOWN_FRAMES else max(0, int(file.frames))
        self.frames = frames if limit is None or frames is None else min(frames, limit)
        self.rate, self.channels = int(file.samplerate), int(file.channels)
        name = "opus" if file.subtype == "OPUS" else _FORMAT_NAMES.get(file.format)
        self.container: str = file.format
        self.format = name or file.format.lower()
        self.bit_depth = _BIT_DEPTHS.get(file.subtype)
        self.is_float = file.subtype in ("FLOAT", "DOUBLE")
        # An MP3's header is often a little wrong in good files.
        self.least = 0.98 if self.format == "mp3" else 1.0

    def read(self, count: int) -> Samples:
        """Decode the next frames."""
        if self.frames is not None:
            # What lies behind the sound (an old tag, padding) is not for the decoder.
            count = max(0, min(count, self.frames - self.place))
        try:
            block: Samples = self._file.read(count, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise Undecodable(str(error)) from error
        self.place += len(block)
        return block

    def go_to(self, place: int) -> None:
        """Make `place` the frame that is read next."""
        if place == self.place:
            return
        if not self._can_seek():
            super().go_to(place)
            return
        try:
            self.place = self._file.seek(place)
        except soundfile.SoundFileError as error:
            raise Undecodable(str(error)) from error

    def restart(self) -> None:
        """Decode anew: a FLAC decoder that stumbled once finds no place any more."""
        self.close()
        try:
            self._file = self._opened()
        except soundfile.SoundFileError as error:
            raise Undecodable(str(error)) from error
        self.place = 0

    def close(self) -> None:
        """Let go of the decoder's memory."""
        self._file.close()

    @property
    def met_end(self) -> bool:
        """Whether the file's last byte was read."""
        if isinstance(self._source, Spliced):
            return self._source.tell() >= self._source.size
        place = os.lseek(self._source, 0, os.SEEK_CUR)
        return place >= os.fstat(self._source).st_size

    def _can_seek(self) -> bool:
        # GSM 6.10 and its like have no places; a FLAC of unknown length finds none; in an MP3
        # libsndfile lands beside the place.
        can = super(_Forward, self._file).seekable()
        return bool(can) and self.frames is not None and self.format != "mp3"

    def _opened(self) -> _Forward:
        if isinstance(self._source, Spliced):
            self._source.seek(0)
            return _Forward(self._source)
        os.lseek(self._source, 0, os.SEEK_SET)
        return _Forward(self._source, closefd=False)


class OggDecoder(SndfileDecoder):
    """Decodes an Ogg stream; libsndfile loses its way in it, and is led.

    Within the last page it counts back from where that page ends, as if no samples were cut off
    there, and lands up to a thousand behind the place; and a seek forwards lands anywhere once
    something was read. So places before the last page are sought by a new decoder.
    """

    def __init__(self, source: int | Spliced, *, sought: int) -> None:
        """Open, as SndfileDecoder; frames from `sought` on lie on the last page."""
        super().__init__(source)
        self._sought = sought

    def go_to(self, place: int) -> None:
        """Make `place` the frame that is read next."""
        if not self.place <= place <= self.place + _SKIPPED_AT_ONCE:
            self.restart()
            super().go_to(max(0, min(place, self._sought - 1)))
        Decoder.go_to(self, place)
