"""What the children of a worker hold, written where their successors can read it.

A child that is killed cannot give back its claims, and waiting for its leases to expire takes
long. So each seat of the worker has a part of a file: the next child in the seat reads there what
the last one held when it died, be it a child of this worker or of one that was killed as a whole.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from smtui.domain.analysis import Level
from smtui.domain.batch import Claimed

# 64 claims of 300 bytes; what does not fit is found when its lease expires.
_SEAT_BYTES = 32 * 1024


# More workers of one name and machine than these share the last one's fate of having no slate.
_MOST_WORKERS = 16


class Slate:
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
        """Put down what the child in a seat holds; nothing wipes it clean."""
        if seat >= self._seats or self._file is None:
            return
        text = json.dumps([asdict(claimed) for claimed in claims]).encode() if claims else b""
        start = seat * _SEAT_BYTES
        with suppress(OSError):
            # The first byte last: a child killed in between has left nothing half written.
            os.pwrite(self._file, b"\0", start)
            if text and len(text) < _SEAT_BYTES:
                os.pwrite(self._file, text[1:] + b"\0", start + 1)
                os.pwrite(self._file, text[:1], start)

    def read(self, seat: int) -> tuple[Claimed, ...]:
        """Give what the child before held when it ended; nothing where it ended in order."""
        if seat >= self._seats or self._file is None:
            return ()
        try:
            text = os.pread(self._file, _SEAT_BYTES, seat * _SEAT_BYTES).partition(b"\0")[0]
            written: list[dict[str, Any]] = json.loads(text) if text else []
            return tuple(
                Claimed(**claimed | {"level": Level(claimed["level"])}) for claimed in written
            )
        except (OSError, ValueError, TypeError, KeyError):
            # Another smtui wrote it, or the machine went down while it was written.
            return ()
