"""From bytes on disk to blocks of samples, with every way a file can be bad told in words.

Files are decoded block by block, so memory does not grow with their length; what a header claims
is checked before anything is made of it. Ordinary files go to libsndfile after a look at their
first bytes. Where a container would make it stop early or guess, it is given a view in which the
container tells the truth; so the same sound gives the same numbers however it is wrapped. FFmpeg
decodes what libsndfile does not know.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soundfile

from smtui.audio.containers import MP3_CODES, Link, caf_of, links_of, wave_of
from smtui.audio.decoder import (
    Decoder,
    Extent,
    JoinedDecoder,
    Mp3Decoder,
    OggDecoder,
    Part,
    PlainMp3Decoder,
    Samples,
    SndfileDecoder,
    Spliced,
    Undecodable,
)
from smtui.audio.mpeg import Stream, frame_of, id3_length, info_of, streams
from smtui.audio.signatures import HEAD_BYTES, UNHEARD_NAMES, Signature, signature_of
from smtui.domain.errors import ErrorCode, SoundUnreadable

_UNRECOGNISED = 1
_COMMON_CODES = (0x01, 0x02, 0x03, 0x06, 0x07, 0x11, 0x31, *MP3_CODES)
_COMMON_AIFC = (b"NONE", b"sowt", b"twos", b"fl32", b"FL32", b"fl64", b"ulaw", b"alaw", b"ima4")
_BY_LIBSNDFILE = ("vorbis", "opus")
_LONGEST_OLD_TAG = 256
"""Bytes behind an MP3 that hold no second one: an ID3v1 tag and its like."""
# libsndfile takes a few bytes of almost any binary for these, and for a sound of an MPC.
_NOT_SOUND = frozenset({"MAT4", "MAT5", "HTK", "RAW", "SD2"})

BLOCK_VALUES = 131_072
"""Samples of all channels together in one block."""
LONGEST_SECONDS = 6 * 3600.0
LOWEST_RATE = 2_000
HIGHEST_RATE = 768_000
MOST_CHANNELS = 64
LOUDEST_SAMPLE = 1e4
"""Beyond 80 dB over full scale a float file holds garbage, not sound."""

_HASH_CHUNK = 1 << 20
_SHORT_READ = 1_024
# No format stores more samples per byte than this; FLAC comes near it with digital silence.
_MOST_FRAMES_PER_BYTE = 16_384
# Of a file that ends within its first page of sound libsndfile only knows that it is empty.
_PAGED = frozenset({"ogg", "opus"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file says of itself.

    Attributes:
        duration: s.
        frames: samples per channel, None where the header does not know.
        sample_rate: Hz.
        format: wav, flac, mp3, ogg, opus, aiff, …
        bit_depth: bits per stored sample, None for lossy formats.
        padded: an encoder has put silence around the sound, and the file does not say how much.
    """

    duration: float
    frames: int | None
    sample_rate: int
    channels: int
    format: str
    bit_depth: int | None
    padded: bool = False


