"""Log files: opened for appending, rotated when they are long, oldest dropped.

Private servers write straight into their log, not through the keeper, so that they go on when it
is killed. Hence a long log of theirs is copied aside and emptied in place: every writer appends.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

LONGEST = 1_000_000
"""Bytes of one file."""

FILES = 5
"""How many files of a log there are: the one that is written and four older ones."""


def open_log(path: Path) -> int:
    """Open a log for appending, 0600, as a file descriptor. Raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def copy_aside(path: Path, *, longest: int = LONGEST) -> None:
    """Put a log of more than `longest` bytes aside as `.1` and empty it in place."""
    if not path.exists() or path.stat().st_size <= longest:
        return
    _shift(path)
    newest = numbered(path, 1)
    newest.touch(mode=0o600)
    shutil.copyfile(path, newest)
    os.truncate(path, 0)


def move_aside(path: Path) -> None:
    """Put a log aside as `.1`; whoever writes next begins another."""
    _shift(path)
    with suppress(FileNotFoundError):
        path.replace(numbered(path, 1))


def numbered(path: Path, number: int) -> Path:
    """Return the name of an older file of a log, 1 for the newest of them."""
    return path.with_name(f"{path.name}.{number}")


def last_line(path: Path, *, since: int = 0) -> str:
    """Return the last line that says something after byte `since`; empty where there is none."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(since, size - 4_000) if size >= since else 0)
            lines = log.read(4_000).decode("utf-8", errors="backslashreplace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _shift(path: Path) -> None:
    """Give every older file the next number."""
    for number in range(FILES - 1, 1, -1):
        with suppress(FileNotFoundError):
            numbered(path, number - 1).replace(numbered(path, number))
