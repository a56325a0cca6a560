"""Logs of processes that write for months: files opened for appending, cut when they are long.

The servers write straight into the file, not through the keeper, so that they go on when it is
killed. Hence a long log is copied aside and emptied in place: every writer appends.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_LONGEST = 1_000_000
_KEPT = 4


def opened(path: Path) -> int:
    """Open a log for appending, 0600, as a file descriptor. Raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def rotate(path: Path, *, longest: int = _LONGEST) -> None:
    """Put a log of more than `longest` bytes aside as `.1`, older ones as `.2` to `.4`."""
    if not path.exists() or path.stat().st_size <= longest:
        return
    for number in range(_KEPT - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    newest = path.with_name(f"{path.name}.1")
    newest.touch(mode=0o600)
    shutil.copyfile(path, newest)
    os.truncate(path, 0)


def last_line(path: Path, *, since: int = 0) -> str:
    """Give the last line that says something after byte `since`; empty where there is none."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(since, size - 4_000) if size >= since else 0)
            lines = log.read(4_000).decode("utf-8", errors="backslashreplace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
