"""What the children of a worker hold, written where their successors can read it.

A child that is killed cannot give back its claims, and waiting for its leases to expire takes
long. So each seat of the worker has a piece of memory that all its children share: the next child
in the seat reads there what the last one held when it died.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from smtui.domain.analysis import Level
from smtui.domain.batch import Claimed

# 64 claims of 300 bytes; what does not fit is found when its lease expires.
_SEAT_BYTES = 32 * 1024


class Slate:
    """Shared memory of a worker with one part for each seat; made before the children are."""

    def __init__(self, seats: int) -> None:
        self._seats = seats
        self._memory = mmap.mmap(-1, seats * _SEAT_BYTES)

    def write(self, seat: int, claims: Sequence[Claimed]) -> None:
        """Put down what the child in a seat holds; nothing wipes it clean."""
        if seat >= self._seats:
            return
        text = json.dumps([asdict(claimed) for claimed in claims]).encode() if claims else b""
        start = seat * _SEAT_BYTES
        # The first byte last: a child killed in between has left nothing half written to be read.
        self._memory[start] = 0
        if text and len(text) < _SEAT_BYTES:
            self._memory[start + 1 : start + len(text)] = text[1:]
            self._memory[start + len(text) : start + _SEAT_BYTES] = bytes(_SEAT_BYTES - len(text))
            self._memory[start] = text[0]

    def read(self, seat: int) -> tuple[Claimed, ...]:
        """Give what the child before held when it ended; nothing where it ended in order."""
        if seat >= self._seats or not self._memory[seat * _SEAT_BYTES]:
            return ()
        part = self._memory[seat * _SEAT_BYTES : (seat + 1) * _SEAT_BYTES]
        written: list[dict[str, Any]] = json.loads(part.rstrip(b"\0"))
        return tuple(Claimed(**claimed | {"level": Level(claimed["level"])}) for claimed in written)
