"""How much of a machine a worker in the foreground takes: cores, memory, and who goes first."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

# A child is given its share of the machine's memory, but never less than this, bytes.
_LEAST_MEMORY = 1 << 30
_THREADED = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "NUMBA")


def be_polite(nice: int) -> None:
    """Stand back for whoever plays sounds on this machine: processor, disk, threads."""
    # Before numpy is loaded, which reads them once.
    os.environ |= {f"{library}_NUM_THREADS": "1" for library in _THREADED}
    # A niceness already higher than asked for cannot be lowered, and need not be.
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, max(nice, os.getpriority(os.PRIO_PROCESS, 0)))
    if sys.platform == "linux":
        import psutil

        with suppress(psutil.Error, OSError):
            psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)


def cores() -> int:
    """The cores that this process may use; a container may have fewer than the machine."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def share_of_memory(children: int) -> int | None:
    """How much data memory a child may have, bytes; None where the system cannot limit it."""
    if sys.platform != "linux":
        return None
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(_LEAST_MEMORY, whole // (2 * children))
