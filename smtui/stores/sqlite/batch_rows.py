"""Batches as rows of `batch_jobs` and `batch_files`."""

# ruff: noqa: S608 - the statements are made of our own words; every value is a parameter.

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.batch import (
    MAX_BATCH_FILES,
    Batch,
    BatchId,
    FileResult,
    RunId,
    State,
)
from smtui.domain.sample import FileId
from smtui.stores.sqlite.connections import Reader
from smtui.stores.sqlite.endings import RESULT_COLUMNS, end_batches, result_of, result_values
from smtui.stores.sqlite.values import from_ms, from_ms_or_none, to_ms, to_ms_or_none


def create(connection: sqlite3.Connection, batches: Sequence[Batch], now: int) -> None:
    """Keep new batches; files without a result are pending."""
    for batch in batches:
        if len(batch.file_ids) > MAX_BATCH_FILES or len({*batch.file_ids}) < len(batch.file_ids):
            message = f"a batch has at most {MAX_BATCH_FILES} files, each once"
            raise ValueError(message)
        results = [batch.results.get(file_id, FileResult()) for file_id in batch.file_ids]
        number = _insert(connection, batch, results)
        connection.executemany(
            f"INSERT INTO batch_files (batch, position, file_id, {', '.join(RESULT_COLUMNS)})"
            f" VALUES (?, ?, ?{', ?' * len(RESULT_COLUMNS)})",
            (
                (number, position, file_id, *result_values(result))
                for position, (file_id, result) in enumerate(
                    zip(batch.file_ids, results, strict=True)
                )
            ),
        )
    # A batch of no files has nothing to wait for.
    end_batches(connection, now)


def _insert(connection: sqlite3.Connection, batch: Batch, results: Sequence[FileResult]) -> int:
    inserted = connection.execute(
        "INSERT INTO batch_jobs (batch_id, run_id, user_id, level, recipe_version, status,"
        " total_files, processing, completed, failed, cancelled, heard_ms, created_at, updated_at,"
        " started_at, finished_at, cancel_requested_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            batch.batch_id,
            batch.run_id,
            batch.user_id,
            batch.level,
            batch.recipe_version,
            batch.status,
            batch.total_files,
            sum(result.status is State.PROCESSING for result in results),
            batch.completed,
            batch.failed,
            batch.cancelled,
            batch.heard_ms,
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
    with reader.snapshot():
        row = reader.row(
            "SELECT batch, run_id, user_id, level, status, completed, failed, cancelled,"
            " created_at, updated_at, started_at, finished_at, cancel_requested_at,"
            " heard_ms, recipe_version FROM batch_jobs WHERE batch_id = ?",
            (batch_id,),
        )
        if row is None:
            return None
        files = reader.rows(
            f"SELECT file_id, {', '.join(RESULT_COLUMNS)} FROM batch_files WHERE batch = ?"
            " ORDER BY position",
            (row[0],),
        )
    results = {FileId(file[0]): result_of(file[1:]) for file in files}
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
        heard_ms=row[13],
        recipe_version=row[14],
    )
