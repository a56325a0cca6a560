"""How batches end without a worker and begin again: crashed, cancelled, vanished, done, retried.

Everything here runs inside one transaction that holds the write lock, except the looks that tell
whether it is worth taking. A file that is opened again stands as if nobody had begun it, so that
what a former holder sends changes nothing.

It stands apart from the store as what its statements share, with the rules of `domain/batch.py`
written for many files at once.
"""

# ruff: noqa: S608 - the statements are made of our own words; every value is a parameter.

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from smtui.domain.batch import LONGEST_LEASE_SECONDS, MAX_ATTEMPTS, FileResult, RunId
from smtui.domain.errors import ErrorCode
from smtui.stores.sqlite.batch_codec import RESULT, SET_RESULT, result_of, result_values
from smtui.stores.sqlite.connections import Reader
from smtui.stores.sqlite.values import from_ms

OPEN = "b.status IN ('pending', 'processing')"
EXPIRED = "r.status = 'processing' AND r.lease_until <= ?"
LEFT = f"(status = 'cancelled' OR status = 'failed' AND code = '{ErrorCode.VANISHED}')"
FAILED = "status = 'failed'"

_LONGEST_MS = round(LONGEST_LEASE_SECONDS * 1000)
_LOST = (
    "FROM batch_jobs AS b CROSS JOIN batch_files AS r INDEXED BY batch_files_unseen USING (batch)"
    f" WHERE {OPEN} AND b.cancel_requested_at IS NULL AND r.unseen_on IS NOT NULL"
    " AND r.status = 'pending' AND NOT EXISTS (SELECT 1 FROM json_each(?) AS machine"
    " WHERE machine.value NOT IN (SELECT value FROM json_each(r.unseen_on)))"
    " AND (? IS NULL OR b.run_id IN (SELECT value FROM json_each(?)))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Which files are lost: those that none of these machines has, in these runs or in all."""

    machines: Collection[str]
    runs: Collection[RunId] | None = None

    @property
    def values(self) -> tuple[str | None, ...]:
        """The values of the statement's question marks."""
        runs = None if self.runs is None else json.dumps([*self.runs])
        return json.dumps([*self.machines]), runs, runs


def needs_repair(reader: Reader, now: int) -> bool:
    """True if `repair` would find anything to do."""
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


def cancel_pending(connection: sqlite3.Connection, now: int) -> int:
    """Cancel what is pending where a stop was asked for, as `FileResult.stopped`; say how many."""
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


def is_any_lost(reader: Reader, lost: Lost) -> bool:
    """True if `fail_lost` would find anything to do."""
    row = reader.row(f"SELECT EXISTS (SELECT 1 {_LOST})", lost.values)
    return bool(row[0])


def fail_lost(connection: sqlite3.Connection, lost: Lost, now: int) -> int:
    """Fail pending files that none of these machines has, as `FileResult.lost`; return how many."""
    rows = connection.execute(f"SELECT r.batch, r.position {_LOST}", lost.values).fetchall()
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


def reopen(connection: sqlite3.Connection, run_id: RunId, which: str, now: int) -> int:
    """Let ended files of a run wait again; return how many.

    The times of a run that had ended move on by the pause since then, so that it lasts as long as
    it was worked on.
    """
    ended_at = connection.execute(
        "SELECT max(finished_at) FROM batch_jobs WHERE run_id = ?"
        " HAVING count(finished_at) = count(*)",
        (run_id,),
    ).fetchone()
    batches = connection.execute(
        "SELECT batch FROM batch_jobs WHERE run_id = ? AND failed + cancelled > 0", (run_id,)
    ).fetchall()
    count = sum(_reopen_in(connection, batch, which, now) for (batch,) in batches)
    pause = now - ended_at[0] if ended_at and ended_at[0] is not None else 0
    if count and pause > 0:
        connection.execute(
            "UPDATE batch_jobs SET started_at = started_at + :pause,"
            " finished_at = finished_at + :pause WHERE run_id = :run",
            {"pause": pause, "run": run_id},
        )
    return count


def take_back_cancel(connection: sqlite3.Connection, run_id: RunId, now: int) -> None:
    """Let a run go on that was asked to stop."""
    connection.execute(
        "UPDATE batch_jobs SET cancel_requested_at = NULL, updated_at = ?"
        " WHERE run_id = ? AND cancel_requested_at IS NOT NULL",
        (now, run_id),
    )


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
        f"UPDATE batch_files SET {SET_RESULT} WHERE batch = ? AND {which}",
        (*result_values(FileResult()), batch),
    )
    connection.execute(
        "UPDATE batch_jobs SET failed = failed - ?, cancelled = cancelled - ?, finished_at = NULL,"
        " updated_at = ?, status = CASE WHEN started_at IS NULL THEN 'pending'"
        " ELSE 'processing' END WHERE batch = ?",
        (failed, cancelled, now, batch),
    )
    return int(failed + cancelled)
