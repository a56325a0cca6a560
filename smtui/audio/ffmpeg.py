"""The second decoder: FFmpeg's libraries by PyAV, for what libsndfile does not read.

It stands alone because it takes a tenth of a second to load, so it is imported when the first such
file is opened. The container is named by the file's own first bytes and never guessed: FFmpeg would
take a list of addresses for a sound, and ask them.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.logging
import numpy as np
from av.audio.frame import AudioFrame
from av.error import FFmpegError

from smtui.audio.decoder import Decoder, Samples, Spliced, Undecodable

_NAMES = {"mp3float": "mp3", "mp2": "mp2", "mp1": "mp2", "mp1float": "mp2", "mp2float": "mp2"}
_BY_CODEC = {"flac": "flac", "opus": "opus", "vorbis": "ogg", "libopus": "opus", "speex": "speex"}
"""Of an Ogg file the codec is what a person calls it."""
_OWN_LENGTH = frozenset({"mov", "wv", "ape", "tta", "tak", "wav", "aiff", "caf", "w64"})
"""Containers that tell their length to the sample."""
_SOUGHT = frozenset({"mov", "wv", "tta", "flac", "caf"})
"""Containers in which a seek tells truly where it landed; in Ogg it does not."""
_LOSSLESS = frozenset({"alac", "wavpack", "ape", "tta", "tak", "flac", "truehd", "mlp"})
_APART = frozenset({"alac", "wavpack", "tta", "flac"})
"""Codecs each of whose packets is decoded by itself, so that a seek gives the same samples."""
_DEPTHS = {"u8": 8, "s16": 16, "s32": 32, "flt": 32, "dbl": 64}
_OFFSETS = {"u8": 128.0}
_SCALES = {"u8": 2.0**-7, "s16": 2.0**-15, "s32": 2.0**-31, "s64": 2.0**-63}
_FAR = 300
"""s from where a lossy sound is sought rather than decoded up to a place."""
_WARMING = 1
"""s decoded before a place that was sought in a lossy sound."""


class UnknownCoding(Exception):
    """FFmpeg knows the container but not what is in it, or finds no sound there."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class FFmpegDecoder(Decoder):
    """Decodes one stream of sound of a container.

    Where the container tells it, what an encoder put before and behind the sound is cut.
    """

    def __init__(
        self,
        source: Spliced,
        demuxer: str,
        *,
        name: str,
        frames: int | None = None,
    ) -> None:
        """Open a view of the file.

        Args:
            source: the file's bytes; stays open and belongs to the caller.
            demuxer: FFmpeg's name for the container.
            name: what the library calls the format.
            frames: how many there are, where the caller knows.

        Raises:
            Undecodable: it is damaged.
            UnknownCoding: FFmpeg does not decode what is in it.
        """
        self._source, self._demuxer = source, demuxer
        self._waiting: list[Samples] = []
        self._open()
        context = self._stream.codec_context
        codec = context.codec.name
        self._first = self._next_frame()
        if self._first is None:
            self._container.close()
            raise Undecodable("no sound in it")
        self.rate = int(self._first.sample_rate)
        self.channels = len(self._first.layout.channels)
        self.format = _BY_CODEC.get(codec, name) if demuxer == "ogg" else name
        self._exact = codec in _LOSSLESS or codec.startswith(("pcm_", "dsd_"))
        self.bit_depth = self._depth(codec) if self._exact else None
        self.is_float = codec.startswith(("pcm_f", "wavpack")) and self._kind in ("flt", "dbl")
        self.least = 1.0 if self._exact else 0.98
        self.frames = frames if frames is not None else self._told_length()
        told = self._demuxer == "mov" and self.frames is not None
        self.padded = not self._exact and not told and codec != "opus"
        self._take(self._first)

    def decode(self, count: int) -> Samples:
        """Decode the next frames."""
        if self.frames is not None:
            count = max(0, min(count, self.frames - self.place))
        blocks: list[Samples] = []
        while count:
            if not self._waiting and not self._decode_packet():
                break
            block = self._waiting.pop(0)
            if len(block) > count:
                self._waiting.insert(0, block[count:])
                block = block[:count]
            blocks.append(block)
            count -= len(block)
            self.place += len(block)
        if len(blocks) == 1:
            return blocks[0]
        return np.concatenate([np.zeros((0, self.channels), np.float32), *blocks])

    def go_to(self, place: int) -> None:
        """Make `place` the frame that is read next; a codec that can is asked to seek."""
        ahead = place - self.place
        if ahead < 0 or ahead > self.rate:
            far = self._codec in _APART or place > _FAR * self.rate
            if far and self._demuxer in _SOUGHT:
                self._seek(place)
        super().go_to(place)

    def restart(self) -> None:
        """Decode anew."""
        self.close()
        self._open()
        self._waiting, self.place = [], 0

    def close(self) -> None:
        """Let go of the decoder's memory."""
        self._container.close()

    @property
    def met_end(self) -> bool:
        """True if the file's last byte was read."""
        return self._source.tell() >= self._source.size

    def _open(self) -> None:
        self._source.seek(0)
        try:
            # As a film's length may be told at its end, the whole of it can be asked for.
            self._container: Any = av.open(
                self._source, format=self._demuxer, metadata_errors="replace"
            )
        except (FFmpegError, ValueError) as error:
            raise Undecodable(str(error)) from error
        stream = self._container.streams.best("audio")
        if stream is None or stream.codec_context is None:
            tag = "" if stream is None else _tag(stream)
            self._container.close()
            raise UnknownCoding(tag)
        stream.codec_context.thread_count = 1
        self._stream: Any = stream
        self._codec: str = stream.codec_context.codec.name
        self._frames = self._decoded()

    def _decoded(self) -> Iterator[AudioFrame]:
        yield from self._container.decode(self._stream)

    def _next_frame(self) -> AudioFrame | None:
        try:
            return next(self._frames, None)
        except (FFmpegError, ValueError) as error:
            raise Undecodable(str(error)) from error

    def _decode_packet(self) -> bool:
        """Decode a frame into what waits; False at the end."""
        frame = self._next_frame()
        if frame is None:
            return False
        if (frame.sample_rate, len(frame.layout.channels)) != (self.rate, self.channels):
            raise Undecodable("its rate or channels change")
        self._take(frame)
        return True

    def _take(self, frame: AudioFrame) -> None:
        block = _samples(frame)
        if len(block):
            self._waiting.append(block)

    def _seek(self, place: int) -> None:
        """Go to a packet before a place; where that fails the reading stays where it is."""
        stream, base = self._stream, self._stream.time_base
        warming = 0 if self._codec in _APART else _WARMING * self.rate
        start = stream.start_time or 0
        target = start + int(Fraction(max(0, place - warming), self.rate) / base)
        try:
            self._container.seek(target, stream=stream, backward=True)
            self._frames = self._decoded()
            frame = self._next_frame()
        except (FFmpegError, Undecodable):
            frame = None
        if frame is None or frame.pts is None:
            self.restart()
            return
        at = round((frame.pts - start) * base * self.rate)
        if at > place:
            self.restart()
            return
        self._waiting, self.place = [], at
        self._take(frame)

    def _told_length(self) -> int | None:
        """Return the frames that the container tells of, None where it does not know exactly."""
        tagged = _gapless(self._container.metadata.get("iTunSMPB", ""))
        if tagged is not None:
            return tagged
        stream = self._stream
        if self._codec == "flac":
            # The last 36 bits before the checksum in STREAMINFO; 0 is not known.
            told = int.from_bytes((stream.codec_context.extradata or b"")[13:18], "big")
            return told & 0xFFFFFFFFF or None
        packed = self._demuxer == "wav" and not self._exact
        if self._demuxer not in _OWN_LENGTH or packed or not stream.duration:
            return None
        return int(stream.duration * stream.time_base * self.rate)

    @property
    def _kind(self) -> str:
        name: str = self._first.format.packed.name if self._first else ""
        return name

    def _depth(self, codec: str) -> int | None:
        context = self._stream.codec_context
        told = {"pcm_s24le": 24, "pcm_s24be": 24, "pcm_s8": 8, "pcm_u8": 8}.get(codec)
        raw = getattr(context, "bits_per_raw_sample", 0) or getattr(
            context, "bits_per_coded_sample", 0
        )
        if codec.startswith("dsd_"):
            return 1
        return told or raw or _DEPTHS.get(self._kind)


def _samples(frame: AudioFrame) -> Samples:
    """Return a decoded frame as (n, channels), full scale 1."""
    kind = frame.format.packed.name
    raw = frame.to_ndarray()
    wave = raw.T if frame.format.is_planar else raw.reshape(-1, len(frame.layout.channels))
    scale = _SCALES.get(kind)
    if scale is None:
        return np.ascontiguousarray(wave, dtype=np.float32)
    # In double precision, as 32 bits of an integer do not fit a single one.
    block: Samples = ((wave - _OFFSETS.get(kind, 0.0)) * scale).astype(np.float32)
    return block


def _gapless(text: str) -> int | None:
    """Read how many samples are sound from what iTunes writes of an AAC file's padding."""
    words = text.split()
    try:
        return int(words[3], 16) or None if len(words) > 3 else None
    except ValueError:
        return None


def _tag(stream: Any) -> str:
    """Return the name that the container has for a coding."""
    tag = getattr(stream, "codec_tag", "") or ""
    return tag if tag.isprintable() else ""
