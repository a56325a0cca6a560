"""Taking files of a run, so that no two workers hold the same one.

In the usual case a claim is three small steps, whatever the size of the batch: the counters of the
batches that are begun, the next ids of one, one guarded update for all files taken. The results
are read only where something behind the first open place may be had again: handed back, or a lease
that ended.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import BatchId, Claimed, FileResult, RunId, State
from smtui.domain.sample import FileId
from smtui.stores.mongo import batch_changes
from smtui.stores.mongo.batch_codec import due, entries, for_machine, for_recipe, result_of
from smtui.stores.mongo.batch_line import MOST_LOOKS, BatchLine
from smtui.stores.mongo.sweeps import OURS, settle
from smtui.stores.mongo.values import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A worker on a machine that wants up to `limit` files of a run now."""

    run_id: RunId
    worker: str
    machine: str
    recipe_version: int | None
    limit: int
    now: datetime
    until: datetime


async def claim(line: BatchLine, asked: Asked) -> tuple[Claimed, ...]:
    """Take claimable files in the order of the batches; those that crashed too often fail."""
    taken = await _of_begun(line, asked)
    where = OURS | {
        "run_id": asked.run_id,
        "status": State.PENDING.value,
        "cancel_requested_at": None,
        "pending": {"$gt": 0},
    }
    if asked.recipe_version is not None:
        # Absent where any recipe does: of many batches that want a newer one none is fetched.
        where["recipe_version"] = {"$not": {"$gt": asked.recipe_version}}
    while len(taken) < asked.limit and (untouched := await line.first(where)) is not None:
        taken += await _taken(line, untouched, asked, asked.limit - len(taken))
        where |= {"_id": {"$gt": untouched["_id"]}}
    if not taken and asked.limit:
        # Between the two looks somebody may have begun a batch, which then was in neither.
        taken = await _of_begun(line, asked)
    return tuple(taken)


async def _of_begun(line: BatchLine, asked: Asked) -> list[Claimed]:
    """Take files of batches that somebody has begun, after settling all of them."""
    where = OURS | {"run_id": asked.run_id, "status": State.PROCESSING.value}
    begun = [await settle(line, batch, asked.now) for batch in await line.counters(where)]
    taken: list[Claimed] = []
    for batch in begun:
        if len(taken) < asked.limit:
            taken += await _taken(line, batch, asked, asked.limit - len(taken))
    return taken


async def _taken(
    line: BatchLine, counters: Document, asked: Asked, limit: int
) -> tuple[Claimed, ...]:
    """Take files of one batch; whoever loses a race looks again."""
    batch: Document | None = counters
    for _ in range(MOST_LOOKS):
        if batch is None or not _promises(batch, asked):
            break
        wanted = await _wanted(line, batch, asked, limit)
        if not wanted:
            break
        change = batch_changes.changed(batch, wanted, asked.now)
        change.where["cancel_requested_at"] = None
        if await line.change(change) is not None:
            return tuple(_claimed(batch, file_id, result) for file_id, result in wanted.items())
        batch = await line.first({"batch_id": batch["batch_id"]})
    return ()


def _promises(batch: Mapping[str, Any], asked: Asked) -> bool:
    """True if the counters say that this worker may find something."""
    if batch.get("cancel_requested_at") is not None:
        return False
    if not for_recipe(batch, asked.recipe_version):
        return False
    return for_machine(batch, asked.machine) > 0 or due(batch, asked.now)


async def _wanted(
    line: BatchLine, batch: Document, asked: Asked, limit: int
) -> dict[FileId, FileResult]:
    """What to take and how it stands then; adds the entries it starts from to `batch`."""
    behind = batch["pending"] - (batch["total_files"] - batch["first_open"])
    if not behind and not due(batch, asked.now):
        count = min(limit, batch["total_files"] - batch["first_open"])
        fresh = await line.places(batch["batch_id"], batch["first_open"], count)
        return {FileId(file_id): _held(FileResult(), asked) for file_id in fresh}
    whole = await line.one(batch["batch_id"])
    if whole is None:
        return {}
    batch.update(whole)
    again = {
        file_id: _held(result, asked)
        for _, file_id, entry in entries(batch)
        if (result := result_of(entry)).is_free(asked.now, machine=asked.machine)
    }
    fresh = batch["file_ids"][batch["first_open"] :]
    able = again | {FileId(file_id): _held(FileResult(), asked) for file_id in fresh}
    return dict(list(able.items())[:limit])


def _held(result: FileResult, asked: Asked) -> FileResult:
    analysis_id = AnalysisId(str(uuid.uuid4()))
    return result.taken(asked.worker, analysis_id=analysis_id, at=asked.now, until=asked.until)


def _claimed(batch: Mapping[str, Any], file_id: FileId, result: FileResult) -> Claimed:
    assert result.analysis_id is not None
    assert result.worker is not None
    return Claimed(
        batch_id=BatchId(batch["batch_id"]),
        run_id=RunId(batch["run_id"]),
        file_id=file_id,
        user_id=None if batch["user_id"] is None else UserId(batch["user_id"]),
        level=Level(batch["level"]),
        analysis_id=result.analysis_id,
        attempt=result.attempt,
        worker=result.worker,
    )
