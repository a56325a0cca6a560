"""What the children of a worker hold, written where their successors can read it.

A child that is killed cannot give back its claims, and waiting for its leases to expire takes
long. So each seat of the worker has a part of a file: the next child in the seat reads there what
the last one held when it died, be it a child of this worker or of one that was killed as a whole.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from smtui.domain.analysis import Level
from smtui.domain.batch import Claimed

# 64 claims of 300 bytes; what does not fit is found when its lease expires.
_SEAT_BYTES = 32 * 1024
# At the end of a seat's part: how many of its claims had not ended when the last one was begun.
_LEFT = struct.Struct("<Q")
_TEXT_BYTES = _SEAT_BYTES - _LEFT.size

# More workers of one name and machine than these share the last one's fate of having no slate.
_MOST_WORKERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Inheritance:
    """What a child held when it was killed.

    Attributes:
        begun: what it was analysing then, None where it had only claimed.
        untouched: what it would have heard next, and what may have been heard but not kept.
    """

    begun: Claimed | None = None
    untouched: tuple[Claimed, ...] = ()


class ClaimsJournal:
    """A worker's file with one part for each seat; opened before there are children.

    Of several workers that share a folder and a name each takes the first file that is free, and
    so one that is started again takes up what the one before left. It only saves time: where no
    file can be written (a full disk), leases expire.

    Attributes:
        path: the file that was taken, None where there is none.
    """

    def __init__(self, folder: Path, name: str, *, seats: int) -> None:
        self._seats = seats
        self._file: int | None = None
        self.path: Path | None = None
        for number in range(1, _MOST_WORKERS + 1):
            path = folder / f"{name}{f'-{number}' if number > 1 else ''}.claims"
            try:
                file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError:
                return
            try:
                # Held by the worker and all its children, until the last of them has ended.
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(file)
            else:
                self._file, self.path = file, path
                return

    def write(self, seat: int, claims: Sequence[Claimed]) -> None:
        """Note what the child in a seat holds and has not begun; no claims wipe its part clean."""
        if seat >= self._seats or self._file is None:
            return
        text = json.dumps([asdict(claimed) for claimed in claims]).encode() if claims else b""
        start = seat * _SEAT_BYTES
        with suppress(OSError):
            # The first byte last: a child killed in between has left nothing half written.
            os.pwrite(self._file, b"\0", start)
            os.pwrite(self._file, _LEFT.pack(0), start + _TEXT_BYTES)
            if text and len(text) < _TEXT_BYTES:
                os.pwrite(self._file, text[1:] + b"\0", start + 1)
                os.pwrite(self._file, text[:1], start)

    def begin(self, seat: int, *, left: int) -> None:
        """Note that the first of the claims that are `left` is begun; others before it ended."""
        if seat < self._seats and self._file is not None:
            with suppress(OSError):
                os.pwrite(self._file, _LEFT.pack(left), seat * _SEAT_BYTES + _TEXT_BYTES)

    def inherited(self, seat: int) -> Inheritance:
        """Return what the child before held when it ended; nothing where it ended in order."""
        if seat >= self._seats or self._file is None:
            return Inheritance()
        try:
            part = os.pread(self._file, _SEAT_BYTES, seat * _SEAT_BYTES)
            text = part[:_TEXT_BYTES].partition(b"\0")[0]
            written: list[dict[str, Any]] = json.loads(text) if text else []
            claims = tuple(
                Claimed(**claimed | {"level": Level(claimed["level"])}) for claimed in written
            )
            (left,) = _LEFT.unpack(part[_TEXT_BYTES:]) if claims else (0,)
        except (OSError, ValueError, TypeError, KeyError, struct.error):
            # Another smtui wrote it, or the machine went down while it was written.
            return Inheritance()
        if not 0 < left <= len(claims):
            return Inheritance(untouched=claims)
        place = len(claims) - left
        return Inheritance(begun=claims[place], untouched=claims[:place] + claims[place + 1 :])
