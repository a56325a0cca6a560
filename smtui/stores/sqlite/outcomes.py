"""Keeping what came of a file in one transaction: one wait for the disk instead of four."""

from __future__ import annotations

import sqlite3

from smtui.domain.outcome import Outcome
from smtui.domain.ports.work import Clock
from smtui.stores.sqlite import claims, writing
from smtui.stores.sqlite.accounts import count_use
from smtui.stores.sqlite.analyses import save
from smtui.stores.sqlite.connections import Writer
from smtui.stores.sqlite.values import present


class SqliteOutcomes:
    """All that is written of a file that was heard, or nothing of it."""

    def __init__(self, writer: Writer, clock: Clock | None) -> None:
        self._writer = writer
        self._clock = clock

    async def keep(self, outcome: Outcome) -> bool:
        """Save the analysis, the row's `heard`, the result with its count; whether it counted."""
        return await self._writer.write(
            lambda connection: _keep(connection, outcome, present(self._clock))
        )


def _keep(connection: sqlite3.Connection, outcome: Outcome, now: int) -> bool:
    claimed, measured = outcome.claimed, outcome.analysis.measured
    analysis_id = save(connection, outcome.analysis)
    writing.set_heard(connection, claimed.file_id, outcome.heard, measured.file_hash)
    counted = claims.complete(connection, claimed, (analysis_id, outcome.heard_ms), now)
    if counted and claimed.user_id is not None:
        count_use(connection, claimed.user_id, analyses=1)
    return counted
