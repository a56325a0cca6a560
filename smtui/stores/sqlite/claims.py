"""Who works on which file of a batch: claims, leases, results, repairs.

Everything here runs inside one transaction that holds the write lock, so that no two workers
can take the same file. A claim is known by worker, attempt and analysis_id (a file that is opened
again begins with new ones); what a former holder sends changes nothing.
"""

# ruff: noqa: S608 - the statements are made of our own words; every value is a parameter.

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import dataclass

from smtui.domain.account import UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import BatchId, Claimed, RunId, State, Unseen
from smtui.domain.error_codes import ErrorCode
from smtui.domain.sample import FileId
from smtui.stores.sqlite.connections import Reader
from smtui.stores.sqlite.endings import (
    EXPIRED,
    OPEN,
    RESULT,
    SET_RESULT,
    cancel_pending,
    end_batches,
    result_of,
    result_values,
    settle,
)

# A file that was handed back on a machine is left to others. No machine has the empty name.
_SEEN = "(r.unseen_on IS NULL OR ? NOT IN (SELECT value FROM json_each(r.unseen_on)))"
# What wants a newer recipe is left to workers of it; who names no recipe is told of everything.
_ABLE = "(b.recipe_version IS NULL OR b.recipe_version <= coalesce(?, b.recipe_version))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A worker on a machine that wants up to `limit` files now; times in ms since 1970."""

    worker: str
    machine: str
    recipe_version: int | None
    limit: int
    now: int
    until: int


def claim(connection: sqlite3.Connection, run_id: RunId, asked: Asked) -> tuple[Claimed, ...]:
    """Take claimable files; those that crashed too often become failed."""
    settle(connection, asked.now, run_id)
    rows = connection.execute(
        "SELECT b.batch, b.batch_id, b.user_id, b.level, r.position, r.file_id, r.analysis_id,"
        " r.attempt, r.status FROM batch_jobs AS b CROSS JOIN batch_files AS r USING (batch)"
        f" WHERE b.run_id = ? AND {OPEN} AND b.cancel_requested_at IS NULL"
        f" AND (r.status = 'pending' OR {EXPIRED}) AND {_SEEN} AND {_ABLE}"
        " ORDER BY b.batch, r.position LIMIT ?",
        (run_id, asked.now, asked.machine, asked.recipe_version, asked.limit),
    ).fetchall()
    return tuple(_take(connection, run_id, row, asked) for row in rows)


def renew(connection: sqlite3.Connection, claimed: Claimed, until: int) -> bool:
    """Hold a file for longer."""
    return _held(connection, claimed, "lease_until = ?", (until,))


def complete(
    connection: sqlite3.Connection, claimed: Claimed, heard: tuple[AnalysisId, int], now: int
) -> bool:
    """Count a file as heard; `heard` is under which id, and how long it is in ms."""
    analysis_id, length = heard
    done = _held(connection, claimed, SET_RESULT, result_values(claimed.completed(analysis_id)))
    if done:
        change = f"completed = completed + 1, heard_ms = heard_ms + {int(length)}"
        _count(connection, claimed.batch_id, change, now)
    return done


def fail(
    connection: sqlite3.Connection, claimed: Claimed, reason: tuple[ErrorCode, str], now: int
) -> bool:
    """Count a file as one that cannot be heard; `reason` is code and sentence."""
    done = _held(connection, claimed, SET_RESULT, result_values(claimed.failed(*reason)))
    if done:
        _count(connection, claimed.batch_id, "failed = failed + 1", now)
    return done


def hand_back(
    connection: sqlite3.Connection, claimed: Claimed, unseen: Unseen | None, now: int
) -> bool:
    """Make a file pending again as if it had not been claimed; cancelled if that was asked."""
    row = connection.execute(
        f"SELECT cancel_requested_at IS NOT NULL, {RESULT}"
        " FROM batch_jobs AS b CROSS JOIN batch_files AS r USING (batch)"
        " WHERE b.batch_id = ? AND r.file_id = ?",
        (claimed.batch_id, claimed.file_id),
    ).fetchone()
    if row is None:
        return False
    stopping, *columns = row
    after = result_of(columns).handed_back(unseen, stopping=bool(stopping))
    done = _held(connection, claimed, SET_RESULT, result_values(after))
    if done:
        cancelled = int(after.status is State.CANCELLED)
        _count(connection, claimed.batch_id, f"cancelled = cancelled + {cancelled}", now)
    return done


def request_cancel(connection: sqlite3.Connection, run_id: RunId, now: int) -> int:
    """Ask a run to stop; what nobody began becomes cancelled."""
    connection.execute(
        "UPDATE batch_jobs AS b SET cancel_requested_at = ?, updated_at = ?"
        f" WHERE run_id = ? AND {OPEN} AND cancel_requested_at IS NULL",
        (now, now, run_id),
    )
    return cancel_pending(connection, now)


def claimable(reader: Reader, by: tuple[str, int | None], now: int) -> tuple[RunId, ...]:
    """Runs with a file that a machine could claim by its recipe, oldest first."""
    machine, recipe_version = by
    rows = reader.rows(
        f"SELECT run_id FROM batch_jobs AS b WHERE {OPEN} AND cancel_requested_at IS NULL"
        f" AND {_ABLE}"
        " AND (EXISTS (SELECT 1 FROM batch_files AS r"
        f" WHERE r.batch = b.batch AND r.status = 'pending' AND {_SEEN})"
        " OR EXISTS (SELECT 1 FROM batch_files AS r WHERE r.batch = b.batch"
        f" AND {EXPIRED} AND {_SEEN}))"
        " GROUP BY run_id ORDER BY min(b.batch)",
        (recipe_version, machine, now, machine),
    )
    return tuple(RunId(run_id) for (run_id,) in rows)


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
        " lease_until = ?, claimed_at = ? WHERE batch = ? AND position = ?",
        (
            claimed.analysis_id,
            claimed.attempt,
            claimed.worker,
            asked.until,
            asked.now,
            batch,
            position,
        ),
    )
    connection.execute(
        "UPDATE batch_jobs SET status = 'processing', processing = processing + ?,"
        " started_at = coalesce(started_at, ?), updated_at = ? WHERE batch = ?",
        (status == "pending", asked.now, asked.now, batch),
    )
    return claimed


def _held(
    connection: sqlite3.Connection,
    claimed: Claimed,
    change: str,
    values: tuple[str | int | None, ...],
) -> bool:
    """Change a file's row, but only for who holds this attempt of it."""
    changed = connection.execute(
        f"UPDATE batch_files SET {change} WHERE status = 'processing' AND worker = ?"
        " AND attempt = ? AND analysis_id = ? AND file_id = ?"
        " AND batch = (SELECT batch FROM batch_jobs WHERE batch_id = ?)",
        (
            *values,
            claimed.worker,
            claimed.attempt,
            claimed.analysis_id,
            claimed.file_id,
            claimed.batch_id,
        ),
    )
    return changed.rowcount > 0


def _count(connection: sqlite3.Connection, batch_id: BatchId, change: str, now: int) -> None:
    connection.execute(
        f"UPDATE batch_jobs SET processing = processing - 1, {change}, updated_at = ?"
        " WHERE batch_id = ?",
        (now, batch_id),
    )
    end_batches(connection, now)
