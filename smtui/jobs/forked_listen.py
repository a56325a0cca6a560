"""Analysing a file in a process of its own, because whoever tried before did not come back.

A child of the worker that dies costs a new one, and is told of nothing. A fork that hears one file
may crash as it likes: the child lives on and knows by which signal it ended.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from smtui.domain.analysis import Measurement
from smtui.domain.errors import ErrorCode, SoundUnreadable
from smtui.jobs.limits import Allowance, end_beyond

_log = logging.getLogger(__name__)


class Died(Exception):
    """The process that analysed the file ended without a word; `reason` says why."""

    def __init__(self, reason: SoundUnreadable) -> None:
        super().__init__(str(reason))
        self.reason = reason


def listen_in_fork(
    listen: Callable[[], Measurement], allowance: Allowance, *, grace: float
) -> Measurement:
    """Analyse a file in a fork of this process, which ends a grace, s, after what it is allowed.

    Raises:
        SoundUnreadable: as `listen` does.
        MemoryError: likewise.
        Died: the fork did not come back.
    """
    reading, writing = os.pipe()
    pid, ended = os.fork(), 0
    if not pid:
        os.close(reading)
        _listen(listen, writing, allowance, grace)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
    finally:
        # Whatever interrupts the reading: nothing goes on that nobody waits for.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        ended = os.waitpid(pid, 0)[1]
    if not said:
        raise Died(_reason(ended))
    return _measurement_of(said)


def _listen(
    listen: Callable[[], Measurement], writing: int, allowance: Allowance, grace: float
) -> None:
    # The system's own way of taking these signals: it ends a process also within a decoder.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, allowance.wall + grace)
    end_beyond(allowance.processor + grace)
    with _Reply(writing) as reply:
        reply.measured = listen()


class _Reply:
    """Writes what came of a block into a pipe, and ends the process."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self.measured: Measurement | None = None

    def __enter__(self) -> _Reply:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        words: tuple[Any, ...]
        match error:
            case None:
                words = ("heard", self.measured)
            case SoundUnreadable():
                words = ("unreadable", error.title, error.code, error.hint)
            case MemoryError():
                words = ("full",)
            case _:
                _log.error("smtui stumbled", exc_info=error)
                words = ("stumbled", type(error).__name__)
        with suppress(OSError), os.fdopen(self._pipe, "wb") as pipe:
            pipe.write(pickle.dumps(words))
        # Not `sys.exit`: what the child meant to do at its end is not this process's business.
        os._exit(0)


def _measurement_of(said: bytes) -> Measurement:
    match pickle.loads(said):  # noqa: S301 - a fork of this process wrote it
        case "heard", Measurement() as measured:
            return measured
        case "unreadable", title, code, hint:
            raise SoundUnreadable(title, code=code, hint=hint)
        case ("full",):
            raise MemoryError
        case _, name:
            raise stumbled(name)
    raise Died(_reason(0))


def stumbled(name: str) -> SoundUnreadable:
    """Say that a defect of smtui, an error of this name, kept it from analysing a file."""
    return SoundUnreadable(
        "smtui stumbled over this sound",
        code=ErrorCode.INTERNAL,
        hint=f"{name}, details are in the worker's log",
    )


def took_too_long() -> SoundUnreadable:
    """Say that analysing a file reached its time limit."""
    return SoundUnreadable("Analysing it took too long", code=ErrorCode.TIMED_OUT)


def _reason(ended: int) -> SoundUnreadable:
    """Say how a process ended, by its status as `waitpid` gives it."""
    number = os.WTERMSIG(ended) if os.WIFSIGNALED(ended) else 0
    if number in (signal.SIGALRM, signal.SIGXCPU):
        return took_too_long()
    if number == signal.SIGKILL:
        return SoundUnreadable(
            "The system ended the process that analysed it, as it does when memory runs out",
            code=ErrorCode.OUT_OF_MEMORY,
        )
    how = signal.Signals(number).name if number else f"status {os.waitstatus_to_exitcode(ended)}"
    return SoundUnreadable(f"Its decoder crashed every time ({how})", code=ErrorCode.INTERNAL)
