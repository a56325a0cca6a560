"""What decodes a file forward from any place, whatever its format can do.

A decoder reads a file's descriptor, or a spliced view of it: some of its bytes, others in front or
in their place. Nothing is copied for that, so a view of a long file is small; the descriptor's own
place is never moved by a view.

Conventions: blocks are (n, channels), float32, full scale ±1; places count frames, one sample of
each channel.
"""

from __future__ import annotations

import bisect
import io
import itertools
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import soundfile

from smtui.audio.mpeg import Frame, Stream, info_place, streams
from smtui.domain.errors import ErrorCode, SoundUnreadable

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

_MOST_PARTS = 1_000

_DECODER_DELAY = 529
"""Samples that the decoder drops at the start of a stream whose length is told."""
_WARMING = 30
"""Frames decoded before a place: the first ones lack what was kept in those before them."""
_NEAR = 48_000
_RATE_INDEX = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Bytes `start` up to `stop` of the file."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


Part = bytes | Extent


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
    def decode(self, count: int) -> Samples:
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
        """True if the file's last byte was read: a decoder that stumbled then wanted more."""

    def go_to(self, place: int) -> None:
        """Make `place` the frame that is read next; past the end nothing is read.

        Raises:
            Undecodable: what lies before it is damaged.
        """
        if place < self.place:
            self.restart()
        while self.place < place:
            if not len(self.decode(min(_SKIPPED_AT_ONCE, place - self.place))):
                break


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
        self._file = self._open_file()
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

    def decode(self, count: int) -> Samples:
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
            self._file = self._open_file()
        except soundfile.SoundFileError as error:
            raise Undecodable(str(error)) from error
        self.place = 0

    def close(self) -> None:
        """Let go of the decoder's memory."""
        self._file.close()

    @property
    def met_end(self) -> bool:
        """True if the file's last byte was read."""
        if isinstance(self._source, Spliced):
            return self._source.tell() >= self._source.size
        place = os.lseek(self._source, 0, os.SEEK_CUR)
        return place >= os.fstat(self._source).st_size

    def _can_seek(self) -> bool:
        # GSM 6.10 and its like have no places; a FLAC of unknown length finds none; in an MP3
        # libsndfile lands beside the place.
        can = super(_Forward, self._file).seekable()
        return bool(can) and self.frames is not None and self.format != "mp3"

    def _open_file(self) -> _Forward:
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


