"""What limits of the system leave too little memory to work with.

A library of numbers that gets none ends the process without a word (OpenBLAS by itself, while
numpy is imported), so that nothing can be caught: the limits are read before.
"""

from __future__ import annotations

import sys

from smtui.domain.errors import InputInvalid

# Measured with numpy 2.4 on two cores: below these a command, or a worker's child, is ended by
# the library. A little above, sounds are still refused for their size, one by one.
_LEAST = {"-v": 640_000_000, "-d": 256_000_000}


def check_memory_limits() -> None:
    """Raise InputInvalid if a limit of this process leaves too little memory to work with."""
    for option, limit in _limits():
        if limit < _LEAST[option]:
            raise InputInvalid(too_little_memory(option, limit))


def too_little_memory(option: str, limit: int) -> str:
    """Return the sentence for a limit in bytes, and the option of ulimit that sets it."""
    return (
        f"Not enough memory: this shell's limit is {limit // 1_000_000:,} MB"
        f" (ulimit {option}), and analysis needs some 1,000"
    )


def out_of_memory() -> str:
    """Return what to say when memory ran out: the limit that made it so, or that there is none."""
    for option, limit in _limits():
        return f"{too_little_memory(option, limit)}."
    return "Not enough memory. Close something, and try again."


def _limits() -> list[tuple[str, int]]:
    """Return those limits of memory that are set, with the option of ulimit that sets each."""
    if sys.platform == "win32":
        return []
    # A late import: no other part of a command needs it.
    import resource

    limits = (("-v", resource.RLIMIT_AS), ("-d", resource.RLIMIT_DATA))
    set_ones = [(option, resource.getrlimit(limit)[0]) for option, limit in limits]
    return [(option, soft) for option, soft in set_ones if soft != resource.RLIM_INFINITY]
