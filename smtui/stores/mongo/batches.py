"""Batches on MongoDB: every change is one guarded update, safe to repeat and to race for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

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
    Unseen,
)
from smtui.domain.error_codes import ErrorCode
from smtui.domain.ports.work import Clock
from smtui.domain.sample import FileId
from smtui.domain.text import storable
from smtui.stores.mongo import batch_changes, claims, reopening, runs, sweeps
from smtui.stores.mongo.batch_codec import batch_of, document_of, key_of, result_of
from smtui.stores.mongo.batch_line import MOST_LOOKS, BatchLine
from smtui.stores.mongo.claims import Asked
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.values import Document

# Some 2.5 MB of ids in one message.
_BATCHES_AT_ONCE = 50
_DUPLICATE_KEY = 11000


class MongoBatches:
    """Batches and the states of their files; leases use the server's clock."""

    def __init__(self, line: MongoLine, clock: Clock | None = None) -> None:
        self._batches = BatchLine(line, clock)

    async def create(self, batches: Sequence[Batch]) -> None:
        """Keep new batches, in order; those before one that fails stay."""
        documents = [document_of(batch) for batch in batches]
        now = await self._batches.now()
        for document in documents:
            # A batch of no files has nothing to wait for.
            ending = batch_changes.ended(document, now)
            if ending is not None:
                document |= ending.update["$set"]
        for start in range(0, len(documents), _BATCHES_AT_ONCE):
            await self._insert(documents[start : start + _BATCHES_AT_ONCE])

    async def get(self, batch_id: BatchId) -> Batch | None:
        """A batch with the results of its files."""
        document = await self._batches.one(batch_id)
        return None if document is None else batch_of(document)

    async def batches_of(self, run_id: RunId) -> tuple[BatchId, ...]:
        """The batches of a run, in their order."""
        return await runs.batches_of(self._batches, run_id)

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
        """Take up to `limit` claimable files (pending, or lease expired), each guarded."""
        now = await self._batches.now()
        asked = Asked(
            run_id=run_id,
            worker=worker,
            machine=storable(machine),
            recipe_version=recipe_version,
            limit=limit,
            now=now,
            until=now + _lease(lease_seconds),
        )
        return await claims.claim(self._batches, asked)

    async def renew(self, claimed: Claimed, *, lease_seconds: float) -> bool:
        """Guarded: only the present holder of the attempt."""
        until = await self._batches.now() + _lease(lease_seconds)
        return await self._batches.change(batch_changes.renewed(claimed, until)) is not None

    async def complete(
        self, claimed: Claimed, analysis_id: AnalysisId, *, heard_ms: int = 0
    ) -> bool:
        """Guarded; counts once, however often it is repeated."""
        result = claimed.completed(analysis_id)
        return await self._finish(claimed, result, heard_ms=heard_ms)

    async def fail(self, claimed: Claimed, *, code: ErrorCode, error: str) -> bool:
        """Guarded, like `complete`."""
        return await self._finish(claimed, claimed.failed(code, error))

    async def hand_back(self, claimed: Claimed, *, unseen: Unseen | None = None) -> bool:
        """Give up the claim without a result; the attempt does not count."""
        key, now = key_of(claimed.file_id), await self._batches.now()
        projection = {"batch_id": 1, "cancel_requested_at": 1, f"results.{key}": 1}
        for _ in range(MOST_LOOKS):
            batch = await self._batches.one(claimed.batch_id, projection=projection)
            entry = {} if batch is None else batch.get("results", {}).get(key)
            if batch is None or not result_of(entry).is_held_by(claimed):
                return False
            change = batch_changes.handed_back(batch, claimed, unseen, now)
            if await self._batches.change(change) is not None:
                return True
            # The lease was renewed or the run cancelled since the look.
        return False

    async def vanish(
        self, machines: frozenset[str], *, runs: Collection[RunId] | None = None
    ) -> int:
        """Fail (`vanished`, with the sentence kept) pending files unseen on all of these."""
        return await sweeps.vanish(self._batches, frozenset(map(storable, machines)), runs)

    async def unseen(self, run_ids: Collection[RunId]) -> Mapping[RunId, Mapping[str, int]]:
        """How many pending files of these runs each machine has handed back as unseen."""
        return await sweeps.unseen(self._batches, run_ids)

    async def request_cancel(self, run_id: RunId) -> int:
        """Files that nobody began become cancelled; gives how many."""
        return await sweeps.request_cancel(self._batches, run_id)

    async def resume(self, run_id: RunId) -> int:
        """Files that were left become pending, and a cancel is taken back; gives how many files."""
        return await reopening.resume(self._batches, run_id)

    async def retry_failed(self, run_id: RunId) -> int:
        """Failed files become pending; gives how many."""
        return await reopening.retry_failed(self._batches, run_id)

    async def forget(self, run_id: RunId) -> bool:
        """Delete a run with its results, once it has ended."""
        return await reopening.forget(self._batches, run_id)

    async def progress(self, run_id: RunId) -> RunProgress | None:
        """The counters of a run."""
        return await runs.progress(self._batches, run_id)

    async def runs(self, *, user_id: UserId | None, limit: int) -> tuple[RunProgress, ...]:
        """Newest first; only counters are read. Batches of other programs are runs, too."""
        return await runs.runs(self._batches, {"user_id": user_id}, limit)

    async def everyones_runs(self, *, limit: int) -> tuple[RunProgress, ...]:
        """The same, whoever asked for them."""
        return await runs.runs(self._batches, {}, limit)

    async def claimable(
        self, *, machine: str = "", recipe_version: int | None = None
    ) -> tuple[RunId, ...]:
        """Runs with at least one file that could be claimed now; repairs ended batches first."""
        return await sweeps.claimable(
            self._batches, machine=storable(machine), recipe_version=recipe_version
        )

    async def waiting(self, *, level: Level) -> frozenset[FileId]:
        """Files that a run which goes on will still hear, at this level or a higher one."""
        return await runs.waiting(self._batches, level)

    async def failures(self, run_id: RunId, *, limit: int) -> tuple[Failure, ...]:
        """Failed files, in the order of the batches."""
        return await runs.failures(self._batches, run_id, limit)

    async def heard(self, run_id: RunId, *, limit: int) -> tuple[FileId, ...]:
        """Completed files, in the order of the batches."""
        return await runs.heard(self._batches, run_id, limit)

    async def held(self, run_ids: Sequence[RunId]) -> tuple[Held, ...]:
        """What each worker of these runs is at."""
        return await runs.held(self._batches, run_ids)

    async def some(self, run_ids: Sequence[RunId]) -> Mapping[RunId, tuple[FileId, ...]]:
        """Some files of each run that has any: the first, the last and a few between."""
        return await runs.some(self._batches, run_ids)

    async def _finish(self, claimed: Claimed, result: FileResult, *, heard_ms: int = 0) -> bool:
        now = await self._batches.now()
        change = batch_changes.finished(claimed, result, now, heard_ms=heard_ms)
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
                codes = {one["code"] for one in (error.details or {}).get("writeErrors", ())}
                if tries == 1 or codes != {_DUPLICATE_KEY}:
                    raise

        await self._batches.line.ask(work)


def _lease(seconds: float) -> timedelta:
    return timedelta(milliseconds=round(min(seconds, LONGEST_LEASE_SECONDS) * 1000))
