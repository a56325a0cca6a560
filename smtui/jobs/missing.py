"""The folders that a worker was asked for and does not have, known to all its children.

A small file beside the slates: every child adds to it, and whoever reports reads it. A folder that
has come back since is left out.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from smtui.domain.path_map import PathMap
from smtui.domain.text import printable_path, shown
from smtui.jobs.sight import Gap, lacks

_MOST = 20
_LONGEST = 64 * 1024


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

    def note(self, gap: Gap) -> bool:
        """Keep a missing folder; True where nobody had met it yet."""
        if self._file is None or not gap.folder:
            return False
        try:
            known = self._read()
            new = gap.kept not in known and len(known) < _MOST
            if new:
                # In one piece, for others add to it too.
                os.write(self._file, json.dumps(os.fspath(gap.kept)).encode() + b"\n")
        except OSError:
            return False
        return new

    def still(self) -> tuple[str, ...]:
        """Give, printable, those that are missing also now."""
        try:
            folders = [folder for folder in self._read() if lacks(folder, self._paths)]
        except OSError:
            return ()
        return tuple(sorted(shown(printable_path(bytes(folder))) for folder in folders))

    def _read(self) -> set[Path]:
        if self._file is None:
            return set()
        lines = os.pread(self._file, _LONGEST, 0).splitlines()
        return {Path(json.loads(line)) for line in lines}
