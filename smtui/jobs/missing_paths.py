"""Files that this machine does not have at all, and which folder is missing then.

What is there and cannot be read (no permission, a folder in its place, a damaged file) is seen:
it fails with its own reason. Unseen is what is not there, and what a mount that has gone stale
hides; another machine may have it.

What a worker was asked for and does not have is known to all its children by a small file beside
their journal of claims: every child adds to it, and whoever reports reads it. A folder that has
come back since is left out.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from smtui.domain.path_map import PathMap
from smtui.domain.text import printable_path, shown

_UNSEEN = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.ENODEV}
)
_MOST_FOLDERS = 20
_LONGEST_FILE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingPath:
    """What of a path this machine lacks.

    Attributes:
        kept: the topmost part that is missing, as the documents have it.
        here: the same as this machine calls it.
        words: what is the matter with it, in a sentence about this machine without its name.
        folder: whether a folder is missing, not only the file.
    """

    kept: Path
    here: Path
    words: str
    folder: bool = True


def find_missing(kept: Path, paths: PathMap) -> MissingPath | None:
    """Return what is missing of a path of the documents; None where something is there.

    None also where looking is not permitted.
    """
    here = paths.here(kept)
    if paths.foreign(kept):
        top = _topmost(kept, paths.foreign)
        return MissingPath(kept=top, here=top, words=f"has another folder at {_printable(top)}")
    if not _unseen(here):
        return None
    missing = _topmost(here, _unseen)
    parent = missing.parent
    if parent != missing and _is_empty(parent):
        words = f"has nothing in {_named(parent, paths)}; is its drive mounted there?"
        return MissingPath(kept=paths.documents_path(parent), here=parent, words=words)
    words = f"does not have {_named(missing, paths)}"
    name = paths.documents_path(missing)
    if missing == here:
        return MissingPath(kept=name, here=missing, words=words, folder=False)
    if name == missing:
        mapped = f'[paths] map = {{"{_printable(name)}" = "/its/name/there"}}'
        words += f"; if it has another name there, its settings can say so: {mapped}"
    return MissingPath(kept=name, here=missing, words=words)


def lacks(folder: Path, paths: PathMap) -> bool:
    """True if a folder that was missing, as the documents have it, still is."""
    here = paths.here(folder)
    return paths.foreign(folder) or _unseen(here) or _is_empty(here)


class MissingFolders:
    """Folders as the documents have them; opened before there are children.

    It only informs: where it cannot be written (a full disk), nothing is told.
    """

    def __init__(self, path: Path, paths: PathMap) -> None:
        self._paths = paths
        self._file: int | None = None
        with suppress(OSError):
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
            self._file = os.open(path, flags, 0o600)

    def note(self, missing: MissingPath) -> bool:
        """Keep a missing folder; True where nobody had met it yet."""
        if self._file is None or not missing.folder:
            return False
        try:
            known = self._folders()
            new = missing.kept not in known and len(known) < _MOST_FOLDERS
            if new:
                # In one piece, for others add to it too.
                os.write(self._file, json.dumps(os.fspath(missing.kept)).encode() + b"\n")
        except OSError:
            return False
        return new

    def still(self) -> tuple[str, ...]:
        """Return, printable, those that are missing also now."""
        try:
            folders = [folder for folder in self._folders() if lacks(folder, self._paths)]
        except OSError:
            return ()
        return tuple(sorted(shown(printable_path(bytes(folder))) for folder in folders))

    def _folders(self) -> set[Path]:
        if self._file is None:
            return set()
        lines = os.pread(self._file, _LONGEST_FILE, 0).splitlines()
        return {Path(json.loads(line)) for line in lines}


def _topmost(path: Path, missing: Callable[[Path], bool]) -> Path:
    """Return the shortest of a missing path and its parents up to which all are missing."""
    top = path
    for parent in path.parents:
        if not missing(parent):
            break
        top = parent
    return top


def _unseen(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:
        return error.errno in _UNSEEN
    return False


def _is_empty(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return False


def _named(here: Path, paths: PathMap) -> str:
    kept = paths.documents_path(here)
    return (
        _printable(here)
        if kept == here
        else f"{_printable(here)} ({_printable(kept)} in the library)"
    )


def _printable(path: Path) -> str:
    return shown(printable_path(bytes(path)))
