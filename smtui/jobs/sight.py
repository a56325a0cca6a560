"""Whether this machine has a file at all, and which folder is missing where it does not.

What is there and cannot be read (no permission, a folder in its place, a damaged file) is seen:
it fails with its own reason. Unseen is what is not there, and what a mount that has gone stale
hides; another machine may have it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from smtui.domain.path_map import PathMap
from smtui.domain.text import printable_path, shown

_UNSEEN = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.ENODEV}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
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


def gap(kept: Path, paths: PathMap) -> Gap | None:
    """Give what is missing of a path of the documents; None where something is there.

    None also where looking is not permitted.
    """
    here = paths.here(kept)
    if paths.foreign(kept):
        top = _topmost(kept, paths.foreign)
        return Gap(kept=top, here=top, words=f"has another folder at {_told(top)}")
    if not _unseen(here):
        return None
    missing = _topmost(here, _unseen)
    parent = missing.parent
    if parent != missing and _is_empty(parent):
        words = f"has nothing in {_named(parent, paths)}; is its drive mounted there?"
        return Gap(kept=paths.kept(parent), here=parent, words=words)
    words = f"does not have {_named(missing, paths)}"
    name = paths.kept(missing)
    if missing == here:
        return Gap(kept=name, here=missing, words=words, folder=False)
    if name == missing:
        mapped = f'[paths] map = {{"{_told(name)}" = "/its/name/there"}}'
        words += f"; if it has another name there, its settings can say so: {mapped}"
    return Gap(kept=name, here=missing, words=words)


def lacks(folder: Path, paths: PathMap) -> bool:
    """Whether a folder that was missing, as the documents have it, still is."""
    here = paths.here(folder)
    return paths.foreign(folder) or _unseen(here) or _is_empty(here)


def _topmost(path: Path, missing: Callable[[Path], bool]) -> Path:
    """Give the shortest of a missing path and its parents up to which all are missing."""
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
    kept = paths.kept(here)
    return _told(here) if kept == here else f"{_told(here)} ({_told(kept)} in the library)"


def _told(path: Path) -> str:
    return shown(printable_path(bytes(path)))
