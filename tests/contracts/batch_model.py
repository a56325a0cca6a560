"""Batches as plain dictionaries: what every BatchStore is compared with, and what opens them.

Nothing here is clever: each question walks over all files. Time is a hand that tests move.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import (
    MAX_ATTEMPTS,
    Batch,
    BatchId,
    Claimed,
    Failure,
    FileResult,
    Held,
    RunId,
    State,
    Unseen,
    by_worker,
)
from smtui.domain.ports.batches import BatchStore
from smtui.domain.ports.work import Clock
from smtui.domain.sample import FileId
from smtui.stores.memory.batches import MemoryBatches
from smtui.stores.mongo.batches import MongoBatches
from smtui.stores.mongo.client import MongoLine
from smtui.stores.sqlite.opening import opened
from tests.servers.mongo_server import fresh_database, shared_mongo

CRASHED = "Analysing it ended the worker, or took too long, every time"


@dataclass
class Hand:
    """A clock that stands still until it is moved."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@asynccontextmanager
async def sqlite(folder: Path, clock: Clock) -> AsyncIterator[BatchStore]:
    async with opened(folder / "library.sqlite3", clock=clock) as documents:
        yield documents.batches


@asynccontextmanager
async def mongodb(folder: Path, clock: Clock) -> AsyncIterator[BatchStore]:
    with ExitStack() as stack:
        server = await asyncio.to_thread(shared_mongo)
        line = MongoLine(stack.enter_context(fresh_database(server)))
        try:
            yield MongoBatches(line, clock)
        finally:
            await line.close()


@asynccontextmanager
async def memory(folder: Path, clock: Clock) -> AsyncIterator[BatchStore]:
    yield MemoryBatches(clock)


CLOCKED: dict[str, Callable[[Path, Clock], AbstractAsyncContextManager[BatchStore]]] = {
    "sqlite": sqlite,
    "mongodb": mongodb,
    "memory": memory,
}


