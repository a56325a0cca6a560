"""How files and batches end without a worker: crashed, cancelled, vanished, all done."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from smtui.domain.batch import RunId
from smtui.stores.mongo import batch_changes
from smtui.stores.mongo.batch_codec import OPEN, due, for_machine, for_recipe, key_of, text_of
from smtui.stores.mongo.batch_line import MOST_LOOKS, BatchLine
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
        after = batch_changes.settled(whole, now)
        if not after:
            present = await line.change(batch_changes.rested(whole))
            if present is None:
                return whole
            return present | {name: whole[name] for name in ("file_ids", "results")}
        batch = await line.change(batch_changes.changed(whole, after, now)) or whole
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
    ending = batch_changes.ended(counters, now)
    if ending is not None:
        await line.change(ending)
    return await settle(line, counters, now)


async def _lose(line: BatchLine, batch_id: str, machines: frozenset[str], now: datetime) -> int:
    """Fail what no machine has in one batch; gives how many files."""
    for _ in range(MOST_LOOKS):
        batch = await line.one(batch_id)
        if batch is None or batch.get("cancel_requested_at") is not None:
            break
        after = batch_changes.vanished(batch, machines)
        if not after:
            break
        if await line.change(batch_changes.changed(batch, after, now)) is not None:
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
        if await line.change(batch_changes.stopped(batch, now)) is not None:
            return int(batch["pending"])
        batch = await line.first({"batch_id": batch["batch_id"]})
    return 0


def _lapsed(batch: Document, machine: str, now: datetime) -> bool:
    """True if a lease ended whose file this machine may have; `settle` has read the results."""
    return due(batch, now) and any(
        machine not in result.unseen_on for result in batch_changes.expired(batch, now)
    )
