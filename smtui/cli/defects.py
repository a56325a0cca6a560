"""What happens to an error that nobody foresaw: the log gets it, the person one sentence."""

from __future__ import annotations

import errno
import logging
import os
import sys
from types import TracebackType

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
# What the dynamic linker and Python say of it (glibc, musl, macOS).
_NO_MEMORY = (
    "failed to map segment",
    "annot allocate memory",
    "ut of memory",
    "can't start new thread",
    "Cannot map",
)
_DEFECT = 70
"""EX_SOFTWARE of sysexits."""


def report_defects() -> None:
    """From now on, end this process after a defect with a sentence and status 70."""
    sys.excepthook = _report_defect


def _report_defect(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if isinstance(error, OSError) and error.errno in _FULL and error.filename is None:
        # Every other write was translated where it happened: this one is the output's.
        sys.stderr.write(f"smtui: The output cannot be written: {error.strerror}\n")
        os._exit(1)
    if _is_for_want_of_memory(error):
        # Late imports: a program without defects needs none of them.
        from smtui.cli.memory_limit import out_of_memory

        sys.stderr.write(f"smtui: {out_of_memory()}\n")
        sys.stderr.flush()
        os._exit(1)
    from smtui import logs
    from smtui.paths import places

    log = places().log
    logs.start(log)
    logging.getLogger(__name__).critical(
        "a defect ended the command", exc_info=(kind, error, trace)
    )
    logs.stop()
    where = f" The log says more: {log}" if log.exists() else ""
    sys.stderr.write(f"smtui: something went wrong inside smtui ({kind.__name__}).{where}\n")
    sys.stderr.flush()
    # The interpreter would leave with 1, which says that something foreseen failed.
    os._exit(_DEFECT)


def _is_for_want_of_memory(error: BaseException | None) -> bool:
    """True if an error, or what led to it, is that no memory, address space or thread is left.

    A library that cannot be loaded for want of memory says so only in the words of the system.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
            return True
        known = isinstance(error, ImportError | OSError | RuntimeError)
        if known and any(words in str(error) for words in _NO_MEMORY):
            return True
        error = error.__cause__ or error.__context__
    return False
