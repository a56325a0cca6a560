"""What one file may cost a child: time, in three steps, and memory.

A file that takes too long is interrupted in the main thread. Where that does not land, because
a decoder does not come back, the child ends itself. Where not even that lands, because the decoder
keeps the interpreter's lock, a watchdog thread of C ends the child.
"""

from __future__ import annotations

import faulthandler
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# The signal comes again, because a callback of a C library may swallow what it raises.
_AGAIN_SECONDS = 1.0


class TookTooLong(Exception):
    """A file reached its time limit; raised into whatever the main thread was doing."""


class Stopwatch:
    """The time limit of the file that is being heard; its owner is the main thread."""

    def __init__(self, *, grace_seconds: float) -> None:
        self._grace = grace_seconds
        self._limit: float | None = None

    @contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """Raise TookTooLong in the block after so many seconds."""
        before = signal.signal(signal.SIGALRM, self._rings)
        self._limit = time.monotonic() + seconds
        faulthandler.dump_traceback_later(seconds + 3 * self._grace, exit=True)
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_SECONDS)
        try:
            yield
        finally:
            # First this: a signal between here and the next line must not raise any more.
            self._limit = None
            signal.setitimer(signal.ITIMER_REAL, 0)
            faulthandler.cancel_dump_traceback_later()
            signal.signal(signal.SIGALRM, before)

    @property
    def overrun(self) -> bool:
        """The limit has passed by more than the grace, so the signal did not land."""
        limit = self._limit
        return limit is not None and time.monotonic() > limit + self._grace

    def _rings(self, _number: int, _frame: FrameType | None) -> None:
        if self._limit is not None:
            raise TookTooLong


def limit_memory(data_bytes: int | None) -> None:
    """Let allocations beyond so many bytes raise MemoryError, where the system can (Linux)."""
    if data_bytes is None or sys.platform != "linux":
        return
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        data_bytes = min(data_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (data_bytes, hard))
