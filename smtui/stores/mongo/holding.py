"""What workers hold now, and which files a run begins and ends with; few words of large batches."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from smtui.domain.batch import Held, RunId, State, by_worker, spread
from smtui.domain.sample import FileId
from smtui.stores.mongo.batch_codec import entries, result_of, state_of
from smtui.stores.mongo.batch_line import BatchLine
from smtui.stores.mongo.picking import rows_in, unplaced
from smtui.stores.mongo.values import Document, texts_in

_SOME = 10
_AT_ONCE = 20
_FILES = {"_id": 0, "file_ids": 1}
_BY_WORKER: Document = {
    "$group": {
        "_id": {"batch": "$_id", "run_id": "$run_id", "worker": "$entry.worker"},
        "batch": {"$first": "$_id"},
        "place": {"$min": "$place"},
        "key": {"$first": "$key"},
        "entry": {"$first": "$entry"},
        "files": {"$sum": 1},
    }
}


async def held(line: BatchLine, run_ids: Sequence[RunId]) -> tuple[Held, ...]:
    """What workers are at, in the order of the batches."""
    where = {
        "run_id": {"$in": list(run_ids)},
        "processing": {"$gt": 0},
        "pending": {"$exists": True},
    }
    rows = await line.rows([*rows_in(where, State.PROCESSING), _BY_WORKER]) if run_ids else []
    if any(unplaced(row) for row in rows):
        batches = [await line.one(counters["batch_id"]) for counters in await line.counters(where)]
        rows = [row for batch in batches if batch is not None for row in _rows_of(batch)]
    rows.sort(key=lambda row: (row["batch"], row["place"]))
    return by_worker(map(_held, rows))


async def some(line: BatchLine, run_ids: Sequence[RunId]) -> Mapping[RunId, tuple[FileId, ...]]:
    """Some files of the first and the last batch of each run that has any."""
    found: dict[RunId, tuple[FileId, ...]] = {}
    for start in range(0, len(run_ids), _AT_ONCE):
        part = run_ids[start : start + _AT_ONCE]
        for run_id, files in zip(
            part, await asyncio.gather(*(_some_of(line, one) for one in part)), strict=True
        ):
            if files:
                found[run_id] = files
    return found


async def _some_of(line: BatchLine, run_id: RunId) -> tuple[FileId, ...]:
    where = {
        "$or": [{"run_id": run_id}, {"batch_id": run_id, "run_id": None}],
        "total_files": {"$gt": 0},
    }
    files: dict[FileId, None] = {}
    for ids in (await _files_at(line, where, way=1), await _files_at(line, where, way=-1)):
        files |= {FileId(ids[place]): None for place in spread(len(ids), _SOME)}
    return tuple(files)


async def _files_at(line: BatchLine, where: Document, *, way: int) -> tuple[str, ...]:
    """The files of the first or the last batch."""
    batch = await line.line.ask(
        lambda: line.collection.find_one(where, _FILES, sort=[("_id", way)])
    )
    return () if batch is None else texts_in(batch.get("file_ids"))


def _rows_of(batch: Mapping[str, Any]) -> list[Document]:
    """The same rows, a file each, of a batch that was read."""
    return [
        {
            "_id": {"run_id": batch["run_id"], "worker": entry.get("worker")},
            "batch": batch["_id"],
            "place": place,
            "key": file_id,
            "entry": entry,
            "files": 1,
        }
        for place, file_id, entry in entries(batch)
        if state_of(entry) is State.PROCESSING
    ]


def _held(row: Mapping[str, Any]) -> Held:
    result = result_of(row["entry"])
    return Held(
        run_id=RunId(row["_id"]["run_id"]),
        file_id=FileId(row["key"]),
        worker=result.worker or "",
        attempt=result.attempt,
        claimed_at=result.claimed_at,
        lease_until=result.lease_until,
        besides=row["files"] - 1,
    )
