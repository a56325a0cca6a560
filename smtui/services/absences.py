"""How long runs have waited for a machine that has their files."""

from __future__ import annotations

import time
from collections.abc import Collection

from smtui.domain.batch import RunId


class Absences:
    """Since when each run stands still, as one worker has seen it."""

    def __init__(self) -> None:
        self._since: dict[RunId, float] = {}

    def longer_than(self, seconds: float, still: Collection[RunId]) -> frozenset[RunId]:
        """Take the runs that stand still now; give those that have for so many seconds.

        A run of which somebody can do something begins anew.
        """
        now = time.monotonic()
        self._since = {run_id: self._since.get(run_id, now) for run_id in still}
        return frozenset(run_id for run_id, at in self._since.items() if now - at >= seconds)
