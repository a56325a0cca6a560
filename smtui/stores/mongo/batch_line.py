"""Reads and changes batches, one guarded update at a time, each safe to repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument

from smtui.domain.ports.work import Clock
from smtui.stores.mongo import batch_changes
from smtui.stores.mongo.batch_changes import Change
from smtui.stores.mongo.batch_codec import COUNTERS, counted_in
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.indexes import BATCH_JOBS
from smtui.stores.mongo.values import Document, cut_to_ms, list_in

if TYPE_CHECKING:
    from smtui.stores.mongo.client import Collection

MOST_LOOKS = 100
"""How often one looks again after somebody else was faster; whoever gives up finds it later."""

_SIGNS = ("updated_at", "status", "total_files", "completed", "failed")
_MOST_KNOWN = 1_000

COUNTERS_ONLY = {"_id": 1} | dict.fromkeys(COUNTERS, 1)


class BatchLine:
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

    async def one(
        self, batch_id: str, *, projection: Mapping[str, Any] | None = None
    ) -> Document | None:
        """A batch, all of it or what the projection names."""
        return await self.line.ask(
            lambda: self.collection.find_one({"batch_id": batch_id}, projection)
        )

    async def counters(self, where: Mapping[str, Any]) -> list[Document]:
        """The counters of batches, in the order in which they were made."""

        async def work() -> list[Document]:
            return await self.collection.find(where, COUNTERS_ONLY).to_list(None)

        # Sorted here: the server would take whole documents along, results and all.
        return sorted(await self.line.ask(work), key=lambda batch: batch["_id"])

    async def of_others(self, batch_ids: Sequence[str]) -> list[Document]:
        """Batches that other programs wrote, without their files, counted by what they tell."""
        if not batch_ids:
            return []
        where = {"batch_id": {"$in": list(batch_ids)}, "run_id": None}
        brief = {"_id": 0, "results": 0, "file_ids": 0}

        async def work() -> list[Document]:
            return await self.collection.find(where, brief).to_list(None)

        found = await self.line.ask(work)
        return [batch | await self._counted(batch) for batch in found]

    async def _counted(self, batch: Document) -> dict[str, int]:
        """Count the results of one, which are read again only when its own counters change."""
        sign = tuple(batch.get(name) for name in _SIGNS)
        known = self._known.get(batch["batch_id"])
        if known is None or known[0] != sign:
            counts = counted_in(await self.one(batch["batch_id"]) or batch)
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
        batch = await self.one(batch_id, projection=projection)
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
        after = await self._made(change)
        if after is not None:
            ending = batch_changes.ended(after, await self.now())
            if ending is not None:
                await self._made(ending)
        return after

    async def _made(self, change: Change) -> Document | None:
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
