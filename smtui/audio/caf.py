"""What a CAF file says around its samples (Apple Core Audio Format 1.0)."""

from __future__ import annotations

import os
from dataclasses import dataclass

_MOST_CHUNKS = 1_000


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
