"""The logical streams of an Ogg file (RFC 3533): which pages make one sound.

Streams may follow each other, as a radio station or `cat` leaves them, or lie between each
other's pages, as beside pictures or Skeleton's index. libsndfile hears the first one alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from smtui.audio.spliced import Extent, Part

_HEAD = 27
_BEGINS = 2
_BLOCK = 1 << 18
_OPUS_RATE = 48_000
_CODECS = ((b"\x01vorbis", "vorbis"), (b"OpusHead", "opus"), (b"\x7fFLAC", "flac"),
           (b"Speex   ", "speex"))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    start: int
    stop: int
    serial: int
    granule: int
    begins: bool
    first: bytes


@dataclass(slots=True, kw_only=True)
class Link:
    """One sound: its codec, and the pages that carry it.

    Attributes:
        codec: vorbis, opus, flac or speex.
        serial: its number in the file.
        parts: its pages, as a decoder should see them.
        last, before_last: the frames up to the ends of the last pages on which any ends.
    """

    codec: str
    serial: int
    parts: list[Part] = field(default_factory=list)
    last: int = 0
    before_last: int = 0

    def add(self, page: _Page) -> None:
        """Take the next page; one that follows on the last makes no part of its own."""
        if page.granule > 0:
            self.before_last, self.last = self.last, page.granule
        last = self.parts[-1] if self.parts else None
        if isinstance(last, Extent) and last.stop == page.start:
            self.parts[-1] = Extent(start=last.start, stop=page.stop)
        else:
            self.parts.append(Extent(start=page.start, stop=page.stop))


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The sounds of a file in order, and whether it is nothing but one plain stream."""

    links: tuple[Link, ...]
    is_plain: bool


def links_of(descriptor: int, size: int) -> Links:
    """Walk the pages of a file."""
    links: list[Link] = []
    opening, streams, changed = False, 0, False
    for page in _pages(descriptor, size):
        if page.begins:
            streams += 1
            codec = next((name for start, name in _CODECS if page.first.startswith(start)), None)
            # Of several sounds side by side the first is heard, as players do.
            if codec is not None and not (opening and links):
                links.append(Link(codec=codec, serial=page.serial))
                changed |= _begun(descriptor, page, links[-1])
                opening = True
                continue
        else:
            opening = False
        if links and page.serial == links[-1].serial and not page.begins:
            links[-1].add(page)
    return Links(links=tuple(links), is_plain=streams <= 1 and not changed)


def _begun(descriptor: int, page: _Page, link: Link) -> bool:
    """Take the first page; True if it must be told otherwise than it stands.

    libsndfile decodes Opus at the rate that the sound once had, which is only for information
    (RFC 7845, 5.1): the sound is at 48 kHz.
    """
    rate = int.from_bytes(page.first[12:16], "little")
    if link.codec != "opus" or rate == _OPUS_RATE or len(page.first) < 19:
        link.add(page)
        return False
    raw = bytearray(os.pread(descriptor, page.stop - page.start, page.start))
    body = len(raw) - len(page.first)
    raw[body + 12 : body + 16] = _OPUS_RATE.to_bytes(4, "little")
    raw[22:26] = bytes(4)
    raw[22:26] = _checksum(raw).to_bytes(4, "little")
    link.parts.append(bytes(raw))
    return True


def _pages(descriptor: int, size: int) -> Iterator[_Page]:
    place, start, block = 0, 0, b""
    while place + _HEAD <= size:
        if place - start + _HEAD + 255 > len(block):
            start, block = place, os.pread(descriptor, _BLOCK, place)
        within = place - start
        if block[within : within + 4] != b"OggS":
            found = block.find(b"OggS", within + 1)
            place = start + found if found > 0 else start + max(len(block) - 3, within + 1)
            continue
        table = block[within + _HEAD : within + _HEAD + block[within + 26]]
        body = place + _HEAD + len(table)
        stop = min(size, body + sum(table))
        begins = bool(block[within + 5] & _BEGINS)
        first = os.pread(descriptor, stop - body, body) if begins else b""
        yield _Page(
            start=place,
            stop=stop,
            serial=int.from_bytes(block[within + 14 : within + 18], "little"),
            granule=int.from_bytes(block[within + 6 : within + 14], "little", signed=True),
            begins=begins,
            first=first,
        )
        place = stop


def _checksum(page: bytes | bytearray) -> int:
    """The checksum of a page whose own field is zero: polynomial 0x04C11DB7, from zero."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
    return value
