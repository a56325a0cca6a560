"""Batches as rows, and runs as the sums of their batches' counters."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import (
    MAX_BATCH_FILES,
    Batch,
    BatchId,
    Failure,
    FileResult,
    RunId,
    RunProgress,
    State,
)
from smtui.domain.sample import FileId
from smtui.stores.sqlite.connections import Reader
from smtui.stores.sqlite.endings import end_batches
from smtui.stores.sqlite.values import from_ms, from_ms_or_none, to_ms, to_ms_or_none

_RUN = (
    "SELECT run_id, min(user_id), min(level), sum(total_files), sum(completed), sum(failed),"
    " sum(cancelled), sum(processing), min(created_at), max(updated_at), min(started_at),"
    " max(finished_at), count(finished_at) = count(*), min(cancel_requested_at) FROM batch_jobs"
)


def create(connection: sqlite3.Connection, batches: Sequence[Batch], now: int) -> None:
    """Keep new batches; files without a result are pending."""
    for batch in batches:
        if len(batch.file_ids) > MAX_BATCH_FILES or len({*batch.file_ids}) < len(batch.file_ids):
            message = f"a batch has at most {MAX_BATCH_FILES} files, each once"
            raise ValueError(message)
        results = [batch.results.get(file_id, FileResult()) for file_id in batch.file_ids]
        number = _insert(connection, batch, results)
        connection.executemany(
            "INSERT INTO batch_files (batch, position, file_id, status, analysis_id, code, error,"
            " attempt, worker, lease_until, unseen_on)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (number, position, file_id, *_result_values(result))
                for position, (file_id, result) in enumerate(
                    zip(batch.file_ids, results, strict=True)
                )
            ),
        )
    # A batch of no files has nothing to wait for.
    end_batches(connection, now)


def _insert(connection: sqlite3.Connection, batch: Batch, results: Sequence[FileResult]) -> int:
    inserted = connection.execute(
        "INSERT INTO batch_jobs (batch_id, run_id, user_id, level, status, total_files,"
        " processing, completed, failed, cancelled, created_at, updated_at, started_at,"
        " finished_at, cancel_requested_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            batch.batch_id,
            batch.run_id,
            batch.user_id,
            batch.level,
            batch.status,
            batch.total_files,
            sum(result.status is State.PROCESSING for result in results),
            batch.completed,
            batch.failed,
            batch.cancelled,
            to_ms(batch.created_at),
            to_ms(batch.updated_at),
            to_ms_or_none(batch.started_at),
            to_ms_or_none(batch.finished_at),
            to_ms_or_none(batch.cancel_requested_at),
        ),
    )
    return int(inserted.lastrowid or 0)


def get(reader: Reader, batch_id: BatchId) -> Batch | None:
    """A batch with the results of its files."""
    with reader.moment():
        row = reader.one(
            "SELECT batch, run_id, user_id, level, status, completed, failed, cancelled,"
            " created_at, updated_at, started_at, finished_at, cancel_requested_at"
            " FROM batch_jobs WHERE batch_id = ?",
            (batch_id,),
        )
        if row is None:
            return None
        files = reader.rows(
            "SELECT file_id, status, analysis_id, code, error, attempt, worker, lease_until,"
            " unseen_on FROM batch_files WHERE batch = ? ORDER BY position",
            (row[0],),
        )
    results = {FileId(file[0]): _result(file) for file in files}
    return Batch(
        batch_id=batch_id,
        run_id=RunId(row[1]),
        user_id=row[2] and UserId(row[2]),
        level=Level(row[3]),
        status=State(row[4]),
        file_ids=tuple(results),
        completed=row[5],
        failed=row[6],
        cancelled=row[7],
        results=results,
        created_at=from_ms(row[8]),
        updated_at=from_ms(row[9]),
        started_at=from_ms_or_none(row[10]),
        finished_at=from_ms_or_none(row[11]),
        cancel_requested_at=from_ms_or_none(row[12]),
    )


def progress(reader: Reader, run_id: RunId) -> RunProgress | None:
    """The counters of a run."""
    row = reader.one(f"{_RUN} WHERE run_id = ? GROUP BY run_id", (run_id,))
    return None if row is None else _progress(row)


def runs(reader: Reader, user_id: UserId | None, limit: int) -> tuple[RunProgress, ...]:
    """A person's runs, newest first."""
    rows = reader.rows(
        f"{_RUN} WHERE user_id IS ? GROUP BY run_id"
        " ORDER BY min(created_at) DESC, run_id DESC LIMIT ?",
        (user_id, limit),
    )
    return tuple(_progress(row) for row in rows)


def failures(reader: Reader, run_id: RunId, limit: int) -> tuple[Failure, ...]:
    """Failed files, in the order of the batches."""
    rows = reader.rows(
        "SELECT r.file_id, r.code, r.error, r.attempt FROM batch_jobs AS b"
        " JOIN batch_files AS r USING (batch) WHERE b.run_id = ? AND r.status = 'failed'"
        " ORDER BY b.batch, r.position LIMIT ?",
        (run_id, limit),
    )
    return tuple(
        Failure(file_id=FileId(file_id), code=code, error=error, attempt=attempt)
        for file_id, code, error, attempt in rows
    )


def waiting(reader: Reader, level: Level) -> frozenset[FileId]:
    """Files in runs that go on which have not ended, to be heard at this level or higher."""
    levels = json.dumps([one for one in Level if one.rank >= level.rank])
    rows = reader.rows(
        "SELECT r.file_id FROM batch_jobs AS b JOIN batch_files AS r USING (batch)"
        " WHERE b.status IN ('pending', 'processing') AND b.cancel_requested_at IS NULL"
        " AND r.status IN ('pending', 'processing')"
        " AND b.level IN (SELECT value FROM json_each(?))",
        (levels,),
    )
    return frozenset(FileId(file_id) for (file_id,) in rows)


def _result_values(result: FileResult) -> tuple[str | int | None, ...]:
    return (
        result.status,
        result.analysis_id,
        result.code,
        result.error,
        result.attempt,
        result.worker,
        to_ms_or_none(result.lease_until),
        json.dumps(result.unseen_on) if result.unseen_on else None,
    )


def _result(row: Any) -> FileResult:
    return FileResult(
        status=State(row[1]),
        analysis_id=row[2] and AnalysisId(row[2]),
        code=row[3],
        error=row[4],
        attempt=row[5],
        worker=row[6],
        lease_until=from_ms_or_none(row[7]),
        unseen_on=tuple(json.loads(row[8] or "[]")),
    )


def _progress(row: Any) -> RunProgress:
    return RunProgress(
        run_id=RunId(row[0]),
        user_id=row[1] and UserId(row[1]),
        level=Level(row[2]),
        total=row[3],
        completed=row[4],
        failed=row[5],
        cancelled=row[6],
        processing=row[7],
        created_at=from_ms(row[8]),
        updated_at=from_ms(row[9]),
        started_at=from_ms_or_none(row[10]),
        finished_at=from_ms_or_none(row[11] if row[12] else None),
        cancel_requested_at=from_ms_or_none(row[13]),
    )
