"""Letting ended files be heard once more, and forgetting whole runs.

A file that is opened again stands as if nobody had begun it, so that what a former holder sends
changes nothing. First every batch of the run loses its cancel, then files are opened: a worker that
finds the first of them must not meet a cancel in the next batch and leave it again. The times of a
run that had ended move on by the pause since then, so that it lasts as long as it was worked on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateOne

from smtui.domain.batch import FileResult, RunId, State
from smtui.domain.sample import FileId
from smtui.stores.mongo.batch_changes import Change
from smtui.stores.mongo.batch_codec import OPEN, key_of, result_document, standing
from smtui.stores.mongo.batch_line import MOST_LOOKS, BatchLine
from smtui.stores.mongo.sweeps import stop
from smtui.stores.mongo.values import Document, time_or_none

Wanted = Callable[[FileResult], bool]

_COUNTED = {"pending": {"$exists": True}}


async def resume(line: BatchLine, run_id: RunId) -> int:
    """Open what was left, and take a cancel back; gives how many files."""
    now = await line.now()
    times = await _times(line, run_id)
    await _take_back_cancel(line, run_id, now)
    count = await _reopen(line, run_id, lambda result: result.left, now)
    if count:
        await _skip_pause(line, times, now)
    return count


async def retry_failed(line: BatchLine, run_id: RunId) -> int:
    """Open what failed; gives how many files."""
    now = await line.now()
    batches = await line.counters(_COUNTED | {"run_id": run_id})
    if not any(batch["failed"] for batch in batches):
        return 0
    times = await _times(line, run_id)
    for batch in batches:
        # What a cancel has not reached yet must not be heard because of this.
        if batch.get("cancel_requested_at") is not None:
            await stop(line, batch, now)
    await _take_back_cancel(line, run_id, now)
    count = await _reopen(line, run_id, lambda result: result.status is State.FAILED, now)
    if count:
        await _skip_pause(line, times, now)
    return count


async def forget(line: BatchLine, run_id: RunId) -> bool:
    """Delete a run of which every batch has ended; one of another program, too."""
    where: Document = {"$or": [{"run_id": run_id}, {"batch_id": run_id, "run_id": None}]}
    if await line.first(where | {"status": OPEN}) is not None:
        return False

    async def work() -> int:
        gone = await line.collection.delete_many(where | {"status": {"$not": OPEN}})
        return int(gone.deleted_count)

    return await line.line.ask(work) > 0


async def _times(line: BatchLine, run_id: RunId) -> list[Document]:
    """When each batch of a run began and ended."""
    fields = {"_id": 1, "started_at": 1, "finished_at": 1}

    async def work() -> list[Document]:
        return await line.collection.find(_COUNTED | {"run_id": run_id}, fields).to_list(None)

    return await line.line.ask(work)


async def _skip_pause(line: BatchLine, times: Sequence[Document], now: datetime) -> None:
    """Move the times of a run that had ended on to now, each once, whoever else does so."""
    ends = [at for batch in times if (at := time_or_none(batch.get("finished_at"))) is not None]
    if len(ends) < len(times) or not (pause := max(timedelta(), now - max(ends))):
        return
    moves = [
        UpdateOne({"_id": batch["_id"], name: at}, {"$set": {name: at + pause}})
        for batch in times
        for name in ("started_at", "finished_at")
        if (at := time_or_none(batch.get(name))) is not None
    ]
    await line.line.ask(lambda: line.collection.bulk_write(moves, ordered=False))


async def _take_back_cancel(line: BatchLine, run_id: RunId, now: datetime) -> None:
    where = _COUNTED | {"run_id": run_id, "cancel_requested_at": {"$ne": None}}
    change = {"$unset": {"cancel_requested_at": ""}, "$set": {"updated_at": now}}
    await line.line.ask(lambda: line.collection.update_many(where, change))


async def _reopen(line: BatchLine, run_id: RunId, wanted: Wanted, now: datetime) -> int:
    ended = {"$or": [{"failed": {"$gt": 0}}, {"cancelled": {"$gt": 0}}]}
    batches = await line.counters(_COUNTED | ended | {"run_id": run_id})
    return sum([await _reopen_in(line, batch["batch_id"], wanted, now) for batch in batches])


async def _reopen_in(line: BatchLine, batch_id: str, wanted: Wanted, now: datetime) -> int:
    """Open files of one batch; gives how many."""
    for _ in range(MOST_LOOKS):
        batch = await line.one(batch_id)
        if batch is None or batch.get("cancel_requested_at") is not None:
            break
        again = {one: result for one, result in standing(batch).items() if wanted(result)}
        if not again:
            break
        if await line.change(reopened(batch, again, now)) is not None:
            return len(again)
    return 0


def reopened(batch: Mapping[str, Any], again: Mapping[FileId, FileResult], now: datetime) -> Change:
    """Let ended files wait as if nobody had begun them, and take them out of the counters."""
    written = batch.get("results", {})
    waiting = result_document(FileResult())
    where: Document = {
        "batch_id": batch["batch_id"],
        "first_open": batch["first_open"],
        "cancel_requested_at": None,
    }
    sets: Document = {"updated_at": now}
    for file_id in again:
        key = key_of(file_id)
        if key in written:
            where[f"results.{key}"] = written[key]
            sets[f"results.{key}"] = waiting
    never_begun = next((key for key in map(key_of, again) if key not in written), None)
    if never_begun is not None:
        # Those without an entry are the last ones: nobody ever began them. Somebody else may have
        # opened them meanwhile, and workers heard them, the first one first.
        where[f"results.{never_begun}"] = {"$exists": False}
        files = batch["file_ids"]
        begun = [place for place, one in enumerate(files) if key_of(one) in written]
        sets["first_open"] = max(begun, default=-1) + 1
    if State(batch["status"]).ended:
        begun_before = batch.get("started_at") is not None
        sets["status"] = (State.PROCESSING if begun_before else State.PENDING).value
    steps = Counter({State.PENDING.value: len(again)})
    steps.subtract(result.status.value for result in again.values())
    update = {"$set": sets, "$inc": dict(steps), "$unset": {"finished_at": ""}}
    return Change(where=where, update=update, sign={"batch_id": batch["batch_id"]} | sets)
