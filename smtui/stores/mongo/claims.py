"""Taking files of a run, so that no two workers hold the same one.

In the usual case a claim is three small steps, whatever the size of the batch: the counters of the
batches that are begun, the next ids of one, one guarded update for all files taken. The results
are read only where something behind the first open place may be had again: handed back, or a lease
that ended.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import BatchId, Claimed, FileResult, RunId, State
from smtui.domain.sample import FileId
from smtui.stores.mongo import batch_updates
from smtui.stores.mongo.batch_codec import (
    OPEN,
    due,
    entries,
    for_machine,
    for_recipe,
    key_of,
    result_of,
    text_of,
)
from smtui.stores.mongo.batch_updates import MOST_LOOKS, BatchLine
from smtui.stores.mongo.values import Document, count_in, mapping_in

OURS = {"status": OPEN, "pending": {"$exists": True}}
"""Open batches with the counters of our workers; those of other programs are left alone."""


async def claimable(
    line: BatchLine, *, machine: str, recipe_version: int | None
) -> tuple[RunId, ...]:
    """Runs with a file that a worker of this recipe on this machine could claim, oldest first.

    Repairs on its way what a process left that ended between two writes.
    """
    now = await line.now()
    runs: dict[RunId, None] = {}
    for counters in await line.counters(OURS):
        batch = await _repaired(line, counters, now)
        if batch.get("cancel_requested_at") is not None or not for_recipe(batch, recipe_version):
            continue
        if for_machine(batch, machine) > 0 or _lapsed(batch, machine, now):
            runs[RunId(batch["run_id"])] = None
    return tuple(runs)


async def settle(line: BatchLine, counters: Document, now: datetime) -> Document:
    """End the files whose lease expired and that nobody may claim again.

    Gives the batch as it is then: its counters, and its results where they had to be read.
    """
    batch = counters
    for _ in range(MOST_LOOKS):
        if not due(batch, now):
            break
        whole = await line.one(batch["batch_id"])
        if whole is None:
            return counters
        after = batch_updates.settled(whole, now)
        if not after:
            present = await line.change(batch_updates.rested(whole))
            if present is None:
                return whole
            return present | {name: whole[name] for name in ("file_ids", "results")}
        batch = await line.change(batch_updates.changed(whole, after, now)) or whole
    return batch


async def request_cancel(line: BatchLine, run_id: RunId) -> int:
    """Ask a run to stop; gives how many files became cancelled by it."""
    now = await line.now()
    stopping = {"$set": {"cancel_requested_at": now, "updated_at": now}}
    where = OURS | {"run_id": run_id}
    await line.line.ask(
        lambda: line.collection.update_many(where | {"cancel_requested_at": None}, stopping)
    )
    # From here on nobody claims in these batches, and what is handed back is cancelled at once.
    return sum([await stop(line, batch, now) for batch in await line.counters(where)])


async def unseen(line: BatchLine, run_ids: Collection[RunId]) -> dict[RunId, dict[str, int]]:
    """How many pending files of these runs each machine has handed back as unseen."""
    found: dict[RunId, dict[str, int]] = {}
    for counters in await line.counters(OURS | {"run_id": {"$in": list(run_ids)}}):
        for key, count in mapping_in(counters.get("unseen")).items():
            if files := count_in(count):
                counts = found.setdefault(RunId(counters["run_id"]), {})
                machine = text_of(key)
                counts[machine] = counts.get(machine, 0) + files
    return found


async def vanish(line: BatchLine, machines: frozenset[str], runs: Collection[RunId] | None) -> int:
    """Fail pending files that none of these machines has, in these runs or in all; gives how
    many.
    """
    if not machines:
        return 0
    now = await line.now()
    where = OURS | {"cancel_requested_at": None}
    if runs is not None:
        where |= {"run_id": {"$in": list(runs)}}
    where |= {f"unseen.{key_of(machine)}": {"$gt": 0} for machine in machines}
    count = 0
    for counters in await line.counters(where):
        count += await _lose(line, counters["batch_id"], machines, now)
    return count


async def _repaired(line: BatchLine, counters: Document, now: datetime) -> Document:
    """Do what is left to do in a batch whoever was to do it; gives the batch as it is then."""
    if counters.get("cancel_requested_at") is not None:
        await stop(line, counters, now)
    ending = batch_updates.ended(counters, now)
    if ending is not None:
        await line.change(ending)
    return await settle(line, counters, now)


async def _lose(line: BatchLine, batch_id: str, machines: frozenset[str], now: datetime) -> int:
    """Fail what no machine has in one batch; gives how many files."""
    for _ in range(MOST_LOOKS):
        batch = await line.one(batch_id)
        if batch is None or batch.get("cancel_requested_at") is not None:
            break
        after = batch_updates.vanished(batch, machines)
        if not after:
            break
        if await line.change(batch_updates.changed(batch, after, now)) is not None:
            return len(after)
    return 0


async def stop(line: BatchLine, counters: Document, now: datetime) -> int:
    """Cancel what is pending in a batch that was asked to stop; gives how many files."""
    batch: Document | None = counters
    for _ in range(MOST_LOOKS):
        if batch is None or not batch["pending"] or batch.get("cancel_requested_at") is None:
            break
        if batch["pending"] > batch["total_files"] - batch["first_open"]:
            whole = await line.one(batch["batch_id"])
            if whole is None or whole.get("cancel_requested_at") is None:
                # Somebody went on with the run meanwhile.
                break
            batch = whole
        if await line.change(batch_updates.stopped(batch, now)) is not None:
            return int(batch["pending"])
        batch = await line.first({"batch_id": batch["batch_id"]})
    return 0


def _lapsed(batch: Document, machine: str, now: datetime) -> bool:
    """True if a lease ended whose file this machine may have; `settle` has read the results."""
    return due(batch, now) and any(
        machine not in result.unseen_on for result in batch_updates.expired(batch, now)
    )


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
        change = batch_updates.changed(batch, wanted, asked.now)
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
