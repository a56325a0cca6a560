"""Taking files of a run, so that no two workers hold the same one, and ending what nobody may take.

In the usual case a claim is three small steps, whatever the size of the batch: the counters of the
batches that are begun, the next ids of one, one guarded update for all files taken. The results
are read only where something behind the first open place may be had again: handed back, or a lease
that ended. Files and batches end without a worker as well: crashed, cancelled, all done.

It stands apart from `batches` as a claim is the change that workers race for.
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
from smtui.stores.mongo import batch_updates
from smtui.stores.mongo.batch_codec import (
    entries,
    is_due,
    pending_for,
    result_of,
    suits_recipe,
)
from smtui.stores.mongo.batch_updates import MOST_LOOKS, OURS, BatchCollection
from smtui.stores.mongo.values import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """A worker on a machine that wants up to `limit` files of a run now."""

    run_id: RunId
    worker: str
    machine: str
    recipe_version: int | None
    limit: int
    now: datetime
    until: datetime


async def claim(batches: BatchCollection, request: ClaimRequest) -> tuple[Claimed, ...]:
    """Take claimable files in the order of the batches; those that crashed too often fail."""
    taken = await _of_begun(batches, request)
    where = OURS | {
        "run_id": request.run_id,
        "status": State.PENDING.value,
        "cancel_requested_at": None,
        "pending": {"$gt": 0},
    }
    if request.recipe_version is not None:
        # Absent where any recipe does: of many batches that want a newer one none is fetched.
        where["recipe_version"] = {"$not": {"$gt": request.recipe_version}}
    while len(taken) < request.limit and (untouched := await batches.first(where)) is not None:
        taken += await _taken(batches, untouched, request, request.limit - len(taken))
        where |= {"_id": {"$gt": untouched["_id"]}}
    if not taken and request.limit:
        # Between the two looks somebody may have begun a batch, which then was in neither.
        taken = await _of_begun(batches, request)
    return tuple(taken)


async def repaired(batches: BatchCollection, counters: Document, now: datetime) -> Document:
    """Do what is left to do in a batch whoever was to do it; return the batch as it is then."""
    if counters.get("cancel_requested_at") is not None:
        await stop(batches, counters, now)
    ending = batch_updates.end_batch(counters, now)
    if ending is not None:
        await batches.change(ending)
    return await settle(batches, counters, now)


async def settle(batches: BatchCollection, counters: Document, now: datetime) -> Document:
    """End the files whose lease expired and that nobody may claim again.

    Returns the batch as it is then: its counters, and its results where they had to be read.
    """
    batch = counters
    for _ in range(MOST_LOOKS):
        if not is_due(batch, now):
            break
        whole = await batches.get(batch["batch_id"])
        if whole is None:
            return counters
        after = batch_updates.settled_results(whole, now)
        if not after:
            present = await batches.change(batch_updates.set_next_lease(whole))
            if present is None:
                return whole
            return present | {name: whole[name] for name in ("file_ids", "results")}
        batch = await batches.change(batch_updates.change_files(whole, after, now)) or whole
    return batch


async def stop(batches: BatchCollection, counters: Document, now: datetime) -> int:
    """Cancel what is pending in a batch that was asked to stop; return how many files."""
    batch: Document | None = counters
    for _ in range(MOST_LOOKS):
        if batch is None or not batch["pending"] or batch.get("cancel_requested_at") is None:
            break
        if batch["pending"] > batch["total_files"] - batch["first_open"]:
            whole = await batches.get(batch["batch_id"])
            if whole is None or whole.get("cancel_requested_at") is None:
                # Somebody went on with the run meanwhile.
                break
            batch = whole
        if await batches.change(batch_updates.stop_pending(batch, now)) is not None:
            return int(batch["pending"])
        batch = await batches.first({"batch_id": batch["batch_id"]})
    return 0


def has_lapsed(batch: Document, machine: str, now: datetime) -> bool:
    """True if a lease ended whose file this machine may have; `settle` has read the results."""
    return is_due(batch, now) and any(
        machine not in result.unseen_on for result in batch_updates.lapsed_results(batch, now)
    )


async def _of_begun(batches: BatchCollection, request: ClaimRequest) -> list[Claimed]:
    """Take files of batches that somebody has begun, after settling all of them."""
    where = OURS | {"run_id": request.run_id, "status": State.PROCESSING.value}
    begun = [await settle(batches, batch, request.now) for batch in await batches.counters(where)]
    taken: list[Claimed] = []
    for batch in begun:
        if len(taken) < request.limit:
            taken += await _taken(batches, batch, request, request.limit - len(taken))
    return taken


async def _taken(
    batches: BatchCollection, counters: Document, request: ClaimRequest, limit: int
) -> tuple[Claimed, ...]:
    """Take files of one batch; whoever loses a race looks again."""
    batch: Document | None = counters
    for _ in range(MOST_LOOKS):
        if batch is None or not _promises(batch, request):
            break
        wanted = await _wanted(batches, batch, request, limit)
        if not wanted:
            break
        change = batch_updates.change_files(batch, wanted, request.now)
        change.where["cancel_requested_at"] = None
        if await batches.change(change) is not None:
            return tuple(_claimed(batch, file_id, result) for file_id, result in wanted.items())
        batch = await batches.first({"batch_id": batch["batch_id"]})
    return ()


def _promises(batch: Mapping[str, Any], request: ClaimRequest) -> bool:
    """True if the counters say that this worker may find something."""
    if batch.get("cancel_requested_at") is not None:
        return False
    if not suits_recipe(batch, request.recipe_version):
        return False
    return pending_for(batch, request.machine) > 0 or is_due(batch, request.now)


async def _wanted(
    batches: BatchCollection, batch: Document, request: ClaimRequest, limit: int
) -> dict[FileId, FileResult]:
    """What to take and how it stands then; adds the entries it starts from to `batch`."""
    behind = batch["pending"] - (batch["total_files"] - batch["first_open"])
    if not behind and not is_due(batch, request.now):
        count = min(limit, batch["total_files"] - batch["first_open"])
        fresh = await batches.places(batch["batch_id"], batch["first_open"], count)
        return {FileId(file_id): _taken_by(FileResult(), request) for file_id in fresh}
    whole = await batches.get(batch["batch_id"])
    if whole is None:
        return {}
    batch.update(whole)
    again = {
        file_id: _taken_by(result, request)
        for _, file_id, entry in entries(batch)
        if (result := result_of(entry)).is_free(request.now, machine=request.machine)
    }
    fresh = batch["file_ids"][batch["first_open"] :]
    able = again | {FileId(file_id): _taken_by(FileResult(), request) for file_id in fresh}
    return dict(list(able.items())[:limit])


def _taken_by(result: FileResult, request: ClaimRequest) -> FileResult:
    analysis_id = AnalysisId(str(uuid.uuid4()))
    return result.taken(
        request.worker, analysis_id=analysis_id, at=request.now, until=request.until
    )


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
