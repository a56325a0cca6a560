"""Batches on MongoDB: every change is one guarded update, safe to repeat and to race for.

A file that is opened again stands as if nobody had begun it, so that what a former holder sends
changes nothing. First every batch of the run loses its cancel, then files are opened: a worker that
finds the first of them must not meet a cancel in the next batch and leave it again. The times of a
run that had ended move on by the pause since then, so that it lasts as long as it was worked on.

One port, `BatchStore`, in a file of its own; `library` alone opens it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from smtui.domain.account import UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import (
    LONGEST_LEASE_SECONDS,
    Batch,
    BatchId,
    Claimed,
    Failure,
    FileResult,
    Held,
    RunId,
    RunProgress,
    State,
    Unseen,
    by_worker,
)
from smtui.domain.errors import ErrorCode
from smtui.domain.parts import in_parts
from smtui.domain.ports.work import Clock
from smtui.domain.sample import FileId
from smtui.domain.text import storable
from smtui.stores.mongo import batch_updates
from smtui.stores.mongo.batch_codec import (
    OPEN,
    batch_of,
    document_of,
    key_of,
    pending_for,
    result_of,
    results_of,
    suits_recipe,
    text_of,
)
from smtui.stores.mongo.batch_updates import MOST_LOOKS, OURS, BatchCollection
from smtui.stores.mongo.claims import ClaimRequest, claim, has_lapsed, repaired, stop
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.runs import (
    BY_WORKER,
    failure_of,
    files_in,
    held_of,
    newest_runs,
    progress_of,
    rows_in,
    rows_of,
    some_of,
    unfinished_files,
    unplaced,
)
from smtui.stores.mongo.values import Document, count_in, mapping_in, time_or_none

# Some 2.5 MB of ids in one message.
_BATCHES_AT_ONCE = 50
_RUNS_AT_ONCE = 20
_DUPLICATE_KEY = 11000
_FOREIGN = "another_program"
_COUNTED = {"pending": {"$exists": True}}


class MongoBatches:
    """Implements BatchStore; leases use the server's clock."""

    def __init__(self, line: MongoLine, clock: Clock | None = None) -> None:
        self._batches = BatchCollection(line, clock)

    async def create(self, batches: Sequence[Batch]) -> None:
        """In order; those before one that fails stay."""
        documents = [document_of(batch) for batch in batches]
        now = await self._batches.now()
        for document in documents:
            # A batch of no files has nothing to wait for.
            ending = batch_updates.end_batch(document, now)
            if ending is not None:
                document |= ending.update["$set"]
        for part in in_parts(documents, _BATCHES_AT_ONCE):
            await self._insert(part)

    async def get(self, batch_id: BatchId) -> Batch | None:
        document = await self._batches.get(batch_id)
        return None if document is None else batch_of(document)

    async def batches_of(self, run_id: RunId) -> tuple[BatchId, ...]:
        counters = await self._batches.counters(_of_run(run_id))
        return tuple(BatchId(batch["batch_id"]) for batch in counters)

    async def claim(  # noqa: PLR0913 - the port asks for these
        self,
        run_id: RunId,
        *,
        worker: str,
        limit: int,
        lease_seconds: float,
        machine: str = "",
        recipe_version: int | None = None,
    ) -> tuple[Claimed, ...]:
        now = await self._batches.now()
        request = ClaimRequest(
            run_id=run_id,
            worker=worker,
            machine=storable(machine),
            recipe_version=recipe_version,
            limit=limit,
            now=now,
            until=now + _lease(lease_seconds),
        )
        return await claim(self._batches, request)

    async def renew(self, claimed: Claimed, *, lease_seconds: float) -> bool:
        until = await self._batches.now() + _lease(lease_seconds)
        return await self._batches.change(batch_updates.renew(claimed, until)) is not None

    async def complete(
        self, claimed: Claimed, analysis_id: AnalysisId, *, heard_ms: int = 0
    ) -> bool:
        return await self._finish(claimed, claimed.completed(analysis_id), heard_ms=heard_ms)

    async def fail(self, claimed: Claimed, *, code: ErrorCode, error: str) -> bool:
        return await self._finish(claimed, claimed.failed(code, error))

    async def hand_back(self, claimed: Claimed, *, unseen: Unseen | None = None) -> bool:
        key, now = key_of(claimed.file_id), await self._batches.now()
        projection = {"batch_id": 1, "cancel_requested_at": 1, f"results.{key}": 1}
        for _ in range(MOST_LOOKS):
            batch = await self._batches.get(claimed.batch_id, projection=projection)
            entry = {} if batch is None else batch.get("results", {}).get(key)
            if batch is None or not result_of(entry).is_held_by(claimed):
                return False
            change = batch_updates.hand_back(batch, claimed, unseen, now)
            if await self._batches.change(change) is not None:
                return True
            # The lease was renewed or the run cancelled since the look.
        return False

    async def vanish(
        self, machines: frozenset[str], *, runs: Collection[RunId] | None = None
    ) -> int:
        machines = frozenset(map(storable, machines))
        if not machines:
            return 0
        now = await self._batches.now()
        where = OURS | {"cancel_requested_at": None}
        if runs is not None:
            where |= {"run_id": {"$in": list(runs)}}
        where |= {f"unseen.{key_of(machine)}": {"$gt": 0} for machine in machines}
        return sum(
            [
                await self._lose(counters["batch_id"], machines, now)
                for counters in await self._batches.counters(where)
            ]
        )

    async def unseen(self, run_ids: Collection[RunId]) -> Mapping[RunId, Mapping[str, int]]:
        found: dict[RunId, dict[str, int]] = {}
        for counters in await self._batches.counters(OURS | {"run_id": {"$in": list(run_ids)}}):
            for key, count in mapping_in(counters.get("unseen")).items():
                if files := count_in(count):
                    counts = found.setdefault(RunId(counters["run_id"]), {})
                    machine = text_of(key)
                    counts[machine] = counts.get(machine, 0) + files
        return found

    async def request_cancel(self, run_id: RunId) -> int:
        now = await self._batches.now()
        stopping = {"$set": {"cancel_requested_at": now, "updated_at": now}}
        where = OURS | {"run_id": run_id}
        await self._batches.change_many(where | {"cancel_requested_at": None}, stopping)
        # From here on nobody claims in these batches, and what is handed back is cancelled at once.
        batches = await self._batches.counters(where)
        return sum([await stop(self._batches, batch, now) for batch in batches])

    async def resume(self, run_id: RunId) -> int:
        now = await self._batches.now()
        return await self._reopen(run_id, lambda result: result.left, now)

    async def retry_failed(self, run_id: RunId) -> int:
        now = await self._batches.now()
        batches = await self._batches.counters(_COUNTED | {"run_id": run_id})
        if not any(batch["failed"] for batch in batches):
            return 0
        for batch in batches:
            # What a cancel has not reached yet must not be heard because of this.
            if batch.get("cancel_requested_at") is not None:
                await stop(self._batches, batch, now)
        return await self._reopen(run_id, lambda result: result.status is State.FAILED, now)

    async def forget(self, run_id: RunId) -> bool:
        """One of another program can be forgotten, too."""
        where = _of_run(run_id)
        if await self._batches.first(where | {"status": OPEN}) is not None:
            return False

        async def work() -> int:
            ended = where | {"status": {"$not": OPEN}}
            return int((await self._batches.collection.delete_many(ended)).deleted_count)

        return await self._batches.line.ask(work) > 0

    async def progress(self, run_id: RunId) -> RunProgress | None:
        return (await progress_of(self._batches, [run_id])).get(run_id)

    async def runs(self, *, user_id: UserId | None, limit: int) -> tuple[RunProgress, ...]:
        """Batches of other programs are runs, too."""
        return await newest_runs(self._batches, {"user_id": user_id}, limit)

    async def everyones_runs(self, *, limit: int) -> tuple[RunProgress, ...]:
        return await newest_runs(self._batches, {}, limit)

    async def claimable(
        self, *, machine: str = "", recipe_version: int | None = None
    ) -> tuple[RunId, ...]:
        """Repairs on its way what a process left that ended between two writes."""
        machine, now = storable(machine), await self._batches.now()
        runs: dict[RunId, None] = {}
        for counters in await self._batches.counters(OURS):
            batch = await repaired(self._batches, counters, now)
            stopping = batch.get("cancel_requested_at") is not None
            if stopping or not suits_recipe(batch, recipe_version):
                continue
            if pending_for(batch, machine) > 0 or has_lapsed(batch, machine, now):
                runs[RunId(batch["run_id"])] = None
        return tuple(runs)

    async def waiting(self, *, level: Level) -> frozenset[FileId]:
        levels = [other.value for other in Level if other.rank >= level.rank]
        where = OURS | {"cancel_requested_at": None, "level": {"$in": levels}}
        # First those that nobody began, whose results are not worth reading. One that is begun
        # between the two questions is met twice, and none is missed.
        untouched = where | {"status": State.PENDING.value, "first_open": 0}
        begun = where | {"first_open": {"$gt": 0}}
        return frozenset(
            [
                *await unfinished_files(self._batches, untouched, ["file_ids"]),
                *await unfinished_files(
                    self._batches, begun, ["file_ids", "results", "first_open"]
                ),
            ]
        )

    async def failures(self, run_id: RunId, *, limit: int) -> tuple[Failure, ...]:
        fields = ("code", "error", "attempt")
        found = await files_in(self._batches, run_id, State.FAILED, limit, fields)
        is_ours = await self._batches.first({"run_id": run_id}) is not None
        nameless = ErrorCode.INTERNAL.value if is_ours else _FOREIGN
        return tuple(failure_of(file_id, entry, nameless) for file_id, entry in found)

    async def completed_files(self, run_id: RunId, *, limit: int) -> tuple[FileId, ...]:
        found = await files_in(self._batches, run_id, State.COMPLETED, limit)
        return tuple(file_id for file_id, _ in found)

    async def held(self, run_ids: Sequence[RunId]) -> tuple[Held, ...]:
        if not run_ids:
            return ()
        where = _COUNTED | {"run_id": {"$in": list(run_ids)}, "processing": {"$gt": 0}}
        rows = await self._batches.rows([*rows_in(where, State.PROCESSING), BY_WORKER])
        if any(unplaced(row) for row in rows):
            counters = await self._batches.counters(where)
            batches = [await self._batches.get(batch["batch_id"]) for batch in counters]
            rows = [row for batch in batches if batch is not None for row in rows_of(batch)]
        rows.sort(key=lambda row: (row["batch"], row["place"]))
        return by_worker(map(held_of, rows))

    async def some(self, run_ids: Sequence[RunId]) -> Mapping[RunId, tuple[FileId, ...]]:
        found: dict[RunId, tuple[FileId, ...]] = {}
        for part in in_parts(run_ids, _RUNS_AT_ONCE):
            files = await asyncio.gather(
                *(some_of(self._batches, _of_run(run_id)) for run_id in part)
            )
            found |= {run_id: some for run_id, some in zip(part, files, strict=True) if some}
        return found

    async def _finish(self, claimed: Claimed, result: FileResult, *, heard_ms: int = 0) -> bool:
        now = await self._batches.now()
        change = batch_updates.finish(claimed, result, now, heard_ms=heard_ms)
        return await self._batches.change(change) is not None

    async def _insert(self, documents: list[Document]) -> None:
        tries = 0

        async def work() -> None:
            nonlocal tries
            tries += 1
            try:
                await self._batches.collection.insert_many(documents, ordered=tries == 1)
            except BulkWriteError as error:
                # The driver gave each its _id at the first try: what is there is what we wrote.
                codes = {part["code"] for part in (error.details or {}).get("writeErrors", ())}
                if tries == 1 or codes != {_DUPLICATE_KEY}:
                    raise

        await self._batches.line.ask(work)

    async def _lose(self, batch_id: str, machines: frozenset[str], now: datetime) -> int:
        """Fail what no machine has in one batch; return how many files."""
        for _ in range(MOST_LOOKS):
            batch = await self._batches.get(batch_id)
            if batch is None or batch.get("cancel_requested_at") is not None:
                break
            after = batch_updates.lost_results(batch, machines)
            if not after:
                break
            change = batch_updates.change_files(batch, after, now)
            if await self._batches.change(change) is not None:
                return len(after)
        return 0

    async def _reopen(
        self, run_id: RunId, wanted: Callable[[FileResult], bool], now: datetime
    ) -> int:
        """Take a cancel of a run back and open files of it; return how many."""
        ours = _COUNTED | {"run_id": run_id}
        times = await self._batches.find(ours, ("started_at", "finished_at"))
        change = {"$unset": {"cancel_requested_at": ""}, "$set": {"updated_at": now}}
        await self._batches.change_many(ours | {"cancel_requested_at": {"$ne": None}}, change)
        ended = {"$or": [{"failed": {"$gt": 0}}, {"cancelled": {"$gt": 0}}]}
        batches = await self._batches.counters(ours | ended)
        count = sum(
            [await _reopen_in(self._batches, batch["batch_id"], wanted, now) for batch in batches]
        )
        if count:
            await self._skip_pause(times, now)
        return count

    async def _skip_pause(self, times: Sequence[Document], now: datetime) -> None:
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
        await self._batches.line.ask(
            lambda: self._batches.collection.bulk_write(moves, ordered=False)
        )


def _of_run(run_id: RunId) -> Document:
    """What matches the batches of a run; one of another program is a run of its own."""
    return {"$or": [{"run_id": run_id}, {"batch_id": run_id, "run_id": None}]}


async def _reopen_in(
    batches: BatchCollection, batch_id: str, wanted: Callable[[FileResult], bool], now: datetime
) -> int:
    """Open files of one batch; return how many."""
    for _ in range(MOST_LOOKS):
        batch = await batches.get(batch_id)
        if batch is None or batch.get("cancel_requested_at") is not None:
            break
        results = results_of(batch).items()
        again = {file_id: result for file_id, result in results if wanted(result)}
        if not again:
            break
        if await batches.change(batch_updates.reopen(batch, again, now)) is not None:
            return len(again)
    return 0


def _lease(seconds: float) -> timedelta:
    return timedelta(milliseconds=round(min(seconds, LONGEST_LEASE_SECONDS) * 1000))
