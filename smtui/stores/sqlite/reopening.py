"""Letting ended files be heard once more, and forgetting whole runs.

Everything here runs inside one transaction that holds the write lock. A file that is opened again
stands as if nobody had begun it, so that what a former holder sends changes nothing. The times of a
run that had ended move on by the pause since then, so that it lasts as long as it was worked on.
"""

# ruff: noqa: S608 - the statements are made of our own words; every value is a parameter.

from __future__ import annotations

import sqlite3

from smtui.domain.batch import RunId
from smtui.domain.error_codes import ErrorCode

LEFT = f"(status = 'cancelled' OR status = 'failed' AND code = '{ErrorCode.VANISHED}')"
FAILED = "status = 'failed'"

_OPEN = "('pending', 'processing')"


def resume(connection: sqlite3.Connection, run_id: RunId, now: int) -> int:
    """Open what was left, and take a cancel back; gives how many files."""
    ended_at = _ended_at(connection, run_id)
    _take_back_cancel(connection, run_id, now)
    count = _reopen(connection, run_id, LEFT, now)
    if count:
        _skip_pause(connection, run_id, ended_at, now)
    return count


def retry_failed(connection: sqlite3.Connection, run_id: RunId, now: int) -> int:
    """Open what failed; gives how many files."""
    ended_at = _ended_at(connection, run_id)
    count = _reopen(connection, run_id, FAILED, now)
    if count:
        _skip_pause(connection, run_id, ended_at, now)
        _take_back_cancel(connection, run_id, now)
    return count


def forget(connection: sqlite3.Connection, run_id: RunId) -> bool:
    """Delete a run of which every batch has ended."""
    going = connection.execute(
        f"SELECT 1 FROM batch_jobs WHERE run_id = ? AND status IN {_OPEN} LIMIT 1", (run_id,)
    ).fetchone()
    if going is not None:
        return False
    connection.execute(
        "DELETE FROM batch_files WHERE batch IN (SELECT batch FROM batch_jobs WHERE run_id = ?)",
        (run_id,),
    )
    gone = connection.execute("DELETE FROM batch_jobs WHERE run_id = ?", (run_id,))
    return gone.rowcount > 0


def _ended_at(connection: sqlite3.Connection, run_id: RunId) -> int | None:
    """When a run ended; None where it goes on."""
    row = connection.execute(
        "SELECT max(finished_at) FROM batch_jobs WHERE run_id = ?"
        " HAVING count(finished_at) = count(*)",
        (run_id,),
    ).fetchone()
    return None if row is None else row[0]


def _skip_pause(
    connection: sqlite3.Connection, run_id: RunId, ended_at: int | None, now: int
) -> None:
    if ended_at is not None and now > ended_at:
        connection.execute(
            "UPDATE batch_jobs SET started_at = started_at + :pause,"
            " finished_at = finished_at + :pause WHERE run_id = :run",
            {"pause": now - ended_at, "run": run_id},
        )


def _take_back_cancel(connection: sqlite3.Connection, run_id: RunId, now: int) -> None:
    connection.execute(
        "UPDATE batch_jobs SET cancel_requested_at = NULL, updated_at = ?"
        " WHERE run_id = ? AND cancel_requested_at IS NOT NULL",
        (now, run_id),
    )


def _reopen(connection: sqlite3.Connection, run_id: RunId, which: str, now: int) -> int:
    batches = connection.execute(
        "SELECT batch FROM batch_jobs WHERE run_id = ? AND failed + cancelled > 0", (run_id,)
    ).fetchall()
    return sum(_reopen_in(connection, batch, which, now) for (batch,) in batches)


def _reopen_in(connection: sqlite3.Connection, batch: int, which: str, now: int) -> int:
    """Open files of one batch and take them out of its counters."""
    failed, cancelled = connection.execute(
        "SELECT count(*) FILTER (WHERE status = 'failed'),"
        " count(*) FILTER (WHERE status = 'cancelled')"
        f" FROM batch_files WHERE batch = ? AND {which}",
        (batch,),
    ).fetchone()
    if not failed + cancelled:
        return 0
    connection.execute(
        "UPDATE batch_files SET status = 'pending', analysis_id = NULL, code = NULL, error = NULL,"
        " attempt = 0, worker = NULL, lease_until = NULL, claimed_at = NULL, unseen_on = NULL"
        f" WHERE batch = ? AND {which}",
        (batch,),
    )
    connection.execute(
        "UPDATE batch_jobs SET failed = failed - ?, cancelled = cancelled - ?, finished_at = NULL,"
        " updated_at = ?, status = CASE WHEN started_at IS NULL THEN 'pending'"
        " ELSE 'processing' END WHERE batch = ?",
        (failed, cancelled, now, batch),
    )
    return int(failed + cancelled)