@dataclass(slots=True)
class Sound:
    """An open file: its header, its hash and its samples in blocks."""

    header: Header
    decoder: Decoder = field(repr=False)
    _descriptor: int = field(repr=False)

    def file_hash(self) -> str:
        """BLAKE2b-128 over the file's bytes, hex; does not move the place of reading.

        Raises:
            SoundUnreadable: the disk fails.
        """
        digest = hashlib.blake2b(digest_size=16)
        offset = 0
        try:
            while chunk := os.pread(self._descriptor, _HASH_CHUNK, offset):
                digest.update(chunk)
                offset += len(chunk)
        except OSError as error:
            raise SoundUnreadable(
                "The disk could not read the file", code=ErrorCode.UNREADABLE
            ) from error
        return digest.hexdigest()

    def blocks(self, *, start: int = 0, stop: int | None = None) -> Iterator[Samples]:
        """Yield blocks of shape (n, channels), full scale ±1, from frame `start` up to `stop`.

        Raises:
            SoundUnreadable: the data end early, are damaged, or are not finite numbers.
        """
        header = self.header
        size = max(1, BLOCK_VALUES // header.channels)
        place = start
        try:
            self.decoder.go_to(start)
            while stop is None or place < stop:
                wanted = size if stop is None else min(size, stop - place)
                block = self.decoder.decode(wanted)
                if not len(block):
                    break
                _check_values(block)
                place += len(block)
                _check_length(place, header)
                yield block
        except Undecodable as error:
            raise self._broken_after(place) from error
        if stop is None and place < self.decoder.least * (header.frames or 0):
            raise _breaks_off(place, header)

    def count(self) -> int:
        """Samples per channel: the header's number, or all that can be decoded.

        Raises:
            SoundUnreadable: as `blocks`.
        """
        frames = self.header.frames
        return sum(len(block) for block in self.blocks()) if frames is None else frames

    def _broken_after(self, place: int) -> SoundUnreadable:
        """Say where the data cannot be decoded: short reads find it within the block."""
        # A decoder that met the file's end wants more bytes; one that stands before it met rubbish.
        ended = self.decoder.met_end
        # Anew, because a FLAC decoder that stumbled once finds no place any more.
        with suppress(Undecodable):
            self.decoder.restart()
            self.decoder.go_to(place)
            while count := len(self.decoder.decode(_SHORT_READ)):
                place += count
        if ended and self.header.frames is not None:
            return _breaks_off(place, self.header)
        at = place / self.header.sample_rate
        return SoundUnreadable(
            f"The sound data are damaged after {at:.1f} s", code=ErrorCode.UNREADABLE
        )


@contextmanager
def open_sound(path: Path) -> Iterator[Sound]:
    """Open a sound file.

    Raises:
        SoundUnreadable: it is not there, may not be read, is empty, is no sound or is damaged;
            or the memory does not suffice for what is done with it while it is open.
    """
    descriptor = _descriptor(path)
    try:
        size = _checked_size(descriptor)
        _, dot, ending = os.fsencode(path.name).rpartition(b".")
        with _choose_decoder(descriptor, size, ending=ending.lower() if dot else b"") as decoder:
            header = _header(decoder)
            _check_claims(header, size)
            yield Sound(header=header, decoder=decoder, _descriptor=descriptor)
    except MemoryError as error:
        message = "Not enough memory to analyse it"
        raise SoundUnreadable(message, code=ErrorCode.OUT_OF_MEMORY) from error
    finally:
        os.close(descriptor)


def probe(path: Path) -> Header:
    """Read only the header, for a scan.

    A header that does not know its length (a FLAC written to a pipe) is counted by decoding.

    Raises:
        SoundUnreadable: as `open_sound`.
    """
    with open_sound(path) as sound:
        frames, header = sound.count(), sound.header
    return replace(header, frames=frames, duration=frames / header.sample_rate)


def _choose_decoder(descriptor: int, size: int, *, ending: bytes = b"") -> Decoder:
    """Open the decoder that hears all of a file.

    Args:
        descriptor: stays open and belongs to the caller.
        size: bytes.
        ending: of the file's name, lower case without a dot, where the content tells nothing.

    Raises:
        SoundUnreadable: nothing here knows it, or its header is damaged.
    """
    head = os.pread(descriptor, HEAD_BYTES, 0)
    offset = id3_length(head)
    inner = os.pread(descriptor, HEAD_BYTES, offset) if offset else head
    signature = signature_of(inner) or UNHEARD_NAMES.get(ending)
    if signature is not None and not signature.heard:
        raise _unsupported(signature)
    special = _SPECIAL.get(signature.name) if signature is not None else None
    whole = Extent(start=offset, stop=max(size, offset))
    try:
        decoder = special(descriptor, whole) if special else None
        if decoder is not None:
            return decoder
        if signature is not None and not signature.first:
            return _by_ffmpeg(descriptor, [whole], signature)
        return _plain(descriptor, whole, signature)
    except (soundfile.SoundFileError, TypeError) as error:
        return _second(descriptor, whole, signature, error)


def _unsupported(signature: Signature) -> SoundUnreadable:
    """Name what holds sounds that nothing here decodes."""
    return SoundUnreadable(
        f"It is {signature.name}, which cannot be read",
        code=ErrorCode.UNSUPPORTED,
        hint=signature.hint,
    )


def _wav(descriptor: int, whole: Extent) -> Decoder | None:
    if whole.start:
        return None
    wave = wave_of(descriptor, whole.stop)
    if wave is None:
        return None
    if wave.code in MP3_CODES:
        return _mpeg(descriptor, wave.data)
    if wave.is_misleading:
        return SndfileDecoder(Spliced(descriptor, wave.parts()), limit=wave.limit())
    limit = wave.limit()
    return SndfileDecoder(descriptor, limit=limit) if limit is not None else None


def _mp3(descriptor: int, whole: Extent) -> Decoder | None:
    """Open the frames of a file; a file whose first frame tells its length is not walked."""
    head = os.pread(descriptor, HEAD_BYTES, whole.start)
    frame = frame_of(head)
    info = info_of(head, frame) if frame is not None else None
    told = info is not None and info.frames and info.size and info.delay is not None
    if info is not None and told:
        behind = whole.stop - whole.start - (info.size or 0)
        if behind <= _LONGEST_OLD_TAG:
            return PlainMp3Decoder(descriptor)
    return _mpeg(descriptor, whole)


def _ogg(descriptor: int, whole: Extent) -> Decoder | None:
    found = links_of(descriptor, whole.stop)
    if not found.links:
        return None
    if found.is_plain and found.links[0].codec in _BY_LIBSNDFILE:
        return OggDecoder(descriptor, sought=found.links[0].before_last)
    return _join([_link_opener(descriptor, link, len(found.links)) for link in found.links])


def _caf(descriptor: int, whole: Extent) -> Decoder | None:
    caf = caf_of(descriptor)
    if caf.data is not None and caf.is_open:
        size = (whole.stop - caf.data).to_bytes(8, "big")
        parts: list[Part] = [
            Extent(start=0, stop=caf.data - 8), size, Extent(start=caf.data, stop=whole.stop)
        ]  # fmt: skip
        return SndfileDecoder(Spliced(descriptor, parts))
    try:
        return SndfileDecoder(descriptor)
    except soundfile.SoundFileError:
        signature = Signature(name="caf", demuxer="caf")
        parts = [Extent(start=0, stop=whole.stop)]
        return _by_ffmpeg(descriptor, parts, signature, frames=caf.valid)


def _plain(descriptor: int, whole: Extent, signature: Signature | None) -> Decoder:
    # Behind a tag libsndfile finds the sound, but no place in it.
    source = Spliced(descriptor, [whole]) if whole.start and signature else descriptor
    decoder = SndfileDecoder(source)
    if decoder.container in _NOT_SOUND or (decoder.container == "MPC2K" and signature is None):
        decoder.close()
        raise _no_sound()
    return decoder


def _no_sound() -> SoundUnreadable:
    return SoundUnreadable("The file is not a sound in a known format", code=ErrorCode.UNSUPPORTED)


def _second(
    descriptor: int, whole: Extent, signature: Signature | None, error: Exception
) -> Decoder:
    """Ask FFmpeg what libsndfile refused; raise what is to be said where it refuses, too."""
    if signature is None:
        raise (_no_sound() if _is_unknown(error) else _damaged_header()) from error
    if not signature.demuxer:
        raise _damaged_header() from error
    try:
        return _by_ffmpeg(descriptor, [whole], signature)
    except SoundUnreadable as refused:
        coding = _coding_name(descriptor, signature)
        if refused.code is not ErrorCode.UNSUPPORTED and coding:
            raise _unknown_coding(coding) from error
        raise


def _unknown_coding(coding: str) -> SoundUnreadable:
    return SoundUnreadable(f"This coding ({coding}) cannot be read", code=ErrorCode.UNSUPPORTED)


def _is_unknown(error: Exception) -> bool:
    return bool(getattr(error, "code", _UNRECOGNISED) == _UNRECOGNISED)


def _damaged_header() -> SoundUnreadable:
    return SoundUnreadable("The file's header is damaged", code=ErrorCode.UNREADABLE)


def _by_ffmpeg(
    descriptor: int,
    parts: list[Part],
    signature: Signature,
    *,
    frames: int | None = None,
) -> Decoder:
    # A late import: it takes a tenth of a second, and few files need it.
    from smtui.audio.ffmpeg import FFmpegDecoder, UnknownCoding

    source = Spliced(descriptor, parts)
    try:
        return FFmpegDecoder(source, signature.demuxer, name=signature.name, frames=frames)
    except UnknownCoding as error:
        coding = error.name or _coding_name(descriptor, signature) or f"in {signature.name}"
        raise _unknown_coding(coding) from error
    except Undecodable as error:
        raise _damaged_header() from error


def _coding_name(descriptor: int, signature: Signature) -> str:
    """Give the name that a container has for an unusual coding; empty for those that are known."""
    head = os.pread(descriptor, HEAD_BYTES, 0)
    if signature.name == "wav":
        wave = wave_of(descriptor, os.fstat(descriptor).st_size)
        known = wave is None or len(wave.form) < 16 or wave.code in _COMMON_CODES
        return "" if wave is None or known else f"format {wave.code:#06x} in WAV"
    place = head.find(b"COMM")
    if head[8:12] != b"AIFC" or place < 0 or head[place + 26 : place + 30] in _COMMON_AIFC:
        return ""
    name = head[place + 31 : place + 31 + (head[place + 30 : place + 31] or b"\0")[0]]
    text = (name or head[place + 26 : place + 30]).decode("latin-1").strip()
    return text if text.isprintable() else ""


def _mpeg(descriptor: int, where: Extent) -> Decoder | None:
    """Walk the frames between two places of a file and open what is there."""
    found = streams(descriptor, where.start, where.stop)
    if not found:
        return None
    return _join([_opener(descriptor, stream) for stream in _without_stray(found)])


def _without_stray(found: list[Stream]) -> list[Stream]:
    """Leave out what frames were read into rubbish: a stream or two of a frame."""
    most = max(len(stream.places) for stream in found)
    return [stream for stream in found if len(stream.places) > 2 or most <= 2]


def _opener(descriptor: int, stream: Stream) -> Callable[[], Decoder]:
    if stream.first.layer == 3:
        return lambda: Mp3Decoder(descriptor, stream)
    signature = Signature(name="mp3", demuxer="mp3")
    parts: list[Part] = [Extent(start=stream.places[0], stop=stream.end)]
    return lambda: _by_ffmpeg(descriptor, parts, signature, frames=stream.samples)


def _link_opener(descriptor: int, link: Link, count: int) -> Callable[[], Decoder]:
    signature = Signature(name="ogg", demuxer="ogg")

    def open_link() -> Decoder:
        if link.codec in _BY_LIBSNDFILE:
            return OggDecoder(Spliced(descriptor, link.parts), sought=link.before_last)
        decoder = _by_ffmpeg(descriptor, link.parts, signature)
        if count > 1 and decoder.frames is None:
            decoder.frames = _count_frames(decoder)
        return decoder

    return open_link


def _count_frames(decoder: Decoder) -> int:
    while len(decoder.decode(1 << 16)):
        pass
    frames = decoder.place
    decoder.restart()
    return frames


def _join(openers: list[Callable[[], Decoder]]) -> Decoder:
    return openers[0]() if len(openers) == 1 else JoinedDecoder(openers)


def _descriptor(path: Path) -> int:
    try:
        # Non-blocking, so that a named pipe called kick.wav does not hold a worker for ever.
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise SoundUnreadable("The file is not there", code=ErrorCode.VANISHED) from error
    except PermissionError as error:
        raise SoundUnreadable("The file may not be read", code=ErrorCode.NO_PERMISSION) from error
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENXIO:
            # A socket, or a device that is not there.
            raise SoundUnreadable("It is not a regular file", code=ErrorCode.UNSUPPORTED) from error
        reason = getattr(error, "strerror", None) or "the system refused"
        raise SoundUnreadable(
            f"The file cannot be opened: {reason}", code=ErrorCode.UNREADABLE
        ) from error


def _checked_size(descriptor: int) -> int:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise SoundUnreadable("It is not a regular file", code=ErrorCode.UNSUPPORTED)
    if status.st_size == 0:
        raise SoundUnreadable("The file is empty", code=ErrorCode.EMPTY)
    return status.st_size


def _header(decoder: Decoder) -> Header:
    rate = decoder.rate
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise SoundUnreadable(
            f"The header claims {rate} samples per second", code=ErrorCode.UNREADABLE
        )
    return Header(
        duration=(decoder.frames or 0) / rate,
        frames=decoder.frames,
        sample_rate=rate,
        channels=decoder.channels,
        format=decoder.format,
        bit_depth=decoder.bit_depth,
        padded=decoder.padded,
    )


def _check_claims(header: Header, size: int) -> None:
    if not 1 <= header.channels <= MOST_CHANNELS:
        raise SoundUnreadable(
            f"The header claims {header.channels} channels", code=ErrorCode.UNREADABLE
        )
    if header.frames == 0 and header.format in _PAGED:
        message = "The sound breaks off before its first sample"
        raise SoundUnreadable(message, code=ErrorCode.UNREADABLE)
    if header.frames == 0:
        raise SoundUnreadable("The file holds no samples", code=ErrorCode.EMPTY)
    if header.frames is not None and header.frames > size * _MOST_FRAMES_PER_BYTE:
        raise SoundUnreadable(
            "The header claims more sound than the file can hold", code=ErrorCode.UNREADABLE
        )
    if header.duration > LONGEST_SECONDS:
        raise _too_long()


def _check_values(block: Samples) -> None:
    # NaN wins in both max and min, so two fast passes find every value that is not finite.
    highest = max(float(block.max()), -float(block.min()))
    if not np.isfinite(highest):
        raise SoundUnreadable(
            "The file holds values that are not numbers", code=ErrorCode.UNREADABLE
        )
    if highest > LOUDEST_SAMPLE:
        raise SoundUnreadable(
            "The file holds values far outside full scale", code=ErrorCode.UNREADABLE
        )


def _check_length(frames: int, header: Header) -> None:
    if header.frames is None and frames > LONGEST_SECONDS * header.sample_rate:
        raise _too_long()


def _too_long() -> SoundUnreadable:
    hours = round(LONGEST_SECONDS / 3600)
    return SoundUnreadable(f"The sound is longer than {hours} hours", code=ErrorCode.TOO_LONG)


def _breaks_off(place: int, header: Header) -> SoundUnreadable:
    at = place / header.sample_rate
    return SoundUnreadable(
        f"The sound breaks off after {at:.1f} s of {header.duration:.1f} s",
        code=ErrorCode.UNREADABLE,
    )


_SPECIAL: dict[str, Callable[[int, Extent], Decoder | None]] = {
    "wav": _wav,
    "mp3": _mp3,
    "ogg": _ogg,
    "caf": _caf,
}
