"""How much of a machine a worker takes: cores, memory, threads, and who goes first.

Studio machines play audio: whoever plays must not hear that sounds are analysed.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

# A child is given its share of the machine's memory, but never less than this, bytes.
_LEAST_MEMORY = 1 << 30
_THREADED = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "NUMBA")


def be_polite(nice: int) -> None:
    """Let this process stand back: processor, disk, threads."""
    # Before numpy is loaded, which reads them once.
    os.environ |= thread_variables(1)
    lower(0, nice=max(nice, os.getpriority(os.PRIO_PROCESS, 0)), idle_io=True)


def lower(pid: int, *, nice: int, idle_io: bool) -> None:
    """Let a process, 0 for this one, and all that it starts stand back for others."""
    # A niceness already higher than asked for cannot be lowered, and need not be.
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    if idle_io and sys.platform == "linux":
        # A late import: only a worker's start needs it.
        import psutil

        with suppress(psutil.Error, OSError):
            psutil.Process(pid or None).ionice(psutil.IOPRIO_CLASS_IDLE)


def thread_variables(threads: int) -> dict[str, str]:
    """Return the variables that give the libraries of numbers so many threads in each process."""
    return {f"{library}_NUM_THREADS": str(threads) for library in _THREADED}


def cores() -> int:
    """Return how many cores this process may use; a container may have fewer than the machine."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def share_of_memory(children: int) -> int | None:
    """Return how much data memory a child may have, bytes; None where it cannot be limited."""
    if sys.platform != "linux":
        return None
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(_LEAST_MEMORY, whole // (2 * children))
