"""How files and batches end without a worker: crashed, cancelled, vanished, all done.

Everything here runs inside one transaction that holds the write lock, except the looks that tell
whether it is worth taking.
"""

# ruff: noqa: S608 - the statements are made of our own words; every value is a parameter.

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from smtui.domain.analysis import AnalysisId
from smtui.domain.batch import LONGEST_LEASE_SECONDS, MAX_ATTEMPTS, FileResult, RunId, State
from smtui.domain.error_codes import ErrorCode
from smtui.stores.sqlite.connections import Reader
from smtui.stores.sqlite.values import from_ms, from_ms_or_none, to_ms_or_none

RESULT_COLUMNS = (
    "status",
    "analysis_id",
    "code",
    "error",
    "attempt",
    "worker",
    "lease_until",
    "claimed_at",
    "unseen_on",
)
RESULT = ", ".join(f"r.{name}" for name in RESULT_COLUMNS)
SET_RESULT = ", ".join(f"{name} = ?" for name in RESULT_COLUMNS)

OPEN = "b.status IN ('pending', 'processing')"
EXPIRED = "r.status = 'processing' AND r.lease_until <= ?"

_LONGEST_MS = round(LONGEST_LEASE_SECONDS * 1000)
_VANISHED = (
    "FROM batch_jobs AS b CROSS JOIN batch_files AS r INDEXED BY batch_files_unseen USING (batch)"
    f" WHERE {OPEN} AND b.cancel_requested_at IS NULL AND r.unseen_on IS NOT NULL"
    " AND r.status = 'pending' AND NOT EXISTS (SELECT 1 FROM json_each(?) AS machine"
    " WHERE machine.value NOT IN (SELECT value FROM json_each(r.unseen_on)))"
    " AND (? IS NULL OR b.run_id IN (SELECT value FROM json_each(?)))"
)


def needs_repair(reader: Reader, now: int) -> bool:
    """Whether `repair` would find anything to do."""
    row = reader.row(
        "SELECT EXISTS (SELECT 1 FROM batch_jobs AS b WHERE"
        f" {OPEN} AND completed + failed + cancelled >= total_files)"
        " OR EXISTS (SELECT 1 FROM batch_jobs AS b CROSS JOIN batch_files AS r USING (batch)"
        f" WHERE {OPEN} AND r.status = 'processing' AND r.lease_until <= ?"
        " AND (r.attempt >= ? OR b.cancel_requested_at IS NOT NULL))"
        " OR EXISTS (SELECT 1 FROM batch_jobs AS b CROSS JOIN batch_files AS r USING (batch)"
        f" WHERE {OPEN} AND r.status = 'processing' AND r.lease_until > ?)",
        (now, MAX_ATTEMPTS, now + _LONGEST_MS),
    )
    return bool(row[0])


def repair(connection: sqlite3.Connection, now: int) -> None:
    """Settle what no worker will: exhausted attempts, cancelled files whose worker is gone."""
    connection.execute(
        "UPDATE batch_files SET lease_until = :longest"
        " WHERE status = 'processing' AND lease_until > :longest"
        f" AND batch IN (SELECT batch FROM batch_jobs AS b WHERE {OPEN})",
        {"longest": now + _LONGEST_MS},
    )
    runs = connection.execute(f"SELECT DISTINCT run_id FROM batch_jobs AS b WHERE {OPEN}")
    for (run_id,) in runs.fetchall():
        settle(connection, now, RunId(run_id))
    end_batches(connection, now)


def settle(connection: sqlite3.Connection, now: int, run_id: RunId) -> None:
    """End the files of a run whose lease expired and that nobody may claim again."""
    rows = connection.execute(
        f"SELECT r.batch, r.position, b.cancel_requested_at IS NOT NULL, {RESULT}"
        " FROM batch_jobs AS b CROSS JOIN batch_files AS r USING (batch)"
        f" WHERE b.run_id = ? AND {OPEN} AND {EXPIRED}"
        " AND (r.attempt >= ? OR b.cancel_requested_at IS NOT NULL)",
        (run_id, now, MAX_ATTEMPTS),
    ).fetchall()
    for batch, position, stopping, *columns in rows:
        after = result_of(columns).settled(from_ms(now), stopping=bool(stopping))
        connection.execute(
            f"UPDATE batch_files SET {SET_RESULT} WHERE batch = ? AND position = ?",
            (*result_values(after), batch, position),
        )
        connection.execute(
            f"UPDATE batch_jobs SET processing = processing - 1, {after.status} ="
            f" {after.status} + 1, updated_at = ? WHERE batch = ?",
            (now, batch),
        )
    if rows:
        end_batches(connection, now)


