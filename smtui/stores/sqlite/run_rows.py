"""Runs as the sums of their batches' counters, and what of their files is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.batch import BatchId, Failure, Held, RunId, RunProgress, by_worker, spread
from smtui.domain.sample import FileId
from smtui.stores.sqlite.connections import Reader
from smtui.stores.sqlite.values import from_ms, from_ms_or_none

_SOME = 10

_RUN = (
    "SELECT run_id, min(user_id), min(level), sum(total_files), sum(completed), sum(failed),"
    " sum(cancelled), sum(processing), min(created_at), max(updated_at), min(started_at),"
    " max(finished_at), count(finished_at) = count(*), min(cancel_requested_at),"
    " sum(heard_ms) FROM batch_jobs"
)


def progress(reader: Reader, run_id: RunId) -> RunProgress | None:
    """The counters of a run."""
    row = reader.row(f"{_RUN} WHERE run_id = ? GROUP BY run_id", (run_id,))
    return None if row is None else _progress(row)


def batches_of(reader: Reader, run_id: RunId) -> tuple[BatchId, ...]:
    """The batches of a run, in their order."""
    rows = reader.rows("SELECT batch_id FROM batch_jobs WHERE run_id = ? ORDER BY batch", (run_id,))
    return tuple(BatchId(batch_id) for (batch_id,) in rows)


def runs(reader: Reader, user_id: UserId | None, limit: int) -> tuple[RunProgress, ...]:
    """A person's runs, newest first."""
    rows = reader.rows(
        f"{_RUN} WHERE user_id IS ? GROUP BY run_id"
        " ORDER BY min(created_at) DESC, run_id DESC LIMIT ?",
        (user_id, limit),
    )
    return tuple(_progress(row) for row in rows)


def everyones(reader: Reader, limit: int) -> tuple[RunProgress, ...]:
    """Everybody's runs, newest first."""
    rows = reader.rows(
        f"{_RUN} GROUP BY run_id ORDER BY min(created_at) DESC, run_id DESC LIMIT ?", (limit,)
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


def heard(reader: Reader, run_id: RunId, limit: int) -> tuple[FileId, ...]:
    """Completed files, in the order of the batches."""
    rows = reader.rows(
        "SELECT r.file_id FROM batch_jobs AS b JOIN batch_files AS r USING (batch)"
        " WHERE b.run_id = ? AND r.status = 'completed' ORDER BY b.batch, r.position LIMIT ?",
        (run_id, limit),
    )
    return tuple(FileId(file_id) for (file_id,) in rows)


def held(reader: Reader, run_ids: Sequence[RunId]) -> tuple[Held, ...]:
    """What workers are at, in the order of the batches."""
    rows = reader.rows(
        "SELECT b.run_id, r.file_id, r.worker, r.attempt, r.claimed_at, r.lease_until"
        " FROM batch_jobs AS b CROSS JOIN batch_files AS r USING (batch)"
        " WHERE b.run_id IN (SELECT value FROM json_each(?)) AND b.processing > 0"
        " AND r.status = 'processing' ORDER BY b.batch, r.position",
        (json.dumps([*run_ids]),),
    )
    return by_worker(
        Held(
            run_id=RunId(run_id),
            file_id=FileId(file_id),
            worker=worker,
            attempt=attempt,
            claimed_at=from_ms_or_none(claimed_at),
            lease_until=from_ms_or_none(lease_until),
        )
        for run_id, file_id, worker, attempt, claimed_at, lease_until in rows
    )


def some(reader: Reader, run_ids: Sequence[RunId]) -> Mapping[RunId, tuple[FileId, ...]]:
    """Some files of the first and the last batch of each run that has any."""
    ends = reader.rows(
        "SELECT run_id, min(batch), max(batch) FROM batch_jobs"
        " WHERE run_id IN (SELECT value FROM json_each(?)) AND total_files > 0 GROUP BY run_id",
        (json.dumps([*run_ids]),),
    )
    found: dict[RunId, tuple[FileId, ...]] = {}
    for run_id, first, last in ends:
        files: dict[FileId, None] = {}
        for batch in (first, last):
            count = reader.row("SELECT total_files FROM batch_jobs WHERE batch = ?", (batch,))[0]
            rows = reader.rows(
                "SELECT file_id FROM batch_files WHERE batch = ?"
                " AND position IN (SELECT value FROM json_each(?)) ORDER BY position",
                (batch, json.dumps(spread(count, _SOME))),
            )
            files |= {FileId(file_id): None for (file_id,) in rows}
        found[RunId(run_id)] = tuple(files)
    return found


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
        heard_ms=row[14],
    )
