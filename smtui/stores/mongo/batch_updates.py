"""Reads and changes batches: each change is one guarded update of one document, safe to repeat.

A change is made from what was read. Its `where` matches only while that still holds, so of two who
saw the same only one succeeds; the other reads again. Its `sign` matches afterwards, so that one
whose acknowledgement was lost is found to be done. How files stand then is said in the domain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument

from smtui.domain.batch import Claimed, FileResult, State, Unseen, end_of
from smtui.domain.ports.work import Clock
from smtui.domain.sample import FileId
from smtui.domain.text import storable
from smtui.stores.mongo.batch_codec import (
    COUNTERS,
    OPEN,
    counted_in,
    entries,
    key_of,
    result_document,
    result_of,
)
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.indexes import BATCH_JOBS
from smtui.stores.mongo.values import Document, cut_to_ms, list_in, time_or_none

if TYPE_CHECKING:
    from smtui.stores.mongo.client import Collection


OURS = {"status": OPEN, "pending": {"$exists": True}}
"""Open batches with the counters of our workers; those of other programs are left alone."""

MOST_LOOKS = 100
"""How often one looks again after somebody else was faster; whoever gives up finds it later."""

COUNTERS_ONLY = {"_id": 1} | dict.fromkeys(COUNTERS, 1)

_SIGNS = ("updated_at", "status", "total_files", "completed", "failed")
_MOST_KNOWN = 1_000


class BatchCollection:
    """The documents of `batch_jobs` and the clock that leases go by."""

    def __init__(self, line: MongoLine, clock: Clock | None) -> None:
        self.line = line
        self._clock = clock
        self._known: dict[str, tuple[tuple[object, ...], dict[str, int]]] = {}

    @property
    def collection(self) -> Collection:
        """The collection; asked for within each work, as the line may be made anew."""
        return self.line.collection(BATCH_JOBS)

    async def now(self) -> datetime:
        """The server's time, the same for every worker, or that of the clock given."""
        return await self.line.now() if self._clock is None else cut_to_ms(self._clock.now())

    async def get(
        self, batch_id: str, *, projection: Mapping[str, Any] | None = None
    ) -> Document | None:
        """A batch, all of it or what the projection names."""
        return await self.line.ask(
            lambda: self.collection.find_one({"batch_id": batch_id}, projection)
        )

    async def find(self, where: Mapping[str, Any], fields: Sequence[str]) -> list[Document]:
        """Return these fields of batches, with their _id."""
        return await self.line.find(BATCH_JOBS, where, dict.fromkeys(("_id", *fields), 1))

    async def counters(self, where: Mapping[str, Any]) -> list[Document]:
        """Return the counters of batches, in the order in which they were made."""
        # Sorted here: the server would take whole documents along, results and all.
        return sorted(await self.find(where, COUNTERS), key=lambda batch: batch["_id"])

    async def of_others(self, batch_ids: Sequence[str]) -> list[Document]:
        """Batches that other programs wrote, without their files, counted by what they tell."""
        if not batch_ids:
            return []
        where = {"batch_id": {"$in": list(batch_ids)}, "run_id": None}
        brief = {"_id": 0, "results": 0, "file_ids": 0}
        found = await self.line.find(BATCH_JOBS, where, brief)
        return [batch | await self._counted(batch) for batch in found]

    async def _counted(self, batch: Document) -> dict[str, int]:
        """Count the results of one, which are read again only when its own counters change."""
        sign = tuple(batch.get(name) for name in _SIGNS)
        known = self._known.get(batch["batch_id"])
        if known is None or known[0] != sign:
            counts = counted_in(await self.get(batch["batch_id"]) or batch)
            self._known[batch["batch_id"]] = known = (sign, counts)
            while len(self._known) > _MOST_KNOWN:
                del self._known[next(iter(self._known))]
        return known[1]

    async def first(self, where: Mapping[str, Any]) -> Document | None:
        """The counters of the batch that was made first."""
        return await self.line.ask(
            lambda: self.collection.find_one(where, COUNTERS_ONLY, sort=[("_id", 1)])
        )

    async def places(self, batch_id: str, first: int, count: int) -> Sequence[str]:
        """Some of a batch's file ids, in order."""
        # A $slice by itself brings along all other fields; beside one that is named, none.
        projection = {"_id": 0, "first_open": 1, "file_ids": {"$slice": [first, count]}}
        batch = await self.get(batch_id, projection=projection)
        return [] if batch is None else batch["file_ids"]

    async def rows(self, pipeline: Sequence[Mapping[str, Any]]) -> list[Document]:
        """What an aggregation gives; for rows that surely fit into one answer."""

        async def work() -> list[Document]:
            # As a command: the drivers' own `aggregate` is awaited in one and not in the other.
            answer = await self.line.database.command(
                {"aggregate": BATCH_JOBS, "pipeline": pipeline, "cursor": {"batchSize": 10_000}}
            )
            return list_in(answer["cursor"]["firstBatch"])

        return await self.line.ask(work)

    async def change(self, change: Change) -> Document | None:
        """Make a change and give the counters after it; None where it no longer fits.

        A batch in which every file has ended by it gets its status. Should this process end
        between the two, the next sweep sets it.
        """
        after = await self._apply(change)
        if after is not None:
            ending = end_batch(after, await self.now())
            if ending is not None:
                await self._apply(ending)
        return after

    async def change_many(self, where: Document, update: Document) -> None:
        """Change every batch that this matches; safe to repeat where the match no longer holds."""
        await self.line.ask(lambda: self.collection.update_many(where, update))

    async def _apply(self, change: Change) -> Document | None:
        tries = 0

        async def work() -> Document | None:
            nonlocal tries
            tries += 1
            after: Document | None = await self.collection.find_one_and_update(
                change.where,
                change.update,
                projection=COUNTERS_ONLY,
                return_document=ReturnDocument.AFTER,
            )
            if after is None and tries > 1:
                # It may have been made at a try whose acknowledgement was lost.
                after = await self.collection.find_one(change.sign, COUNTERS_ONLY)
            return after

        return await self.line.ask(work)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A guarded update of one batch."""

    where: Document
    update: Document
    sign: Document


def change_files(
    batch: Mapping[str, Any], after: Mapping[FileId, FileResult], now: datetime
) -> Change:
    """Let some files of a batch become something else, and count it in the same update.

    Args:
        batch: at least batch_id, first_open and the present entries of these files in `results`.
        after: how each file stands then; one without an entry lies next at `first_open`.
        now: for updated_at.
    """
    written, steps = batch.get("results", {}), Counter[str]()
    where: Document = {"batch_id": batch["batch_id"]}
    begins = 0
    for file_id in after:
        key = key_of(file_id)
        if key in written:
            where[f"results.{key}"] = written[key]
        else:
            begins += 1
        before = result_of(written.get(key))
        steps.subtract(_weights(before))
        steps.update(_weights(after[file_id]))
    documents = {key_of(file_id): result_document(result) for file_id, result in after.items()}
    sets: Document = {f"results.{key}": document for key, document in documents.items()}
    if begins:
        where["first_open"] = batch["first_open"]
        sets["first_open"] = batch["first_open"] + begins
    sets["updated_at"] = now
    leases = [result.lease_until for result in after.values() if result.lease_until is not None]
    if leases:
        sets["status"] = State.PROCESSING.value
        steps["leases"] = len(leases)
    update = _update(sets, steps)
    if leases:
        update["$min"] = {"next_lease": min(leases), "started_at": now}
    first = next(iter(documents))
    sign = {"batch_id": batch["batch_id"], f"results.{first}": documents[first]}
    return Change(where=where, update=update, sign=sign)


def finish(claimed: Claimed, result: FileResult, now: datetime, *, heard_ms: int = 0) -> Change:
    """Let the holder of an attempt end it; needs no look before."""
    key, document = key_of(claimed.file_id), result_document(result)
    update = _update(
        {f"results.{key}": document, "updated_at": now},
        Counter({State.PROCESSING.value: -1, result.status.value: 1, "heard_ms": heard_ms}),
    )
    sign = {"batch_id": claimed.batch_id, f"results.{key}": document}
    return Change(where=held_by(claimed), update=update, sign=sign)


def renew(claimed: Claimed, until: datetime) -> Change:
    """Let the holder of an attempt keep it for longer."""
    entry = f"results.{key_of(claimed.file_id)}"
    where = held_by(claimed)
    return Change(
        where=where,
        update={
            "$set": {f"{entry}.lease_until": until},
            "$inc": {"leases": 1},
            "$min": {"next_lease": until},
        },
        sign=where,
    )


def held_by(claimed: Claimed) -> Document:
    """What is true while somebody still holds this attempt of the file."""
    entry = f"results.{key_of(claimed.file_id)}"
    return {
        "batch_id": claimed.batch_id,
        f"{entry}.status": State.PROCESSING.value,
        f"{entry}.worker": storable(claimed.worker),
        f"{entry}.attempt": claimed.attempt,
        f"{entry}.analysis_id": claimed.analysis_id,
    }


def hand_back(
    batch: Mapping[str, Any], claimed: Claimed, unseen: Unseen | None, now: datetime
) -> Change:
    """Make a file pending as if it had not been claimed; cancelled if that was asked."""
    before = result_of(batch["results"][key_of(claimed.file_id)])
    stopping = batch.get("cancel_requested_at") is not None
    after = before.handed_back(unseen, stopping=stopping)
    change = change_files(batch, {claimed.file_id: after}, now)
    if not stopping:
        change.where["cancel_requested_at"] = None
    return change


def settled_results(batch: Mapping[str, Any], now: datetime) -> dict[FileId, FileResult]:
    """What ends because its lease did, and nobody may claim it again; leases too long are cut."""
    stopping = batch.get("cancel_requested_at") is not None
    return _differing(batch, lambda result: result.settled(now, stopping=stopping))


def lost_results(batch: Mapping[str, Any], machines: frozenset[str]) -> dict[FileId, FileResult]:
    """What fails because none of these machines has it."""
    return _differing(batch, lambda result: result.lost(machines))


def _differing(
    batch: Mapping[str, Any], transition: Callable[[FileResult], FileResult]
) -> dict[FileId, FileResult]:
    """How files stand after a transition, of those that have an entry and become another."""
    return {
        file_id: after
        for _, file_id, entry in entries(batch)
        if (after := transition(before := result_of(entry))) != before
    }


def stop_pending(batch: Mapping[str, Any], now: datetime) -> Change:
    """Cancel what is pending in a batch that was asked to stop.

    Nothing becomes pending in such a batch, so that their number tells whether it was done. Files
    that nobody began get no entry; they are known by having none before first_open.
    """
    after = _differing(batch, FileResult.stopped)
    pending = batch["pending"]
    sets: Document = {
        f"results.{key_of(file_id)}": result_document(result) for file_id, result in after.items()
    }
    sets |= {
        "pending": 0,
        "unseen": {},
        "first_open": batch["total_files"],
        "updated_at": now,
    }
    named = {"batch_id": batch["batch_id"]}
    # Of a cancel that was taken back meanwhile nothing is left to do.
    asked_at = batch["cancel_requested_at"]
    return Change(
        where=named | {"pending": pending, "cancel_requested_at": asked_at},
        update=_update(sets, Counter({State.CANCELLED.value: pending})),
        sign=named | {"pending": 0},
    )


def reopen(batch: Mapping[str, Any], again: Mapping[FileId, FileResult], now: datetime) -> Change:
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


def set_next_lease(batch: Mapping[str, Any]) -> Change:
    """Say anew when the next lease ends, unless one was given since."""
    leases = [
        until
        for _, _, entry in entries(batch)
        if entry.get("status") == State.PROCESSING.value
        and (until := time_or_none(entry.get("lease_until"))) is not None
    ]
    update: Document = (
        {"$set": {"next_lease": min(leases)}} if leases else {"$unset": {"next_lease": ""}}
    )
    where = {"batch_id": batch["batch_id"], "leases": batch["leases"]}
    return Change(where=where, update=update, sign=where)


def end_batch(counters: Mapping[str, Any], now: datetime) -> Change | None:
    """Set the status of a batch in which every file ended; None where it goes on."""
    # The same counts: it may have been opened again since the look, and have ended otherwise.
    counted = {name: counters[name] for name in ("completed", "failed", "cancelled")}
    status = end_of(total=counters["total_files"], **counted)
    if status is None:
        return None
    named = {"batch_id": counters["batch_id"]}
    return Change(
        where=named | {"status": OPEN, "pending": 0, "processing": 0} | counted,
        update={"$set": {"status": status.value, "finished_at": now, "updated_at": now}},
        sign=named | {"status": status.value},
    )


def lapsed_results(batch: Mapping[str, Any], now: datetime) -> Iterator[FileResult]:
    """Files whose worker's lease has ended, in order."""
    results = (result_of(entry) for _, _, entry in entries(batch))
    return (result for result in results if result.has_lapsed(now))


def _weights(result: FileResult) -> Counter[str]:
    """What a file adds to the counters of its batch."""
    counted = Counter({result.status.value: 1})
    if result.status is State.PENDING:
        counted.update(f"unseen.{key_of(machine)}" for machine in result.unseen_on)
    return counted


def _update(sets: Document, steps: Mapping[str, int]) -> Document:
    counted = {name: step for name, step in steps.items() if step}
    return {"$set": sets} | ({"$inc": counted} if counted else {})
