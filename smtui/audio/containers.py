"""Where the sound lies in WAV, CAF and Ogg, whatever the sizes in the file say.

RIFF, RF64 and BW64 after EBU Tech 3306, CAF after Apple's Core Audio Format 1.0, Ogg after RFC
3533. A recorder that was switched off, or a program that wrote into a pipe, leaves sizes of 0 or
all ones: then the sound goes on to the end of the file. Ogg streams may follow each other, as a
radio station or `cat` leaves them, or lie between each other's pages, as beside pictures or
Skeleton's index; libsndfile hears the first one alone.

It stands alone because it only reads structure: no decoder and no array is needed to check it
against the formats' own texts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from smtui.audio.decoder import Extent, Part

MP3_CODES = (0x50, 0x55)
_BLOCK_CODES = {0x02: "MS ADPCM", 0x11: "IMA ADPCM"}
_FILLED_UP = 4
"""Blocks that an encoder may add; a number further off is a left-over of another program."""
_UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0x7FFFF000, 0x80000000, 0xFFFFFFFF)
_MOST_CHUNKS = 1_000
_LONGEST_FORMAT = 4_096
_LARGEST_RIFF = 0xFFFFFF00

_HEAD = 27
_BEGINS = 2
_BLOCK = 1 << 18
_OPUS_RATE = 48_000
_CODECS = ((b"\x01vorbis", "vorbis"), (b"OpusHead", "opus"), (b"\x7fFLAC", "flac"),
           (b"Speex   ", "speex"))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """What stands before and around the samples.

    Attributes:
        form: the body of the fmt chunk.
        fact: samples per channel, as the fact chunk says; None without one.
        data: the bytes of the samples.
        claimed: the size that the data chunk says.
        kind: RIFF, RIFX, RF64 or BW64.
        told: the long size that RF64 and BW64 say, 0 without one.
    """

    form: bytes
    fact: int | None
    data: Extent
    claimed: int
    kind: bytes
    told: int

    @property
    def code(self) -> int:
        """The format code; that of the extension where there is one."""
        code = int.from_bytes(self.form[:2], "little")
        return int.from_bytes(self.form[24:26], "little") if code == 0xFFFE else code

    @property
    def is_misleading(self) -> bool:
        """True if libsndfile would not find the samples by what the file says."""
        lies = self.claimed == 0 and len(self.data) > 0
        return lies or self.kind == b"BW64" or (self.kind == b"RF64" and not self.told)

    def limit(self) -> int | None:
        """Samples that count where the coding fills its last block; None where all do."""
        if self.fact is None or self.code not in _BLOCK_CODES or len(self.form) < 20:
            return None
        per_block = int.from_bytes(self.form[18:20], "little")
        size = int.from_bytes(self.form[12:14], "little")
        there = -(-len(self.data) // max(size, 1)) * per_block
        return self.fact if there - _FILLED_UP * per_block < self.fact <= there else None

    def parts(self) -> list[Part]:
        """Write the file anew with sizes that are true."""
        form = (
            b"fmt "
            + len(self.form).to_bytes(4, "little")
            + self.form
            + b"\0" * (len(self.form) & 1)
        )
        size = len(self.data)
        if size < _LARGEST_RIFF:
            whole = 4 + len(form) + 8 + size
            head = b"RIFF" + whole.to_bytes(4, "little") + b"WAVE" + form
            return [head + b"data" + size.to_bytes(4, "little"), self.data]
        sizes = (4 + 36 + len(form) + 8 + size, size, 0)
        ds64 = b"ds64" + (28).to_bytes(4, "little")
        ds64 += b"".join(each.to_bytes(8, "little") for each in sizes) + bytes(4)
        head = b"RF64" + b"\xff" * 4 + b"WAVE" + ds64 + form
        return [head + b"data" + b"\xff" * 4, self.data]


def wave_of(descriptor: int, size: int) -> Wave | None:
    """Walk the chunks up to the samples; None where the file is written otherwise."""
    kind = os.pread(descriptor, 4, 0)
    place, form, fact, long = 12, b"", None, None
    for _ in range(_MOST_CHUNKS):
        head = os.pread(descriptor, 8, place)
        if len(head) < 8 or kind == b"RIFX":
            return None
        name, length = head[:4], int.from_bytes(head[4:], "little")
        if name == b"data":
            data = Extent(start=place + 8, stop=_end(descriptor, place + 8, length, size, long))
            return Wave(form=form, fact=fact, data=data, claimed=length, kind=kind, told=long or 0)
        if name == b"fmt ":
            form = os.pread(descriptor, min(length, _LONGEST_FORMAT), place + 8)
        elif name == b"fact" and length >= 4:
            fact = int.from_bytes(os.pread(descriptor, 4, place + 8), "little")
        elif name == b"ds64":
            long = int.from_bytes(os.pread(descriptor, 8, place + 16), "little")
        place += 8 + length + (length & 1)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caf:
    """The places and numbers that decoders need.

    Attributes:
        data: where the data chunk begins, behind its name and size; None without one.
        is_open: its size is -1: it goes on to the end of the file.
        valid: frames that are sound, without those that a codec put before and behind them; None
            where samples are not in packets.
    """

    data: int | None
    is_open: bool
    valid: int | None = None


def caf_of(descriptor: int) -> Caf:
    """Walk the chunks of a file."""
    place, data, is_open = 8, None, False
    valid: int | None = None
    for _ in range(_MOST_CHUNKS):
        head = os.pread(descriptor, 12, place)
        if len(head) < 12:
            break
        name, length = head[:4], int.from_bytes(head[4:], "big", signed=True)
        if name == b"data":
            data, is_open = place + 12, length == -1
        elif name == b"pakt":
            body = os.pread(descriptor, 24, place + 12)
            valid = max(0, int.from_bytes(body[8:16], "big", signed=True)) or None
        if length < 0:
            break
        place += 12 + length
    return Caf(data=data, is_open=is_open, valid=valid)


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
                changed |= _take_first_page(descriptor, page, links[-1])
                opening = True
                continue
        else:
            opening = False
        if links and page.serial == links[-1].serial and not page.begins:
            links[-1].add(page)
    return Links(links=tuple(links), is_plain=streams <= 1 and not changed)


def _end(descriptor: int, start: int, claimed: int, size: int, long: int | None) -> int:
    """Where the samples end: where the chunk says, or at the file's end where it cannot be."""
    if claimed == 0xFFFFFFFF and long and start + long <= size:
        return start + long
    if claimed == 0 and _is_chunk_list(descriptor, start, size):
        return start
    if claimed in _UNKNOWN_SIZES or start + claimed > size:
        return size
    return start + claimed


def _is_chunk_list(descriptor: int, place: int, size: int) -> bool:
    """True if chunks follow up to the file's end, so that a size of 0 is meant."""
    for _ in range(_MOST_CHUNKS):
        if place >= size:
            return place <= size + 1
        head = os.pread(descriptor, 8, place)
        if len(head) < 8 or not all(32 <= byte < 127 for byte in head[:4]):
            return False
        length = int.from_bytes(head[4:], "little")
        place += 8 + length + (length & 1)
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    start: int
    stop: int
    serial: int
    granule: int
    begins: bool
    first: bytes


def _take_first_page(descriptor: int, page: _Page, link: Link) -> bool:
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
