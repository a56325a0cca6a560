"""The frames of MPEG audio: where they lie, and what the first one says of their number.

ISO/IEC 11172-3 and 13818-3; the frames that tell the length and what an encoder added are those
of Xing and LAME, or of Fraunhofer. Standard library only: who walks a folder looks at frames, too.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

LONGEST_FRAME = 2_881
_LAYER_1 = (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448)
_LAYER_2 = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_LAYER_3 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_LOW_1 = (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_LOW = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_INFO_NAMES = (b"Xing", b"Info")
_VBRI_PLACE = 36
_BLOCK = 1 << 18
_SEARCHED = 4_096
_MOST_TRIES = 50_000
"""Places between two frames where one could begin; after so many the rest is no sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the header of a frame says.

    Attributes:
        length: bytes.
        samples: per channel.
        rate: Hz.
        version: 3 for MPEG-1, 2 for MPEG-2, 0 for MPEG-2.5.
        layer: 1, 2 or 3.
        bitrate: its number in the standard's table.
    """

    length: int
    samples: int
    rate: int
    channels: int
    version: int
    layer: int
    bitrate: int

    @property
    def alike(self) -> tuple[int, int, int, int]:
        """What the frames of one stream have in common."""
        return self.version, self.layer, self.rate, self.channels


def frame_of(header: bytes) -> Frame | None:
    """Read a frame's header; None where this is none."""
    if len(header) < 4 or header[0] != 0xFF:
        return None
    return _frame(header[1], header[2], header[3] >> 6)


