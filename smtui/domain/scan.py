"""A scan of folders: what it meets on the disk and what it reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from smtui.domain.errors import ErrorCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A regular file that may be a sound; `file_path` is printable, `path` opens it."""

    path: Path
    file_path: str
    path_bytes: bytes | None
    file_size: int
    mtime_ns: int
    ctime_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What is left of the way to a file that is gone.

    Attributes:
        can_tell: the folders that are there could tell that it is gone; not so below a place of
            drives where none is mounted now.
        empty: the last folder that is there has nothing in it.
        changed_ns: when something was last put into that folder or taken out of it.
        device: the disk that the folder is on.
    """

    can_tell: bool
    empty: bool = False
    changed_ns: int = 0
    device: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file or folder that a scan could not read; `error` is one sentence."""

    file_path: str
    code: ErrorCode
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What a walk met since its last step; `folder` is where it is now, printable."""

    folder: str
    candidates: tuple[Candidate, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    ignored: int = 0
    not_sounds: int = 0
    unfinished: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanProgress:
    """How far a scan is; the last one is the report.

    Attributes:
        seen: audio-looking files met so far.
        handled: how many of these are dealt with.
        counted: the walk has ended, so `seen` is how many there are.
        added, changed, moved, unchanged: files by what became of them.
        missing: rows whose file is no longer there.
        vanished: those of them whose file was there at the last scan.
        returned: rows whose file was missing and is there again, counted as unchanged too.
        ignored: entries skipped by rule (`._*`, `.smtuiignore`, links that loop, not audio).
        not_sounds: those of them that are no sounds by name and content.
        unfinished: downloads that go on and temporary files, known by their names.
        current: the folder being read, printable.
        unreadable: what could not be read, and why (the first 1,000).
        unreadable_count: how many could not be read.
        done: this is the report.
    """

    seen: int = 0
    handled: int = 0
    counted: bool = False
    added: int = 0
    changed: int = 0
    moved: int = 0
    unchanged: int = 0
    missing: int = 0
    ignored: int = 0
    not_sounds: int = 0
    unfinished: int = 0
    returned: int = 0
    vanished: int = 0
    current: str = ""
    unreadable: tuple[Unreadable, ...] = ()
    unreadable_count: int = 0
    done: bool = False
