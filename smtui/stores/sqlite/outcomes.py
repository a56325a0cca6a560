"""Keeping what came of a file in one transaction: one wait for the disk instead of four.

It stands alone because it belongs to no one document: it writes in four stores' tables.
"""

from __future__ import annotations

import sqlite3

from smtui.domain.outcome import Outcome
from smtui.domain.ports.work import Clock
from smtui.stores.sqlite import batches
from smtui.stores.sqlite.accounts import count_use
from smtui.stores.sqlite.analyses import save
from smtui.stores.sqlite.connections import Writer, writing
from smtui.stores.sqlite.sample_codec import change
from smtui.stores.sqlite.values import present


class SqliteOutcomes:
    """Implements OutcomeStore: all that is written of a file, or nothing of it."""

    def __init__(self, writer: Writer, clock: Clock | None) -> None:
        self._writer = writer
        self._clock = clock

    @writing
    def keep(self, connection: sqlite3.Connection, outcome: Outcome) -> bool:
        claimed, heard, file_hash = (
            outcome.claimed,
            outcome.heard,
            outcome.analysis.measured.file_hash,
        )
        analysis_id = save(connection, outcome.analysis)
        change(connection, claimed.file_id, lambda before: before.listened_to(heard, file_hash))
        counted = batches.complete(
            connection, claimed, (analysis_id, outcome.heard_ms), present(self._clock)
        )
        if counted and claimed.user_id is not None:
            count_use(connection, claimed.user_id, analyses=1)
        return counted
