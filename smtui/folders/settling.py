"""Whether a file has stopped growing: its size and time unchanged for two seconds."""

from __future__ import annotations

import time
from pathlib import Path

from smtui.domain.scan import Candidate

SETTLED_SECONDS = 2.0


class Settling:
    """Remembers the files of one folder that have not come to rest.

    `trusts_clock`: a file not written to for long by this machine's clock is at rest when first
    seen. The clock of a network's server may be another, so there each file is looked at twice.
    """

    def __init__(self, *, trusts_clock: bool = True) -> None:
        self._trusts_clock = trusts_clock
        self._restless: dict[Path, tuple[int, int, float]] = {}

    def settled(self, candidate: Candidate) -> bool:
        """Take what was just seen of a file; True once it is at rest, and then it is forgotten."""
        now = time.monotonic()
        size, changed = candidate.file_size, candidate.mtime_ns
        known = self._restless.get(candidate.path)
        if known is None and self._trusts_clock and _is_old(changed):
            return True
        if known is None or known[:2] != (size, changed):
            self._restless[candidate.path] = (size, changed, now)
            return False
        if now - known[2] < SETTLED_SECONDS:
            return False
        del self._restless[candidate.path]
        return True

    def keep_only(self, paths: set[Path]) -> None:
        """Forget those that have gone."""
        self._restless = {path: one for path, one in self._restless.items() if path in paths}


def _is_old(changed_ns: int) -> bool:
    return time.time_ns() - changed_ns > SETTLED_SECONDS * 1e9
