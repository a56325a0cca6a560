"""What workers hold now, and which files a run begins and ends with; few words of large batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smtui.domain.batch import Held, RunId, State
from smtui.domain.sample import FileId
from smtui.stores.mongo.batch_documents import entries, result_of
from smtui.stores.mongo.batch_line import BatchLine
from smtui.stores.mongo.values import Document


async def held(line: BatchLine, run_ids: Sequence[RunId]) -> tuple[Held, ...]:
    """What workers hold, in the order of the batches."""
    where = {"run_id": {"$in": list(run_ids)}, "processing": {"$gt": 0}}
    found: list[Held] = []
    for counters in await line.counters(where):
        batch = await line.one(counters["batch_id"])
        found += _held(batch or {})
    return tuple(found)


async def ends(line: BatchLine, run_ids: Sequence[RunId]) -> Mapping[RunId, tuple[FileId, FileId]]:
    """The first and the last file of each run that has any."""
    found = {}
    for run_id in run_ids:
        where = {
            "$or": [{"run_id": run_id}, {"batch_id": run_id, "run_id": None}],
            "total_files": {"$gt": 0},
        }
        first = await _edge(line, where, way=1)
        last = await _edge(line, where, way=-1)
        if first is not None and last is not None:
            found[run_id] = (first, last)
    return found


async def _edge(line: BatchLine, where: Document, *, way: int) -> FileId | None:
    """The file at one end: the first of the first batch, or the last of the last."""
    projection = {"_id": 0, "file_ids": {"$slice": way}}
    batch = await line.line.ask(
        lambda: line.collection.find_one(where, projection, sort=[("_id", way)])
    )
    files = [] if batch is None else batch.get("file_ids") or []
    return FileId(files[0]) if files else None


def _held(batch: Mapping[str, Any]) -> list[Held]:
    return [
        Held(
            run_id=RunId(batch["run_id"]),
            file_id=file_id,
            worker=result.worker or "",
            attempt=result.attempt,
            claimed_at=result.claimed_at,
            lease_until=result.lease_until,
        )
        for _, file_id, entry in entries(batch)
        if (result := result_of(entry)).status is State.PROCESSING
    ]
