"""Batches in memory, and who holds which file of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import uuid4

from smtui.domain.account import UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import (
    LONGEST_LEASE,
    MAX_BATCH_FILES,
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
    spread,
)
from smtui.domain.errors import ErrorCode
from smtui.domain.ports.work import Clock
from smtui.domain.sample import (
    FileId,
)
from smtui.domain.storable import cut_to_ms, storable

_FILES_OF_A_BATCH = 10
"""How many files `some` gives of one batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asker:
    """A worker on a machine, by which recipe it listens, and when it asks."""

    machine: str
    recipe_version: int | None
    at: datetime


class MemoryBatches:
    """Implements BatchStore."""

    def __init__(
        self, clock: Clock | None = None, *, new_id: Callable[[], str] = lambda: str(uuid4())
    ) -> None:
        self.batches: dict[BatchId, Batch] = {}
        self._clock = clock
        self._new_id = new_id

    async def create(self, batches: Sequence[Batch]) -> None:
        now = self._now()
        for batch in batches:
            files = batch.file_ids
            if len(files) > MAX_BATCH_FILES or len({*files}) < len(files):
                message = f"a batch has at most {MAX_BATCH_FILES} files, each once"
                raise ValueError(message)
        for batch in batches:
            results = {file: batch.results.get(file, FileResult()) for file in batch.file_ids}
            # A batch of no files has nothing to wait for.
            self.batches[batch.batch_id] = replace(batch, results=results).ended(now)

    async def get(self, batch_id: BatchId) -> Batch | None:
        return self.batches.get(batch_id)

    async def batches_of(self, run_id: RunId) -> tuple[BatchId, ...]:
        return tuple(batch.batch_id for batch in self._of(run_id))

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
        """Take up to `limit` claimable files (pending, or lease expired)."""
        await _turn()
        now = self._now()
        self._settle(run_id, now)
        asker = _Asker(machine=storable(machine), recipe_version=recipe_version, at=now)
        taken: dict[BatchId, dict[FileId, FileResult]] = {}
        free = (
            (batch.batch_id, file_id, result)
            for batch, file_id, result in _files(self._of(run_id))
            if _is_claimable(batch, result, asker)
        )
        until = now + _lease(lease_seconds)
        for batch_id, file_id, result in islice(free, limit):
            analysis_id = result.analysis_id or AnalysisId(self._new_id())
            after = result.taken(worker, analysis_id=analysis_id, at=now, until=until)
            taken.setdefault(batch_id, {})[file_id] = after
        for batch_id, after_claim in taken.items():
            self.batches[batch_id] = self.batches[batch_id].changed(after_claim, now)
        return tuple(
            _claimed(self.batches[batch_id], file_id, result)
            for batch_id, results in taken.items()
            for file_id, result in results.items()
        )

    async def renew(self, claimed: Claimed, *, lease_seconds: float) -> bool:
        await _turn()
        until = self._now() + _lease(lease_seconds)
        return self._if_held(claimed, lambda result: replace(result, lease_until=until))

    async def complete(
        self, claimed: Claimed, analysis_id: AnalysisId, *, heard_ms: int = 0
    ) -> bool:
        await _turn()
        done = self._if_held(claimed, lambda _: claimed.completed(analysis_id))
        if done:
            batch = self.batches[claimed.batch_id]
            self.batches[claimed.batch_id] = replace(batch, heard_ms=batch.heard_ms + heard_ms)
        return done

    async def fail(self, claimed: Claimed, *, code: ErrorCode, error: str) -> bool:
        await _turn()
        return self._if_held(claimed, lambda _: claimed.failed(code, error))

    async def hand_back(self, claimed: Claimed, *, unseen: Unseen | None = None) -> bool:
        await _turn()
        batch = self.batches.get(claimed.batch_id)
        stopping = batch is not None and batch.cancel_requested_at is not None
        return self._if_held(claimed, lambda result: result.handed_back(unseen, stopping=stopping))

    async def vanish(
        self, machines: frozenset[str], *, runs: Collection[RunId] | None = None
    ) -> int:
        known = frozenset(map(storable, machines))
        return self._change_all(
            lambda result: result.lost(known),
            among=lambda batch: (
                batch.cancel_requested_at is None and (runs is None or batch.run_id in runs)
            ),
        )

    async def unseen(self, run_ids: Collection[RunId]) -> Mapping[RunId, Mapping[str, int]]:
        counts: dict[RunId, Counter[str]] = {}
        for batch, _, result in _files(self.batches.values()):
            if batch.run_id in run_ids and result.status is State.PENDING and result.unseen_on:
                counts.setdefault(batch.run_id, Counter()).update(result.unseen_on)
        return {run_id: dict(machines) for run_id, machines in counts.items()}

    async def request_cancel(self, run_id: RunId) -> int:
        now = self._now()
        for batch in self._of(run_id):
            if not batch.status.ended and batch.cancel_requested_at is None:
                self.batches[batch.batch_id] = replace(
                    batch, cancel_requested_at=now, updated_at=now
                )
        return self._change_all(
            FileResult.stopped,
            among=lambda batch: batch.run_id == run_id and batch.cancel_requested_at is not None,
        )

    async def resume(self, run_id: RunId) -> int:
        self.batches |= _without_cancel(self._of(run_id), self._now())
        return self._reopen(run_id, lambda result: result.left)

    async def retry_failed(self, run_id: RunId) -> int:
        count = self._reopen(run_id, lambda result: result.status is State.FAILED)
        if count:
            self.batches |= _without_cancel(self._of(run_id), self._now())
        return count

    async def forget(self, run_id: RunId) -> bool:
        batches = self._of(run_id)
        if not batches or not all(batch.status.ended for batch in batches):
            return False
        for batch in batches:
            del self.batches[batch.batch_id]
        return True

    async def progress(self, run_id: RunId) -> RunProgress | None:
        await _turn()
        batches = self._of(run_id)
        return RunProgress.of(batches) if batches else None

    async def runs(self, *, user_id: UserId | None, limit: int) -> tuple[RunProgress, ...]:
        every = await self.everyones_runs(limit=len(self.batches))
        return tuple(run for run in every if run.user_id == user_id)[:limit]

    async def everyones_runs(self, *, limit: int) -> tuple[RunProgress, ...]:
        run_ids = {batch.run_id for batch in self.batches.values()}
        runs = [RunProgress.of(self._of(run_id)) for run_id in run_ids]
        runs.sort(key=lambda run: (run.created_at, run.run_id), reverse=True)
        return tuple(runs[:limit])

    async def claimable(
        self, *, machine: str = "", recipe_version: int | None = None
    ) -> tuple[RunId, ...]:
        """Return runs with at least one file that could be claimed now."""
        now = self._now()
        for run_id in {batch.run_id for batch in self.batches.values()}:
            self._settle(run_id, now)
        asker = _Asker(machine=storable(machine), recipe_version=recipe_version, at=now)
        found = (
            batch.run_id
            for batch, _, result in _files(self.batches.values())
            if _is_claimable(batch, result, asker)
        )
        return tuple(dict.fromkeys(found))

    async def waiting(self, *, level: Level) -> frozenset[FileId]:
        return frozenset(
            file_id
            for batch, file_id, result in _files(self.batches.values())
            if batch.cancel_requested_at is None
            and not result.status.ended
            and batch.level.rank >= level.rank
        )

    async def failures(self, run_id: RunId, *, limit: int) -> tuple[Failure, ...]:
        return tuple(
            Failure(
                file_id=file_id,
                code=result.code or "",
                error=result.error or "",
                attempt=result.attempt,
            )
            for _, file_id, result in _files(self._of(run_id))
            if result.status is State.FAILED
        )[:limit]

    async def completed_files(self, run_id: RunId, *, limit: int) -> tuple[FileId, ...]:
        return tuple(
            file_id
            for _, file_id, result in _files(self._of(run_id))
            if result.status is State.COMPLETED
        )[:limit]

    async def held(self, run_ids: Sequence[RunId]) -> tuple[Held, ...]:
        return by_worker(
            Held(
                run_id=batch.run_id,
                file_id=file_id,
                worker=result.worker or "",
                attempt=result.attempt,
                claimed_at=result.claimed_at,
                lease_until=result.lease_until,
            )
            for batch, file_id, result in _files(self.batches.values())
            if batch.run_id in run_ids and result.status is State.PROCESSING
        )

    async def some(self, run_ids: Sequence[RunId]) -> Mapping[RunId, tuple[FileId, ...]]:
        found: dict[RunId, tuple[FileId, ...]] = {}
        for run_id in run_ids:
            batches = [batch for batch in self._of(run_id) if batch.file_ids]
            files = [
                batch.file_ids[place]
                for batch in (*batches[:1], *batches[-1:])
                for place in spread(len(batch.file_ids), _FILES_OF_A_BATCH)
            ]
            if files:
                found[run_id] = tuple(dict.fromkeys(files))
        return found

    def _now(self) -> datetime:
        return cut_to_ms(datetime.now(UTC) if self._clock is None else self._clock.now())

    def _of(self, run_id: RunId) -> list[Batch]:
        return [batch for batch in self.batches.values() if batch.run_id == run_id]

    def _change_all(
        self,
        transition: Callable[[FileResult], FileResult],
        *,
        among: Callable[[Batch], bool],
    ) -> int:
        """Let files of open batches become something else; gives how many."""
        now, count = self._now(), 0
        for batch in [*self.batches.values()]:
            if batch.status.ended or not among(batch):
                continue
            after = {
                file_id: changed
                for file_id, result in batch.results.items()
                if (changed := transition(result)) != result
            }
            if after:
                self.batches[batch.batch_id] = batch.changed(after, now)
                count += len(after)
        return count

    def _settle(self, run_id: RunId, now: datetime) -> None:
        self._change_all(
            lambda result: result.settled(now, stopping=False),
            among=lambda batch: batch.run_id == run_id and batch.cancel_requested_at is None,
        )
        self._change_all(
            lambda result: result.settled(now, stopping=True),
            among=lambda batch: batch.run_id == run_id and batch.cancel_requested_at is not None,
        )

    def _if_held(self, claimed: Claimed, transition: Callable[[FileResult], FileResult]) -> bool:
        batch = self.batches.get(claimed.batch_id)
        result = None if batch is None else batch.results.get(claimed.file_id)
        if batch is None or result is None or not result.is_held_by(claimed):
            return False
        after = {claimed.file_id: transition(result)}
        self.batches[batch.batch_id] = batch.changed(after, self._now())
        return True

    def _reopen(self, run_id: RunId, wanted: Callable[[FileResult], bool]) -> int:
        batches, now, count = self._of(run_id), self._now(), 0
        ends = [batch.finished_at for batch in batches if batch.finished_at is not None]
        pause = now - max(ends) if ends and len(ends) == len(batches) else timedelta()
        if not any(wanted(result) for batch in batches for result in batch.results.values()):
            return 0
        for batch in batches:
            moved = batch.later(max(pause, timedelta()))
            again = [file_id for file_id, result in batch.results.items() if wanted(result)]
            self.batches[batch.batch_id] = moved.reopened(again, now) if again else moved
            count += len(again)
        return count


