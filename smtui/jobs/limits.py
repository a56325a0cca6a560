"""What one file may cost a child: seconds of the processor, in three steps, and memory.

Processors are shared with whoever else works on the machine, so a file is given seconds of the
processor and not of the wall. The wall counts in two ways: a file that does not move at all, as a
read from a drive that has gone, and a last limit many times the file's own.

A file that takes too long is interrupted in the main thread. Where that does not land, because a
decoder does not come back, the child ends itself. Where not even that lands, because the decoder
keeps the interpreter's lock, the system ends the child (RLIMIT_CPU), or a watchdog thread of C.
"""

from __future__ import annotations

import faulthandler
import math
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType

# The signal comes again, because a callback of a C library may swallow what it raises.
_RING_SECONDS = 1.0
# A thread that gets less of a processor than this waits; one at low priority beside a dozen busy
# ones still gets more.
_MOVING = 0.005
# A look that comes so late does so because the whole process was stopped, or was in C until now.
_LATE_SECONDS = 5.0


class TookTooLong(Exception):
    """A file reached its time limit; raised into whatever the main thread was doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a file may take, s.

    Attributes:
        processor: of the main thread.
        wall: however busy the machine is.
        still: without moving, as when a read does not come back.
    """

    processor: float
    wall: float
    still: float

    @property
    def on_the_wall(self) -> Allowance:
        """The same for who only waits for another process that has the allowance."""
        return replace(self, processor=self.wall, still=self.wall)


class Patience:
    """Whether an allowance is used up, asked again and again from one thread, about the main one.

    `grace` is how much longer one waits, s.
    """

    def __init__(
        self, allowance: Allowance, used: Callable[[], float], *, grace: float = 0.0
    ) -> None:
        self._allowance = allowance
        self._grace = grace
        self._used = used
        self._began = self._looked = time.monotonic()
        self._began_used = used()
        self._moved, self._moved_used = self._began, self._began_used

    def ended(self) -> bool:
        """True if the file has taken all that it may."""
        now, used, allowance = time.monotonic(), self._used(), self._allowance
        late, self._looked = now - self._looked > _LATE_SECONDS, now
        if late or used - self._moved_used > _MOVING * (now - self._moved):
            self._moved, self._moved_used = now, used
        return (
            used - self._began_used > allowance.processor + self._grace
            or now - self._began > allowance.wall + self._grace
            or now - self._moved > allowance.still + self._grace
        )


class Stopwatch:
    """The limits of the file that is being heard; its owner is the main thread."""

    def __init__(self, *, grace_seconds: float) -> None:
        self._grace = grace_seconds
        self._used = _processor_of_main_thread()
        self._patience: Patience | None = None
        self._last_patience: Patience | None = None

    @contextmanager
    def limited(self, allowance: Allowance) -> Iterator[None]:
        """Raise TookTooLong in the block when it has taken what it may."""
        before = signal.signal(signal.SIGALRM, self._rings)
        self._patience = Patience(allowance, self._used)
        self._last_patience = Patience(allowance, self._used, grace=self._grace)
        faulthandler.dump_traceback_later(allowance.wall + 3 * self._grace, exit=True)
        ring = min(_RING_SECONDS, allowance.processor)
        signal.setitimer(signal.ITIMER_REAL, ring, ring)
        try:
            with _processor_limited(allowance.processor + 3 * self._grace):
                yield
        finally:
            # First this: a signal between here and the next line must not raise any more.
            self._patience = self._last_patience = None
            signal.setitimer(signal.ITIMER_REAL, 0)
            faulthandler.cancel_dump_traceback_later()
            signal.signal(signal.SIGALRM, before)

    def overrun(self) -> bool:
        """True if the limit has passed by more than the grace, so that the signal did not land.

        Asked regularly by a thread beside the main one.
        """
        patience = self._last_patience
        return patience is not None and patience.ended()

    def _rings(self, _number: int, _frame: FrameType | None) -> None:
        if self._patience is not None and self._patience.ended():
            raise TookTooLong


def interrupted_an_import(error: BaseException) -> bool:
    """True if an error was raised within an import: what was half loaded is of no use any more."""
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        step = step.tb_next
    return False


def end_beyond(processor: float) -> None:
    """Let the system end this process, by SIGXCPU, after so many seconds more of the processor."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = math.ceil(time.process_time() + processor)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (wanted, hard))


def limit_memory(data_bytes: int | None) -> None:
    """Let allocations beyond so many bytes raise MemoryError, where the system can (Linux)."""
    if data_bytes is None or sys.platform != "linux":
        return
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        data_bytes = min(data_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (data_bytes, hard))


@contextmanager
def _processor_limited(seconds: float) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_CPU)
    end_beyond(seconds)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, before)


def _processor_of_main_thread() -> Callable[[], float]:
    """Return what tells the seconds of the processor that the main thread has used.

    Asked from any thread. Where the system has no clock for a thread of others (macOS), all
    threads count; those beside the listening do little.
    """
    main = threading.main_thread().ident
    if not hasattr(time, "pthread_getcpuclockid") or main is None:
        return time.process_time
    clock = time.pthread_getcpuclockid(main)
    return lambda: time.clock_gettime(clock)
