"""Batches in SQLite: `batch_jobs`, and `batch_files` with one row per batch and file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from smtui.domain.account import UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import (
    LONGEST_LEASE_SECONDS,
    Batch,
    BatchId,
    Claimed,
    Failure,
    Held,
    RunId,
    RunProgress,
    Unseen,
)
from smtui.domain.error_codes import ErrorCode
from smtui.domain.ports.work import Clock
from smtui.domain.sample import FileId
from smtui.domain.text import storable
from smtui.stores.sqlite import batch_rows, claims, endings, reopening, run_rows
from smtui.stores.sqlite.claims import Asked
from smtui.stores.sqlite.connections import Reader, Readers, Writer
from smtui.stores.sqlite.values import present


class SqliteBatches:
    """Batches and the states of their files; leases use this machine's clock."""

    def __init__(self, readers: Readers, writer: Writer, clock: Clock | None) -> None:
        self._readers = readers
        self._writer = writer
        self._clock = clock

    async def create(self, batches: Sequence[Batch]) -> None:
        """Keep new batches, all or none."""
        now = self._now()
        await self._writer.write(lambda connection: batch_rows.create(connection, batches, now))

    async def get(self, batch_id: BatchId) -> Batch | None:
        """A batch with the results of its files."""
        return await self._readers.read(lambda reader: batch_rows.get(reader, batch_id))

    async def batches_of(self, run_id: RunId) -> tuple[BatchId, ...]:
        """The batches of a run, in their order."""
        return await self._readers.read(lambda reader: run_rows.batches_of(reader, run_id))

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

        def asked() -> Asked:
            # The clock is read when the write lock is held: waiting for it costs no lease.
            now = self._now()
            return Asked(
                worker=worker,
                machine=storable(machine),
                recipe_version=recipe_version,
                limit=limit,
                now=now,
                until=now + _ms(lease_seconds),
            )

        return await self._writer.write(
            lambda connection: claims.claim(connection, run_id, asked())
        )

    async def renew(self, claimed: Claimed, *, lease_seconds: float) -> bool:
        """Guarded: only the present holder of the attempt."""
        return await self._writer.write(
            lambda connection: claims.renew(connection, claimed, self._now() + _ms(lease_seconds))
        )

    async def complete(
        self, claimed: Claimed, analysis_id: AnalysisId, *, heard_ms: int = 0
    ) -> bool:
        """Guarded; counts once, however often it is repeated."""
        return await self._writer.write(
            lambda connection: claims.complete(
                connection, claimed, (analysis_id, heard_ms), self._now()
            )
        )

    async def fail(self, claimed: Claimed, *, code: ErrorCode, error: str) -> bool:
        """Guarded, like `complete`."""
        return await self._writer.write(
            lambda connection: claims.fail(connection, claimed, (code, error), self._now())
        )

    async def hand_back(self, claimed: Claimed, *, unseen: Unseen | None = None) -> bool:
        """Give up the claim without a result; the attempt does not count."""
        return await self._writer.write(
            lambda connection: claims.hand_back(connection, claimed, unseen, self._now())
        )

    async def vanish(
        self, machines: frozenset[str], *, runs: Collection[RunId] | None = None
    ) -> int:
        """Fail (`vanished`, with the sentence kept) pending files unseen on all of these."""
        lost = endings.Lost(machines=sorted(map(storable, machines)), runs=runs)
        if not machines or not await self._readers.read(
            lambda reader: endings.vanishing(reader, lost)
        ):
            return 0
        return await self._writer.write(
            lambda connection: endings.vanish(connection, lost, self._now())
        )

    async def unseen(self, run_ids: Collection[RunId]) -> Mapping[RunId, Mapping[str, int]]:
        """How many pending files of these runs each machine has handed back as unseen."""
        return await self._readers.read(lambda reader: endings.unseen(reader, run_ids))

    async def request_cancel(self, run_id: RunId) -> int:
        """Files that nobody began become cancelled; gives how many."""
        return await self._writer.write(
            lambda connection: claims.request_cancel(connection, run_id, self._now())
        )

    async def resume(self, run_id: RunId) -> int:
        """Files that were left become pending, and a cancel is taken back; gives how many files."""
        return await self._writer.write(
            lambda connection: reopening.resume(connection, run_id, self._now())
        )

    async def retry_failed(self, run_id: RunId) -> int:
        """Failed files become pending; gives how many."""
        return await self._writer.write(
            lambda connection: reopening.retry_failed(connection, run_id, self._now())
        )

    async def forget(self, run_id: RunId) -> bool:
        """Delete a run with its results, once it has ended."""
        return await self._writer.write(lambda connection: reopening.forget(connection, run_id))

    async def progress(self, run_id: RunId) -> RunProgress | None:
        """The counters of a run."""
        return await self._readers.read(lambda reader: run_rows.progress(reader, run_id))

    async def runs(self, *, user_id: UserId | None, limit: int) -> tuple[RunProgress, ...]:
        """Newest first; only counters are read."""
        return await self._readers.read(lambda reader: run_rows.runs(reader, user_id, limit))

    async def everyones_runs(self, *, limit: int) -> tuple[RunProgress, ...]:
        """The same, whoever asked for them."""
        return await self._readers.read(lambda reader: run_rows.everyones(reader, limit))

    async def claimable(
        self, *, machine: str = "", recipe_version: int | None = None
    ) -> tuple[RunId, ...]:
        """Runs with at least one file that could be claimed now; repairs ended batches first."""

        def needs_repair(reader: Reader) -> bool:
            return endings.needs_repair(reader, self._now())

        # Every worker asks this every few seconds: nobody is kept from writing for a look.
        if await self._readers.read(needs_repair):
            await self._writer.write(lambda connection: endings.repair(connection, self._now()))
        return await self._readers.read(
            lambda reader: claims.claimable(
                reader, (storable(machine), recipe_version), self._now()
            )
        )

    async def waiting(self, *, level: Level) -> frozenset[FileId]:
        """Files that a run which goes on will still hear, at this level or a higher one."""
        return await self._readers.read(lambda reader: run_rows.waiting(reader, level))

    async def failures(self, run_id: RunId, *, limit: int) -> tuple[Failure, ...]:
        """Failed files, in the order of the batches."""
        return await self._readers.read(lambda reader: run_rows.failures(reader, run_id, limit))

    async def heard(self, run_id: RunId, *, limit: int) -> tuple[FileId, ...]:
        """Completed files, in the order of the batches."""
        return await self._readers.read(lambda reader: run_rows.heard(reader, run_id, limit))

    async def held(self, run_ids: Sequence[RunId]) -> tuple[Held, ...]:
        """What each worker of these runs is at."""
        return await self._readers.read(lambda reader: run_rows.held(reader, run_ids))

    async def some(self, run_ids: Sequence[RunId]) -> Mapping[RunId, tuple[FileId, ...]]:
        """Some files of each run that has any: the first, the last and a few between."""
        return await self._readers.read(lambda reader: run_rows.some(reader, run_ids))

    def _now(self) -> int:
        return present(self._clock)


def _ms(lease_seconds: float) -> int:
    return round(min(lease_seconds, LONGEST_LEASE_SECONDS) * 1000)