def _files(batches: Iterable[Batch]) -> Iterator[tuple[Batch, FileId, FileResult]]:
    for batch in batches:
        for file_id, result in batch.results.items():
            yield batch, file_id, result


def _without_cancel(batches: Iterable[Batch], at: datetime) -> dict[BatchId, Batch]:
    """The batches of those that were asked to stop as if they had not been."""
    return {
        batch.batch_id: replace(batch, cancel_requested_at=None, updated_at=at)
        for batch in batches
        if batch.cancel_requested_at is not None
    }


def _lease(seconds: float) -> timedelta:
    return min(timedelta(milliseconds=round(seconds * 1000)), LONGEST_LEASE)


def _is_claimable(batch: Batch, result: FileResult, asker: _Asker) -> bool:
    needed, able = batch.recipe_version or 0, asker.recipe_version
    return (
        batch.cancel_requested_at is None
        and (able is None or needed <= able)
        and result.is_free(asker.at, machine=asker.machine)
    )


def _claimed(batch: Batch, file_id: FileId, result: FileResult) -> Claimed:
    assert result.analysis_id is not None
    return Claimed(
        batch_id=batch.batch_id,
        run_id=batch.run_id,
        file_id=file_id,
        user_id=batch.user_id,
        level=batch.level,
        analysis_id=result.analysis_id,
        attempt=result.attempt,
        worker=result.worker or "",
    )


async def _turn() -> None:
    """Let others on the loop have their turn, as every store does that waits for an answer."""
    await asyncio.sleep(0)
