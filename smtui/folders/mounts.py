"""Drives that have their place in the tree and are not mounted there now.

A place named in fstab stays as an empty folder while its drive is away; what is missing below it
is not gone. (Places that appear with the drive need no such care: they are not there without it.)
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path

FSTAB = Path("/etc/fstab")
_ESCAPE = re.compile(rb"\\([0-7]{3})")


def waits_for_drive(path: bytes, *, fstab: Path = FSTAB) -> bool:
    """Whether an absolute path is, or lies below, a drive's place where none is mounted."""
    try:
        changed = fstab.stat().st_mtime_ns
    except OSError:
        return False
    return any(
        (path == place or path.startswith(place + b"/")) and not os.path.ismount(place)
        for place in _places(fstab, changed)
    )


@functools.lru_cache(maxsize=4)
def _places(fstab: Path, changed: int) -> tuple[bytes, ...]:  # noqa: ARG001 - a changed file is another
    """Read where fstab mounts drives, the root and swap left out."""
    try:
        lines = fstab.read_bytes().splitlines()
    except OSError:
        return ()
    fields = [line.split() for line in lines if not line.lstrip().startswith(b"#")]
    places = (_spelled(field[1]) for field in fields if len(field) > 1)
    return tuple(place.rstrip(b"/") for place in places if place.startswith(b"/") and place != b"/")


def _spelled(field: bytes) -> bytes:
    r"""Put spaces back, which fstab writes as `\040`."""
    return _ESCAPE.sub(lambda match: bytes([int(match.group(1), 8) & 0xFF]), field)
