"""The documents of the work: batches, and who holds which file of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from smtui.domain.account import UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import (
    Batch,
    BatchId,
    Claimed,
    Failure,
    Held,
    RunId,
    RunProgress,
    Unseen,
)
from smtui.domain.errors import ErrorCode
from smtui.domain.sample import FileId


class BatchStore(Protocol):
    """Batches and the states of their files; leases use the store's clock."""

    async def create(self, batches: Sequence[Batch]) -> None:
        """Keep new batches."""
        ...

    async def get(self, batch_id: BatchId) -> Batch | None:
        """A batch with the results of its files."""
        ...

    async def batches_of(self, run_id: RunId) -> tuple[BatchId, ...]:
        """The batches of a run, in their order."""
        ...

    async def claim(
        self,
        run_id: RunId,
        *,
        worker: str,
        limit: int,
        lease_seconds: float,
        machine: str = "",
        recipe_version: int | None = None,
    ) -> tuple[Claimed, ...]:
        """Take up to `limit` claimable files (pending, or lease expired), each guarded.

        Files that `machine` has handed back as unseen are left to others, and so are batches that
        want a newer recipe than `recipe_version`, the worker's.

        attempt rises by one and an analysis_id is fixed at the first claim. A file whose lease
        expired after its last allowed attempt becomes failed (`crashed`) instead. Gives nothing
        for a run whose cancel was requested.
        """
        ...

    async def renew(self, claimed: Claimed, *, lease_seconds: float) -> bool:
        """Guarded: only the present holder of the attempt."""
        ...

    async def complete(
        self, claimed: Claimed, analysis_id: AnalysisId, *, heard_ms: int = 0
    ) -> bool:
        """Guarded; counts once, however often it is repeated; `heard_ms` is the sound's length."""
        ...

    async def fail(self, claimed: Claimed, *, code: ErrorCode, error: str) -> bool:
        """Guarded, like `complete`."""
        ...

    async def hand_back(self, claimed: Claimed, *, unseen: Unseen | None = None) -> bool:
        """Give up the claim without a result; the attempt does not count.

        `unseen`: this machine does not have the file. It is added to the result's `unseen_on`,
        with code `unseen` and its sentence as the error, until somebody completes or fails it.
        """
        ...

    async def vanish(
        self, machines: frozenset[str], *, runs: Collection[RunId] | None = None
    ) -> int:
        """Fail (`vanished`, with the sentence kept) pending files unseen on all of these machines.

        In these runs, or in all. Gives how many. Nothing for no machines, and nothing for files
        never handed back.
        """
        ...

    async def unseen(self, run_ids: Collection[RunId]) -> Mapping[RunId, Mapping[str, int]]:
        """How many pending files of each of these runs a machine has handed back as unseen.

        Runs of which no file was are left out.
        """
        ...

    async def request_cancel(self, run_id: RunId) -> int:
        """Files that nobody began become cancelled; gives how many."""
        ...

    async def resume(self, run_id: RunId) -> int:
        """Files that were left (`FileResult.left`) become pending, with new attempts.

        A cancel that was asked for is taken back. Gives how many files; the run goes on if any.
        """
        ...

    async def retry_failed(self, run_id: RunId) -> int:
        """Failed files become pending, with new attempts; what was cancelled stays so.

        A cancel that has been carried out is taken back. Gives how many files.
        """
        ...

    async def forget(self, run_id: RunId) -> bool:
        """Delete a run with its results; False where it goes on, or is not there."""
        ...

    async def progress(self, run_id: RunId) -> RunProgress | None: ...

    async def runs(self, *, user_id: UserId | None, limit: int) -> tuple[RunProgress, ...]:
        """Newest first; only counters are read."""
        ...

    async def everyones_runs(self, *, limit: int) -> tuple[RunProgress, ...]:
        """The same, whoever asked for them."""
        ...

    async def claimable(
        self, *, machine: str = "", recipe_version: int | None = None
    ) -> tuple[RunId, ...]:
        """Runs with at least one file that could be claimed now; repairs ended batches first.

        With a machine, only by a worker there: what it has handed back as unseen does not count.
        With a recipe, only by a worker of it: what wants a newer one does not count.
        """
        ...

    async def waiting(self, *, level: Level) -> frozenset[FileId]:
        """Files that a run which goes on will still hear, at this level or a higher one."""
        ...

    async def failures(self, run_id: RunId, *, limit: int) -> tuple[Failure, ...]:
        """Failed files, in the order of the batches."""
        ...

    async def completed_files(self, run_id: RunId, *, limit: int) -> tuple[FileId, ...]:
        """Completed files, in the order of the batches."""
        ...

    async def held(self, run_ids: Sequence[RunId]) -> tuple[Held, ...]:
        """What each worker of these runs is at, in the order of the batches."""
        ...

    async def some(self, run_ids: Sequence[RunId]) -> Mapping[RunId, tuple[FileId, ...]]:
        """Some files of each run that has any, in order, each once: the first, the last and a few
        between.
        """
        ...
