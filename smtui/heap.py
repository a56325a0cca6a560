"""How a process that lives long keeps its heap small: few arenas, and free pages are given back.

glibc gives each thread an arena of its own and keeps what was freed in them for later: a worker's
child and a screen have a dozen threads each, and the largest of thousands of sounds, or of a day's
answers, decides what each arena keeps. Other systems' allocators have neither habit.
"""

from __future__ import annotations

import gc
import sys
from functools import cache
from typing import Any

# mallopt(3).
_M_ARENA_MAX = -8
_ARENAS = 2


def prepare_heap() -> None:
    """Become a child that shares with its parent what it was forked with; before it has threads."""
    # The collector writes on all that it looks at, and each page that is written on is copied.
    gc.freeze()
    share_arenas()


def share_arenas() -> None:
    """Let all threads that come from now on share few arenas."""
    if (library := _glibc()) is not None:
        library.mallopt(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give the system the pages on which nothing lies any more; takes milliseconds."""
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> Any | None:
    """Give the C library where it is GNU's."""
    if sys.platform != "linux":
        return None
    # A late import: the first frame does without.
    import ctypes

    library = ctypes.CDLL(None)
    # Absent from musl.
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
