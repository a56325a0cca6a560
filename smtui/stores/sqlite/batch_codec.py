"""Batches as rows of `batch_jobs`, the states of their files as rows of `batch_files`, and back.

A run has no row: it is the sums of its batches' counters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import Batch, BatchId, FileResult, RunId, RunProgress, State
from smtui.domain.sample import FileId
from smtui.stores.sqlite.values import Value, from_ms, from_ms_or_none, to_ms, to_ms_or_none

SELECT_BATCH = (
    "SELECT batch, batch_id, run_id, user_id, level, status, completed, failed, cancelled,"
    " created_at, updated_at, started_at, finished_at, cancel_requested_at,"
    " heard_ms, recipe_version FROM batch_jobs"
)
SELECT_RUN = (
    "SELECT run_id, min(user_id), min(level), sum(total_files), sum(completed), sum(failed),"
    " sum(cancelled), sum(processing), min(created_at), max(updated_at), min(started_at),"
    " max(finished_at), count(finished_at) = count(*), min(cancel_requested_at),"
    " sum(heard_ms) FROM batch_jobs"
)
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


def batch_values(batch: Batch, results: Sequence[FileResult]) -> dict[str, Value]:
    """Return every column of a new batch."""
    return {
        "batch_id": batch.batch_id,
        "run_id": batch.run_id,
        "user_id": batch.user_id,
        "level": batch.level,
        "recipe_version": batch.recipe_version,
        "status": batch.status,
        "total_files": batch.total_files,
        "processing": sum(result.status is State.PROCESSING for result in results),
        "completed": batch.completed,
        "failed": batch.failed,
        "cancelled": batch.cancelled,
        "heard_ms": batch.heard_ms,
        "created_at": to_ms(batch.created_at),
        "updated_at": to_ms(batch.updated_at),
        "started_at": to_ms_or_none(batch.started_at),
        "finished_at": to_ms_or_none(batch.finished_at),
        "cancel_requested_at": to_ms_or_none(batch.cancel_requested_at),
    }


def batch_of(row: Any, results: Mapping[FileId, FileResult]) -> Batch:
    """Read a row of SELECT_BATCH."""
    return Batch(
        batch_id=BatchId(row[1]),
        run_id=RunId(row[2]),
        user_id=row[3] and UserId(row[3]),
        level=Level(row[4]),
        status=State(row[5]),
        file_ids=tuple(results),
        completed=row[6],
        failed=row[7],
        cancelled=row[8],
        results=results,
        created_at=from_ms(row[9]),
        updated_at=from_ms(row[10]),
        started_at=from_ms_or_none(row[11]),
        finished_at=from_ms_or_none(row[12]),
        cancel_requested_at=from_ms_or_none(row[13]),
        heard_ms=row[14],
        recipe_version=row[15],
    )


def run_of(row: Any) -> RunProgress:
    """Read a row of SELECT_RUN."""
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
        heard_ms=row[14],
    )


def result_values(result: FileResult) -> tuple[Value, ...]:
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
