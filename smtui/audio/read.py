"""From bytes on disk to blocks of samples, with every way a file can be bad told in words.

Files are decoded block by block, so memory does not grow with their length; `decoding` chooses
by what.
What a header claims is checked before anything is made of it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from smtui.audio.decoder import Decoder, Samples, Undecodable
from smtui.audio.decoding import decoder_of
from smtui.domain.error_codes import ErrorCode
from smtui.domain.errors import SoundUnreadable

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
                block = self.decoder.read(wanted)
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
            while count := len(self.decoder.read(_SHORT_READ)):
                place += count
        if ended and self.header.frames is not None:
            return _breaks_off(place, self.header)
        at = place / self.header.sample_rate
        return SoundUnreadable(
            f"The sound data are damaged after {at:.1f} s", code=ErrorCode.UNREADABLE
        )


@contextmanager
def opened(path: Path) -> Iterator[Sound]:
    """Open a sound file.

    Raises:
        SoundUnreadable: it is not there, may not be read, is empty, is no sound or is damaged;
            or the memory does not suffice for what is done with it while it is open.
    """
    descriptor = _descriptor(path)
    try:
        size = _checked_size(descriptor)
        _, dot, ending = os.fsencode(path.name).rpartition(b".")
        with decoder_of(descriptor, size, ending=ending.lower() if dot else b"") as decoder:
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
        SoundUnreadable: as `opened`.
    """
    with opened(path) as sound:
        frames, header = sound.count(), sound.header
    return replace(header, frames=frames, duration=frames / header.sample_rate)


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