def result_of(columns: Any) -> FileResult:
    """Read RESULT_COLUMNS."""
    status, analysis_id, code, error, attempt, worker, lease_until, claimed_at, unseen_on = columns
    return FileResult(
        status=State(status),
        analysis_id=analysis_id and AnalysisId(analysis_id),
        code=code,
        error=error,
        attempt=attempt,
        worker=worker,
        lease_until=from_ms_or_none(lease_until),
        claimed_at=from_ms_or_none(claimed_at),
        unseen_on=tuple(json.loads(unseen_on or "[]")),
    )


def result_values(result: FileResult) -> tuple[str | int | None, ...]:
    """Write RESULT_COLUMNS."""
    return (
        result.status,
        result.analysis_id,
        result.code,
        result.error,
        result.attempt,
        result.worker,
        to_ms_or_none(result.lease_until),
        to_ms_or_none(result.claimed_at),
        json.dumps(result.unseen_on) if result.unseen_on else None,
    )


def cancel_pending(connection: sqlite3.Connection, now: int) -> int:
    """Cancel what is pending in runs that were asked to stop, as `FileResult.stopped` does.

    Gives how many files.
    """
    count = 0
    batches = connection.execute(
        f"SELECT batch FROM batch_jobs AS b WHERE {OPEN} AND cancel_requested_at IS NOT NULL"
    ).fetchall()
    for (batch,) in batches:
        changed = connection.execute(
            "UPDATE batch_files SET status = 'cancelled' WHERE batch = ? AND status = 'pending'",
            (batch,),
        ).rowcount
        connection.execute(
            "UPDATE batch_jobs SET cancelled = cancelled + ? WHERE batch = ?", (changed, batch)
        )
        count += changed
    end_batches(connection, now)
    return count


def end_batches(connection: sqlite3.Connection, now: int) -> None:
    """Set the status of batches in which every file ended, as `Batch.ended` does of one."""
    connection.execute(
        "UPDATE batch_jobs AS b SET finished_at = :now, updated_at = :now,"
        " status = CASE WHEN cancelled > 0 THEN 'cancelled'"
        " WHEN completed > 0 OR total_files = 0 THEN 'completed' ELSE 'failed' END"
        f" WHERE {OPEN} AND completed + failed + cancelled >= total_files",
        {"now": now},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Which files are lost: those that none of these machines has, in these runs or in all."""

    machines: Collection[str]
    runs: Collection[RunId] | None = None

    @property
    def values(self) -> tuple[str | None, ...]:
        """What the statement is asked with."""
        runs = None if self.runs is None else json.dumps([*self.runs])
        return json.dumps([*self.machines]), runs, runs


def vanishing(reader: Reader, lost: Lost) -> bool:
    """Whether `vanish` would find anything to do."""
    row = reader.row(f"SELECT EXISTS (SELECT 1 {_VANISHED})", lost.values)
    return bool(row[0])


def unseen(reader: Reader, run_ids: Collection[RunId]) -> dict[RunId, dict[str, int]]:
    """How many pending files of these runs each machine has handed back as unseen."""
    rows = reader.rows(
        "SELECT b.run_id, machine.value, count(*) FROM batch_jobs AS b"
        " CROSS JOIN batch_files AS r INDEXED BY batch_files_unseen USING (batch)"
        " CROSS JOIN json_each(r.unseen_on) AS machine"
        f" WHERE {OPEN} AND r.unseen_on IS NOT NULL AND r.status = 'pending'"
        " AND b.run_id IN (SELECT value FROM json_each(?)) GROUP BY 1, 2",
        (json.dumps([*run_ids]),),
    )
    found: dict[RunId, dict[str, int]] = {}
    for run_id, machine, count in rows:
        found.setdefault(RunId(run_id), {})[machine] = count
    return found


def vanish(connection: sqlite3.Connection, lost: Lost, now: int) -> int:
    """Fail pending files that none of these machines has, as `FileResult.lost`; gives how many."""
    rows = connection.execute(f"SELECT r.batch, r.position {_VANISHED}", lost.values).fetchall()
    for place in rows:
        connection.execute(
            "UPDATE batch_files SET status = 'failed', code = ?, unseen_on = NULL"
            " WHERE batch = ? AND position = ?",
            (ErrorCode.VANISHED, *place),
        )
        connection.execute(
            "UPDATE batch_jobs SET failed = failed + 1, updated_at = ? WHERE batch = ?",
            (now, place[0]),
        )
    if rows:
        end_batches(connection, now)
    return len(rows)