class Mp3Decoder(Decoder):
    """Decodes one stream of frames; what an encoder added is cut where the stream tells it."""

    def __init__(self, descriptor: int, stream: Stream) -> None:
        """Take a stream whose frames were walked. Raises soundfile.SoundFileError."""
        self._descriptor, self._stream = descriptor, stream
        info = stream.info
        self._skip = (info.delay or 0) if info else 0
        # The decoder's delay moves what the encoder has put behind the end.
        behind = max(0, (info.padding or 0) - _DECODER_DELAY) if info else 0
        there = stream.samples - _DECODER_DELAY - self._skip - behind
        claimed = info.frames if info and info.frames else 0
        missing = max(0, claimed - len(stream.places)) * stream.first.samples
        self.frames = max(0, there) + missing
        self.rate, self.channels = stream.first.rate, stream.first.channels
        self.format, self.bit_depth, self.least = "mp3", None, 0.98
        self.padded = info is None or info.delay is None
        self._inner, self._begins = self._from(0)

    def decode(self, count: int) -> Samples:
        """Decode the next frames."""
        count = max(0, min(count, (self.frames or 0) - self.place))
        block = self._inner.decode(count)
        self.place += len(block)
        return block

    def go_to(self, place: int) -> None:
        """Make `place` the frame that is read next."""
        if self.place <= place <= self.place + _NEAR:
            super().go_to(place)
            return
        self.close()
        self._inner, self._begins = self._from(place)
        self.place = place

    def restart(self) -> None:
        """Decode anew."""
        self.close()
        self._inner, self._begins = self._from(0)
        self.place = 0

    def close(self) -> None:
        """Let go of the decoder's memory."""
        self._inner.close()

    @property
    def met_end(self) -> bool:
        """True if the last frame was read."""
        return self._inner.met_end

    def _from(self, place: int) -> tuple[SndfileDecoder, int]:
        """Open a view that begins some frames before a place, and go there."""
        stream = self._stream
        wanted = place + self._skip
        number = max(0, (wanted + _DECODER_DELAY) // stream.first.samples - _WARMING)
        number = min(number, len(stream.places) - 1)
        inner = SndfileDecoder(Spliced(self._descriptor, view_of(stream, number)))
        inner.go_to(wanted - number * stream.first.samples)
        return inner, number


class PlainMp3Decoder(SndfileDecoder):
    """Decodes an MP3 whose first frame tells its length truly; counts its frames for a seek."""

    def __init__(self, descriptor: int) -> None:
        """Open from the start. Raises soundfile.SoundFileError."""
        super().__init__(descriptor)
        self._descriptor = descriptor
        self._indexed: Mp3Decoder | None = None

    def decode(self, count: int) -> Samples:
        """Decode the next frames."""
        if self._indexed is None:
            return super().decode(count)
        block = self._indexed.decode(count)
        self.place = self._indexed.place
        return block

    def go_to(self, place: int) -> None:
        """Make `place` the frame that is read next."""
        if self._indexed is None and not 0 <= place - self.place <= _NEAR:
            size = os.fstat(self._descriptor).st_size
            found = streams(self._descriptor, 0, size)
            indexed = Mp3Decoder(self._descriptor, found[0]) if len(found) == 1 else None
            if indexed is not None and indexed.frames == self.frames:
                self._indexed = indexed
        if self._indexed is None:
            super().go_to(place)
        else:
            self._indexed.go_to(place)
            self.place = place

    def restart(self) -> None:
        """Decode anew."""
        self._indexed = None
        super().restart()


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

    def decode(self, count: int) -> Samples:
        """Decode the next frames, also over the seams."""
        blocks: list[Samples] = []
        while count:
            block = self._part.decode(count)
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
        """True if the last byte of the part was read where the reading stands."""
        return self._part.met_end

    def _open(self, at: int) -> None:
        self._part.close()
        self._at, self._part = at, self._openers[at]()

    def _is_whole(self) -> bool:
        return self._part.place >= self._part.least * (self._part.frames or 0)


class Spliced(io.RawIOBase):
    """Parts one after the other, to be read and sought in like a file."""

    def __init__(self, descriptor: int, parts: Sequence[Part]) -> None:
        """Take parts of the descriptor's file; it stays open and belongs to the caller."""
        super().__init__()
        self._descriptor = descriptor
        self._parts = [part for part in parts if len(part)]
        self._starts = [0, *itertools.accumulate(len(part) for part in self._parts)]
        self.size = self._starts.pop()
        self._place = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place that is read next."""
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Make another place the next; places behind the end are as of a file."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer: object) -> int:
        """Fill the buffer as far as there is something left."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        filled = 0
        while filled < len(view) and (got := self._some(len(view) - filled)):
            view[filled : filled + len(got)] = got
            filled += len(got)
        return filled

    def _some(self, count: int) -> bytes:
        """Read at most `count` bytes of the part at the place; none at the end."""
        if self._place >= self.size:
            return b""
        number = bisect.bisect_right(self._starts, self._place) - 1
        part, within = self._parts[number], self._place - self._starts[number]
        count = min(count, len(part) - within)
        if isinstance(part, Extent):
            got = os.pread(self._descriptor, count, part.start + within)
        else:
            got = part[within : within + count]
        self._place += len(got)
        return got


class Undecodable(Exception):
    """The data are damaged where they were read."""


def view_of(stream: Stream, number: int) -> list[bytes | Extent]:
    """Return the stream from a frame on, behind a frame that tells how many there are."""
    places = stream.places
    size = stream.end - places[number]
    told = _telling(stream.first, len(places) - number, size)
    return [told, Extent(start=places[number], stop=stream.end)]


class _Forward(soundfile.SoundFile):  # type: ignore[misc]
    """A file that only moves when told to.

    After each block soundfile seeks to where it is already, which a FLAC of unknown length
    cannot do at its end: its last block would be lost and the file taken for damaged.
    """

    def seekable(self) -> bool:
        return False


def _telling(first: Frame, count: int, size: int) -> bytes:
    """Make the frame of Xing that tells a number of frames and bytes behind it."""
    mode = 0xC0 if first.channels == 1 else 0x00
    rates = {44_100: 0, 22_050: 0, 11_025: 0, 48_000: 1, 24_000: 1, 12_000: 1}
    header = bytes((
        0xFF,
        0xE1 | first.version << 3 | (4 - first.layer) << 1,
        _RATE_INDEX << 4 | rates.get(first.rate, 2) << 2,
        mode,
    ))  # fmt: skip
    bitrate = 128_000 if first.version == 3 else 80_000
    length = first.samples // 8 * bitrate // first.rate
    numbers = (3, count, size + length)
    text = b"Xing" + b"".join(number.to_bytes(4, "big") for number in numbers)
    return (header.ljust(info_place(first), b"\0") + text).ljust(length, b"\0")