@dataclass
class Model:
    """Every batch that was made, in order, and how each of its files stands."""

    clock: Hand
    batches: dict[BatchId, Batch] = field(default_factory=dict)

    def create(self, batch: Batch) -> None:
        waiting = dict.fromkeys(batch.file_ids, FileResult())
        self.batches[batch.batch_id] = replace(batch, results=waiting)
        self._count(batch.batch_id)

    def claim(
        self,
        run_id: RunId,
        *,
        worker: str,
        limit: int,
        lease: float,
        machine: str,
        recipe: int | None,
    ) -> list[Claimed]:
        """The claims to expect; the analysis_id of a file's first claim is empty until `learn`."""
        self._settle(run_id)
        until = self.clock.at + timedelta(seconds=lease)
        places = list(self._claimable(machine, recipe, run_id))[:limit]
        for batch, file_id in places:
            before = batch.results[file_id]
            after = replace(
                before,
                status=State.PROCESSING,
                analysis_id=before.analysis_id or AnalysisId(""),
                attempt=before.attempt + 1,
                worker=worker,
                lease_until=until,
                claimed_at=self.clock.at,
            )
            self._change(batch.batch_id, file_id, after)
            if self.batches[batch.batch_id].started_at is None:
                self._set(batch.batch_id, started_at=self.clock.at)
        return [self._claimed(batch.batch_id, file_id) for batch, file_id in places]

    def learn(self, claimed: Claimed) -> None:
        """Take over the analysis_id that the store has chosen."""
        result = self.batches[claimed.batch_id].results[claimed.file_id]
        assert result.analysis_id in ("", claimed.analysis_id)
        self._change(
            claimed.batch_id, claimed.file_id, replace(result, analysis_id=claimed.analysis_id)
        )

    def holds(self, claimed: Claimed) -> bool:
        result = self.batches[claimed.batch_id].results[claimed.file_id]
        return (result.status, result.attempt, result.worker, result.analysis_id) == (
            State.PROCESSING,
            claimed.attempt,
            claimed.worker,
            claimed.analysis_id,
        )

    def renew(self, claimed: Claimed, lease: float) -> bool:
        return self._if_held(claimed, lease_until=self.clock.at + timedelta(seconds=lease))

    def complete(self, claimed: Claimed, analysis_id: AnalysisId, heard_ms: int) -> bool:
        if self.holds(claimed):
            before = self.batches[claimed.batch_id].heard_ms
            self._set(claimed.batch_id, heard_ms=before + heard_ms)
        return self._if_held(
            claimed,
            status=State.COMPLETED,
            analysis_id=analysis_id,
            code=None,
            error=None,
            lease_until=None,
            claimed_at=None,
            unseen_on=(),
        )

    def fail(self, claimed: Claimed, code: str, error: str) -> bool:
        return self._if_held(
            claimed,
            status=State.FAILED,
            code=code,
            error=error,
            lease_until=None,
            claimed_at=None,
            unseen_on=(),
        )

    def hand_back(self, claimed: Claimed, unseen: Unseen | None) -> bool:
        batch = self.batches[claimed.batch_id]
        result = batch.results[claimed.file_id]
        stopping = batch.cancel_requested_at is not None
        said = {}
        if unseen is not None:
            others = [one for one in result.unseen_on if one != unseen.machine]
            said = {
                "code": "unseen",
                "error": unseen.error,
                "unseen_on": (*others, unseen.machine),
            }
        return self._if_held(
            claimed,
            status=State.CANCELLED if stopping else State.PENDING,
            attempt=result.attempt - 1,
            worker=None,
            lease_until=None,
            claimed_at=None,
            **said,
        )

    def unseen(self, run_ids: Collection[RunId]) -> dict[RunId, dict[str, int]]:
        counts: dict[RunId, Counter[str]] = {}
        for batch, _, result in self._files():
            if batch.run_id in run_ids and result.status is State.PENDING and result.unseen_on:
                counts.setdefault(batch.run_id, Counter()).update(result.unseen_on)
        return {run_id: dict(found) for run_id, found in counts.items()}

    def vanish(self, machines: frozenset[str]) -> int:
        gone = [
            (batch, file_id, result)
            for batch, file_id, result in self._files()
            if machines
            and batch.cancel_requested_at is None
            and result.status is State.PENDING
            and machines <= {*result.unseen_on}
        ]
        for batch, file_id, result in gone:
            after = replace(result, status=State.FAILED, code="vanished", unseen_on=())
            self._change(batch.batch_id, file_id, after)
        return len(gone)

    def request_cancel(self, run_id: RunId) -> int:
        for batch in self._open(run_id):
            if batch.cancel_requested_at is None:
                self._set(batch.batch_id, cancel_requested_at=self.clock.at)
        waiting = [
            (batch, file_id, result)
            for batch, file_id, result in self._files(run_id)
            if result.status is State.PENDING
        ]
        for batch, file_id, result in waiting:
            self._change(batch.batch_id, file_id, replace(result, status=State.CANCELLED))
        return len(waiting)

    def resume(self, run_id: RunId) -> int:
        self._take_back_cancel(run_id)
        return self._reopen(run_id, lambda result: result.left)

    def retry_failed(self, run_id: RunId) -> int:
        count = self._reopen(run_id, lambda result: result.status is State.FAILED)
        if count:
            self._take_back_cancel(run_id)
        return count

    def forget(self, run_id: RunId) -> bool:
        gone = [batch.batch_id for batch in self.batches.values() if batch.run_id == run_id]
        if self._open(run_id) or not gone:
            return False
        for batch_id in gone:
            del self.batches[batch_id]
        return True

    def held(self, run_id: RunId) -> tuple[Held, ...]:
        return by_worker(
            Held(
                run_id=run_id,
                file_id=file_id,
                worker=result.worker or "",
                attempt=result.attempt,
                claimed_at=result.claimed_at,
                lease_until=result.lease_until,
            )
            for _, file_id, result in self._files(run_id)
            if result.status is State.PROCESSING
        )

    def heard(self, run_id: RunId) -> tuple[FileId, ...]:
        return tuple(
            file_id
            for _, file_id, result in self._files(run_id)
            if result.status is State.COMPLETED
        )

    def claimable(self, machine: str, recipe: int | None) -> tuple[RunId, ...]:
        for run_id in {batch.run_id for batch in self.batches.values()}:
            self._settle(run_id)
        return tuple(dict.fromkeys(batch.run_id for batch, _ in self._claimable(machine, recipe)))

    def waiting(self, level: Level) -> frozenset[FileId]:
        return frozenset(
            file_id
            for batch, file_id, result in self._files()
            if batch.cancel_requested_at is None
            and not result.status.ended
            and batch.level.rank >= level.rank
        )

    def failures(self, run_id: RunId) -> tuple[Failure, ...]:
        return tuple(
            Failure(
                file_id=file_id,
                code=result.code or "",
                error=result.error or "",
                attempt=result.attempt,
            )
            for _, file_id, result in self._files(run_id)
            if result.status is State.FAILED
        )

    def _claimable(
        self, machine: str, recipe: int | None, run_id: RunId | None = None
    ) -> Iterator[tuple[Batch, FileId]]:
        for batch, file_id, result in self._files(run_id):
            free = result.status is State.PENDING or self._lapsed(result)
            able = recipe is None or (batch.recipe_version or 0) <= recipe
            if (
                free
                and able
                and batch.cancel_requested_at is None
                and machine not in result.unseen_on
            ):
                yield batch, file_id

    def _settle(self, run_id: RunId) -> None:
        for batch, file_id, result in list(self._files(run_id)):
            if not self._lapsed(result):
                continue
            if result.attempt >= MAX_ATTEMPTS:
                crashed = replace(
                    result,
                    status=State.FAILED,
                    code="internal",
                    error=CRASHED,
                    lease_until=None,
                    claimed_at=None,
                    unseen_on=(),
                )
                self._change(batch.batch_id, file_id, crashed)
            elif batch.cancel_requested_at is not None:
                left = replace(result, status=State.CANCELLED, lease_until=None, claimed_at=None)
                self._change(batch.batch_id, file_id, left)

    def _lapsed(self, result: FileResult) -> bool:
        return (
            result.status is State.PROCESSING
            and result.lease_until is not None
            and result.lease_until <= self.clock.at
        )

    def _open(self, run_id: RunId) -> list[Batch]:
        return [
            batch
            for batch in self.batches.values()
            if batch.run_id == run_id and not batch.status.ended
        ]

    def _files(self, run_id: RunId | None = None) -> Iterator[tuple[Batch, FileId, FileResult]]:
        for batch in list(self.batches.values()):
            if run_id in (None, batch.run_id):
                for file_id, result in batch.results.items():
                    yield batch, file_id, result

    def _claimed(self, batch_id: BatchId, file_id: FileId) -> Claimed:
        batch = self.batches[batch_id]
        result = batch.results[file_id]
        return Claimed(
            batch_id=batch_id,
            run_id=batch.run_id,
            file_id=file_id,
            user_id=batch.user_id,
            level=batch.level,
            analysis_id=result.analysis_id or AnalysisId(""),
            attempt=result.attempt,
            worker=result.worker or "",
        )

    def _take_back_cancel(self, run_id: RunId) -> None:
        for batch in list(self.batches.values()):
            if batch.run_id == run_id:
                self._set(batch.batch_id, cancel_requested_at=None)

    def _reopen(self, run_id: RunId, wanted: Callable[[FileResult], bool]) -> int:
        again = [
            (batch, file_id) for batch, file_id, result in self._files(run_id) if wanted(result)
        ]
        if again:
            self._skip_pause(run_id)
        for batch, file_id in again:
            status = State.PROCESSING if batch.started_at else State.PENDING
            self._set(batch.batch_id, status=status, finished_at=None)
            results = {**self.batches[batch.batch_id].results, file_id: FileResult()}
            self._set(batch.batch_id, results=results)
        for batch, _ in again:
            self._count(batch.batch_id)
        return len(again)

    def _skip_pause(self, run_id: RunId) -> None:
        batches = [batch for batch in self.batches.values() if batch.run_id == run_id]
        ends = [batch.finished_at for batch in batches if batch.finished_at]
        if len(ends) == len(batches) and self.clock.at > max(ends):
            for batch in batches:
                for name in ("started_at", "finished_at"):
                    if at := getattr(batch, name):
                        moved = at + (self.clock.at - max(ends))
                        self._set(batch.batch_id, **{name: moved})

    def _if_held(self, claimed: Claimed, **changes: object) -> bool:
        held = self.holds(claimed)
        if held:
            result = self.batches[claimed.batch_id].results[claimed.file_id]
            self._change(claimed.batch_id, claimed.file_id, replace(result, **changes))  # type: ignore[arg-type]
        return held

    def _change(self, batch_id: BatchId, file_id: FileId, after: FileResult) -> None:
        results = {**self.batches[batch_id].results, file_id: after}
        self._set(batch_id, results=results)
        if after.status is State.PROCESSING:
            self._set(batch_id, status=State.PROCESSING)
        self._count(batch_id)

    def _count(self, batch_id: BatchId) -> None:
        batch = self.batches[batch_id]
        states = [result.status for result in batch.results.values()]
        completed, failed, cancelled = (
            states.count(state) for state in (State.COMPLETED, State.FAILED, State.CANCELLED)
        )
        self._set(batch_id, completed=completed, failed=failed, cancelled=cancelled)
        if all(state.ended for state in states) and not batch.status.ended:
            status = State.COMPLETED if completed or not states else State.FAILED
            status = State.CANCELLED if cancelled else status
            self._set(batch_id, status=status, finished_at=self.clock.at)

    def _set(self, batch_id: BatchId, **changes: object) -> None:
        self.batches[batch_id] = replace(self.batches[batch_id], **changes)  # type: ignore[arg-type]
