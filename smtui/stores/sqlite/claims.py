"""Who works on which file of a batch: claims, leases, results, repairs.

Everything here runs inside one transaction that holds the write lock, so that no two workers
can take the same file. A claim is known by worker and attempt; what a former holder sends
changes nothing.
"""

# ruff: noqa: S608 - the statements are made of our own words; every value is a parameter.

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import dataclass

from smtui.domain.account import UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import MAX_ATTEMPTS, BatchId, Claimed, RunId
from smtui.domain.sample import FileId
from smtui.stores.sqlite.connections import Reader
from smtui.stores.sqlite.values import storable

_CRASHED = ("crashed", "Listening to it ended the worker, or took too long, every time")

_OPEN = "b.status IN ('pending', 'processing')"
_EXPIRED = "r.status = 'processing' AND r.lease_until <= :now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A worker that wants up to `limit` files now; times in ms since 1970."""

    worker: str
    limit: int
    now: int
    until: int


def claim(connection: sqlite3.Connection, run_id: RunId, asked: Asked) -> tuple[Claimed, ...]:
    """Take claimable files; those that crashed too often become failed."""
    _settle(connection, asked.now, run_id)
    rows = connection.execute(
        "SELECT b.batch, b.batch_id, b.user_id, b.level, r.position, r.file_id, r.analysis_id,"
        " r.attempt, r.status FROM batch_jobs AS b CROSS JOIN batch_files AS r USING (batch)"
        f" WHERE b.run_id = :run_id AND {_OPEN} AND b.cancel_requested_at IS NULL"
        f" AND (r.status = 'pending' OR {_EXPIRED})"
        " ORDER BY b.batch, r.position LIMIT :limit",
        {"run_id": run_id, "now": asked.now, "limit": asked.limit},
    ).fetchall()
    return tuple(_take(connection, run_id, row, asked) for row in rows)


def renew(connection: sqlite3.Connection, claimed: Claimed, until: int) -> bool:
    """Hold a file for longer."""
    return _held(connection, claimed, "lease_until = ?", (until,))


def complete(
    connection: sqlite3.Connection, claimed: Claimed, analysis_id: AnalysisId, now: int
) -> bool:
    """Count a file as heard."""
    done = _held(
        connection,
        claimed,
        "status = 'completed', analysis_id = ?, code = NULL, error = NULL, lease_until = NULL",
        (analysis_id,),
    )
    if done:
        _count(connection, claimed.batch_id, "completed = completed + 1", now)
    return done


def fail(
    connection: sqlite3.Connection, claimed: Claimed, reason: tuple[str, str], now: int
) -> bool:
    """Count a file as one that cannot be heard; `reason` is code and sentence."""
    code, error = reason
    done = _held(
        connection,
        claimed,
        "status = 'failed', code = ?, error = ?, lease_until = NULL",
        (code, storable(error)),
    )
    if done:
        _count(connection, claimed.batch_id, "failed = failed + 1", now)
    return done


def hand_back(connection: sqlite3.Connection, claimed: Claimed, now: int) -> bool:
    """Make a file pending again as if it had not been claimed; cancelled if that was asked."""
    done = _held(
        connection,
        claimed,
        "status = 'pending', attempt = attempt - 1, worker = NULL, lease_until = NULL",
        (),
    )
    if done:
        _count(connection, claimed.batch_id, "cancelled = cancelled", now)
        _cancel_pending(connection, now)
    return done


def request_cancel(connection: sqlite3.Connection, run_id: RunId, now: int) -> int:
    """Ask a run to stop; what nobody began becomes cancelled."""
    connection.execute(
        "UPDATE batch_jobs AS b SET cancel_requested_at = :now, updated_at = :now"
        f" WHERE run_id = :run_id AND {_OPEN} AND cancel_requested_at IS NULL",
        {"run_id": run_id, "now": now},
    )
    return _cancel_pending(connection, now)


def needs_repair(reader: Reader, now: int) -> bool:
    """Whether `repair` would find anything to do."""
    row = reader.one(
        "SELECT EXISTS (SELECT 1 FROM batch_jobs AS b WHERE"
        f" {_OPEN} AND completed + failed + cancelled >= total_files)"
        " OR EXISTS (SELECT 1 FROM batch_jobs AS b CROSS JOIN batch_files AS r USING (batch)"
        f" WHERE {_OPEN} AND r.status = 'processing' AND r.lease_until <= ?"
        " AND (r.attempt >= ? OR b.cancel_requested_at IS NOT NULL))",
        (now, MAX_ATTEMPTS),
    )
    return bool(row[0])


def repair(connection: sqlite3.Connection, now: int) -> None:
    """Settle what no worker will: exhausted attempts, cancelled files whose worker is gone."""
    runs = connection.execute(f"SELECT DISTINCT run_id FROM batch_jobs AS b WHERE {_OPEN}")
    for (run_id,) in runs.fetchall():
        _settle(connection, now, RunId(run_id))
    end_batches(connection, now)


