"""What workers hold now, and which files a run begins and ends with; few words of large batches."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from smtui.domain.batch import Held, RunId, State, spread
from smtui.domain.sample import FileId
from smtui.stores.mongo.batch_documents import entries, result_of
from smtui.stores.mongo.batch_line import BatchLine
from smtui.stores.mongo.values import Document, texts_in

_SOME = 10
_AT_ONCE = 20
_FILES = {"_id": 0, "file_ids": 1}


async def held(line: BatchLine, run_ids: Sequence[RunId]) -> tuple[Held, ...]:
    """What workers hold, in the order of the batches."""
    where = {"run_id": {"$in": list(run_ids)}, "processing": {"$gt": 0}}
    found: list[Held] = []
    for counters in await line.counters(where):
        batch = await line.one(counters["batch_id"])
        found += _held(batch or {})
    return tuple(found)


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
