"""An MP3 heard whole and from any place, also where its length is told wrongly or not at all.

libsndfile takes the length of an MP3 from its first frames: a stream of variable rate from a
pipe, or a second one behind the first, is cut short, and a seek lands beside the place. So the
frames are counted here, and libsndfile is given the part that is wanted with a first frame in
front that tells its true length.
"""

from __future__ import annotations

import os

from smtui.audio.decoder import Decoder, Samples, SndfileDecoder
from smtui.audio.mpeg import Frame, Stream, info_place, streams
from smtui.audio.spliced import Extent, Spliced

_DECODER_DELAY = 529
"""Samples that the decoder drops at the start of a stream whose length is told."""
_WARMING = 30
"""Frames decoded before a place: the first ones lack what was kept in those before them."""
_NEAR = 48_000
_RATE_INDEX = 9


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

    def read(self, count: int) -> Samples:
        """Decode the next frames."""
        count = max(0, min(count, (self.frames or 0) - self.place))
        block = self._inner.read(count)
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
        """Whether the last frame was read."""
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


def view_of(stream: Stream, number: int) -> list[bytes | Extent]:
    """Give the stream from a frame on, behind a frame that tells how many there are."""
    places = stream.places
    size = stream.end - places[number]
    told = _telling(stream.first, len(places) - number, size)
    return [told, Extent(start=places[number], stop=stream.end)]


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


class PlainMp3Decoder(SndfileDecoder):
    """Decodes an MP3 whose first frame tells its length truly; counts its frames for a seek."""

    def __init__(self, descriptor: int) -> None:
        """Open from the start. Raises soundfile.SoundFileError."""
        super().__init__(descriptor)
        self._descriptor = descriptor
        self._indexed: Mp3Decoder | None = None

    def read(self, count: int) -> Samples:
        """Decode the next frames."""
        if self._indexed is None:
            return super().read(count)
        block = self._indexed.read(count)
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