def claimable(reader: Reader, now: int) -> tuple[RunId, ...]:
    """Runs with a file that could be claimed, oldest first."""
    rows = reader.rows(
        f"SELECT run_id FROM batch_jobs AS b WHERE {_OPEN} AND cancel_requested_at IS NULL"
        " AND (EXISTS (SELECT 1 FROM batch_files AS r"
        " WHERE r.batch = b.batch AND r.status = 'pending')"
        " OR EXISTS (SELECT 1 FROM batch_files AS r WHERE r.batch = b.batch"
        " AND r.status = 'processing' AND r.lease_until <= ?))"
        " GROUP BY run_id ORDER BY min(b.batch)",
        (now,),
    )
    return tuple(RunId(run_id) for (run_id,) in rows)


def end_batches(connection: sqlite3.Connection, now: int) -> None:
    """Set the status of batches in which every file ended; again and again changes nothing."""
    connection.execute(
        "UPDATE batch_jobs AS b SET finished_at = :now, updated_at = :now,"
        " status = CASE WHEN cancelled > 0 THEN 'cancelled'"
        " WHEN completed > 0 OR total_files = 0 THEN 'completed' ELSE 'failed' END"
        f" WHERE {_OPEN} AND completed + failed + cancelled >= total_files",
        {"now": now},
    )


def _take(
    connection: sqlite3.Connection, run_id: RunId, row: tuple[int | str | None, ...], asked: Asked
) -> Claimed:
    batch, batch_id, user_id, level, position, file_id, analysis_id, attempt, status = row
    claimed = Claimed(
        batch_id=BatchId(str(batch_id)),
        run_id=run_id,
        file_id=FileId(str(file_id)),
        user_id=None if user_id is None else UserId(str(user_id)),
        level=Level(str(level)),
        analysis_id=AnalysisId(str(analysis_id or uuid.uuid4())),
        attempt=int(attempt or 0) + 1,
        worker=asked.worker,
    )
    connection.execute(
        "UPDATE batch_files SET status = 'processing', analysis_id = ?, attempt = ?, worker = ?,"
        " lease_until = ? WHERE batch = ? AND position = ?",
        (claimed.analysis_id, claimed.attempt, claimed.worker, asked.until, batch, position),
    )
    connection.execute(
        "UPDATE batch_jobs SET status = 'processing', processing = processing + ?,"
        " started_at = coalesce(started_at, ?), updated_at = ? WHERE batch = ?",
        (status == "pending", asked.now, asked.now, batch),
    )
    return claimed


def _held(
    connection: sqlite3.Connection, claimed: Claimed, change: str, values: tuple[str | int, ...]
) -> bool:
    """Change a file's row, but only for who holds this attempt of it."""
    changed = connection.execute(
        f"UPDATE batch_files SET {change} WHERE status = 'processing' AND worker = ?"
        " AND attempt = ? AND file_id = ?"
        " AND batch = (SELECT batch FROM batch_jobs WHERE batch_id = ?)",
        (*values, claimed.worker, claimed.attempt, claimed.file_id, claimed.batch_id),
    )
    return changed.rowcount > 0


def _count(connection: sqlite3.Connection, batch_id: BatchId, change: str, now: int) -> None:
    connection.execute(
        f"UPDATE batch_jobs SET processing = processing - 1, {change}, updated_at = ?"
        " WHERE batch_id = ?",
        (now, batch_id),
    )
    end_batches(connection, now)


def _settle(connection: sqlite3.Connection, now: int, run_id: RunId) -> None:
    """End the files of a run whose lease expired and that nobody may claim again."""
    code, error = _CRASHED
    rows = connection.execute(
        "SELECT r.batch, r.position, b.cancel_requested_at IS NOT NULL AND r.attempt < :most"
        " FROM batch_jobs AS b CROSS JOIN batch_files AS r USING (batch)"
        f" WHERE b.run_id = :run_id AND {_OPEN} AND {_EXPIRED}"
        " AND (r.attempt >= :most OR b.cancel_requested_at IS NOT NULL)",
        {"run_id": run_id, "now": now, "most": MAX_ATTEMPTS},
    ).fetchall()
    for batch, position, cancelled in rows:
        status = "cancelled" if cancelled else "failed"
        connection.execute(
            "UPDATE batch_files SET status = ?, lease_until = NULL, code = coalesce(code, ?),"
            " error = coalesce(error, ?) WHERE batch = ? AND position = ?",
            (status, *((None, None) if cancelled else (code, error)), batch, position),
        )
        connection.execute(
            f"UPDATE batch_jobs SET processing = processing - 1, {status} = {status} + 1,"
            " updated_at = ? WHERE batch = ?",
            (now, batch),
        )
    if rows:
        end_batches(connection, now)


def _cancel_pending(connection: sqlite3.Connection, now: int) -> int:
    """Cancel what is pending in runs that were asked to stop; gives how many files."""
    count = 0
    batches = connection.execute(
        f"SELECT batch FROM batch_jobs AS b WHERE {_OPEN} AND cancel_requested_at IS NOT NULL"
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
