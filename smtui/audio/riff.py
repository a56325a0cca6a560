"""Where the samples of a WAV lie, whatever its sizes say: RIFF, RF64 and BW64 (EBU Tech 3306).

A recorder that was switched off, or a program that wrote into a pipe, leaves sizes of 0 or all
ones: then the sound goes on to the end of the file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from smtui.audio.spliced import Extent, Part

MP3_CODES = (0x50, 0x55)
_BLOCK_CODES = {0x02: "MS ADPCM", 0x11: "IMA ADPCM"}
_FILLED_UP = 4
"""Blocks that an encoder may add; a number further off is a left-over of another program."""
_UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0x7FFFF000, 0x80000000, 0xFFFFFFFF)
_MOST_CHUNKS = 1_000
_LONGEST_FORMAT = 4_096
_LARGEST_RIFF = 0xFFFFFF00


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
        """Whether libsndfile would not find the samples by what the file says."""
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
    """Whether chunks follow up to the file's end, so that a size of 0 is meant."""
    for _ in range(_MOST_CHUNKS):
        if place >= size:
            return place <= size + 1
        head = os.pread(descriptor, 8, place)
        if len(head) < 8 or not all(32 <= byte < 127 for byte in head[:4]):
            return False
        length = int.from_bytes(head[4:], "little")
        place += 8 + length + (length & 1)
    return False