@cache
def _frame(second: int, third: int, mode: int) -> Frame | None:
    version, layer = second >> 3 & 3, 4 - (second >> 1 & 3)
    bitrate, rate = third >> 4, third >> 2 & 3
    if second & 0xE0 != 0xE0 or version not in _RATES or layer == 4:
        return None
    if bitrate in (0, 15) or rate == 3:
        return None
    hertz, padding, full = _RATES[version][rate], third >> 1 & 1, version == 3
    if layer == 1:
        table = _LAYER_1 if full else _LOW_1
        length, samples = (12_000 * table[bitrate] // hertz + padding) * 4, 384
    else:
        table = _LOW if not full else _LAYER_3 if layer == 3 else _LAYER_2
        samples = 576 if layer == 3 and not full else 1_152
        length = samples // 8 * 1_000 * table[bitrate] // hertz + padding
    channels = 1 if mode == 3 else 2
    return Frame(
        length=length, samples=samples, rate=hertz, channels=channels, version=version,
        layer=layer, bitrate=bitrate,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What the first frame of a stream tells of the others.

    Attributes:
        frames: how many follow it, None where it does not say.
        size: bytes from itself to the last frame's end, None where it does not say.
        delay, padding: samples that the encoder added; None where it does not say.
    """

    frames: int | None
    size: int | None
    delay: int | None
    padding: int | None


def info_of(data: bytes, frame: Frame) -> Info | None:
    """Read the frame of Xing and LAME that a stream may begin with; None for a frame of sound."""
    if frame.layer != 3:
        return None
    if data[_VBRI_PLACE : _VBRI_PLACE + 4] == b"VBRI":
        size, frames = (int.from_bytes(data[at : at + 4], "big") for at in (46, 50))
        return Info(frames=frames, size=size, delay=None, padding=None)
    place = info_place(frame)
    if data[place : place + 4] not in _INFO_NAMES:
        return None
    flags, place = int.from_bytes(data[place + 4 : place + 8], "big"), place + 8
    numbers: list[int | None] = []
    for bit in (1, 2):
        numbers.append(int.from_bytes(data[place : place + 4], "big") if flags & bit else None)
        place += 4 if flags & bit else 0
    place += (100 if flags & 4 else 0) + (4 if flags & 8 else 0)
    told = place + 24 <= min(len(data), frame.length) and data[place] != 0
    trims = int.from_bytes(data[place + 21 : place + 24], "big") if told else 0
    return Info(
        frames=numbers[0],
        size=numbers[1],
        delay=trims >> 12 if told else None,
        padding=trims & 0xFFF if told else None,
    )


def info_place(frame: Frame) -> int:
    """Where in its first frame a stream tells its length: behind header and side information."""
    if frame.version == 3:
        return 4 + (17 if frame.channels == 1 else 32)
    return 4 + (9 if frame.channels == 1 else 17)


@dataclass(slots=True, kw_only=True)
class Stream:
    """Frames of one kind that follow each other.

    Attributes:
        first: the first frame of sound.
        info: what a frame before it says of the stream.
        places: where the frames of sound begin, bytes from the file's start.
        end: where the last one ends.
        steady: all have the same bitrate.
    """

    first: Frame
    info: Info | None
    places: array[int] = field(default_factory=lambda: array("q"))
    end: int = 0
    steady: bool = True

    @property
    def samples(self) -> int:
        """Samples per channel, with what the encoder added."""
        return len(self.places) * self.first.samples


class _Bytes:
    """A stretch of a file, read in blocks."""

    def __init__(self, descriptor: int, stop: int) -> None:
        self._descriptor, self._stop = descriptor, stop
        self._start, self._block = 0, b""

    def at(self, place: int, count: int) -> bytes:
        within = place - self._start
        if within < 0 or within + count > len(self._block):
            size = max(0, min(max(_BLOCK, count), self._stop - place))
            self._start, self._block = place, os.pread(self._descriptor, size, place)
            within = 0
        return self._block[within : within + count]


def streams(descriptor: int, start: int, stop: int) -> list[Stream]:
    """Walk the frames between two places; a new stream begins where a first frame tells so."""
    data = _Bytes(descriptor, stop)
    found: list[Stream] = []
    for place, frame in _frames(data, start, stop):
        info = None
        if not found or found[-1].first.alike != frame.alike or _is_info(data, place, frame):
            info = info_of(data.at(place, frame.length), frame)
            found.append(Stream(first=frame, info=info))
        stream = found[-1]
        if info is None:
            stream.places.append(place)
            stream.steady &= frame.bitrate == stream.first.bitrate
        stream.end = place + frame.length
    return [stream for stream in found if stream.places]


def _is_info(data: _Bytes, place: int, frame: Frame) -> bool:
    if frame.layer != 3:
        return False
    head, where = data.at(place, _VBRI_PLACE + 4), info_place(frame)
    return head[where : where + 4] in _INFO_NAMES or head[_VBRI_PLACE:] == b"VBRI"


def _frames(data: _Bytes, start: int, stop: int) -> Iterator[tuple[int, Frame]]:
    place, last, tries = start, None, 0
    while place + 4 <= stop and tries < _MOST_TRIES:
        frame = frame_of(data.at(place, 4))
        if frame is None or (last != frame.alike and not _goes_on(data, place, frame, stop)):
            place, tries = _next(data, place, stop), tries + 1
            continue
        if place + frame.length > stop:
            return
        last, tries = frame.alike, 0
        yield place, frame
        place += frame.length


def _goes_on(data: _Bytes, place: int, frame: Frame, stop: int) -> bool:
    """True if another frame of its kind follows; one header alone is no proof."""
    after = place + frame.length
    if after + 4 > stop:
        return after <= stop
    following = frame_of(data.at(after, 4))
    return following is not None and following.alike == frame.alike


def _next(data: _Bytes, place: int, stop: int) -> int:
    """Find where the next frame may be, behind a tag or behind rubbish."""
    head = data.at(place, 32)
    if head[:3] == b"ID3" and len(head) >= 10:
        return place + id3_length(head)
    if head[:8] == b"APETAGEX":
        size = int.from_bytes(head[12:16], "little")
        return place + 32 + (size if head[23] & 0x20 else 0)
    searched = data.at(place + 1, min(_SEARCHED, stop - place - 1))
    found = searched.find(b"\xff")
    return place + 1 + found if found >= 0 else place + 1 + max(len(searched), 1)


def id3_length(head: bytes) -> int:
    """Bytes of an ID3v2 tag that begins so; 0 where none begins."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + size + (10 if head[5] & 0x10 else 0)
