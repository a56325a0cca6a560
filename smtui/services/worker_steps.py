"""What a worker does with the files it claims: take them, save what was measured, or say why not.

The analysing itself happens between these steps and elsewhere. What came of a file is saved as a
whole, or, where no transaction spans documents, in steps that can be repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from smtui.domain.analysis import Analysis, Measurement, heard_of
from smtui.domain.batch import MAX_ATTEMPTS, Claimed, Failure, RunId, RunProgress, Unseen
from smtui.domain.errors import ErrorCode, SoundUnreadable
from smtui.domain.outcome import Outcome
from smtui.domain.parts import in_parts
from smtui.domain.ports.work import Clock
from smtui.domain.sample import Sample, Trouble
from smtui.services.documents import Documents

_AT_ONCE = 500
# What says nothing of the file.
_OURS = (ErrorCode.TIMED_OUT, ErrorCode.OUT_OF_MEMORY, ErrorCode.INTERNAL)


class WorkerSteps:
    """The steps of one worker, named `worker` in the claims it makes.

    `machine` is where it works, if there are others: then a file that it does not have is left to
    them. Without one, what is not here has vanished.
    """

    def __init__(
        self,
        documents: Documents,
        clock: Clock,
        *,
        worker: str,
        recipe_version: int,
        machine: str = "",
    ) -> None:
        self._outcomes = documents.outcomes or OutcomesInSteps(documents)
        self._samples = documents.samples
        self._analyses = documents.analyses
        self._batches = documents.batches
        self._clock = clock
        self._worker = worker
        self._recipe_version = recipe_version
        self._machine = machine
        self._absences = Absences()

    async def claim(
        self,
        run_id: RunId,
        *,
        limit: int,
        lease_seconds: float,
        note: Callable[[Sequence[Claimed]], None] = lambda _claims: None,
    ) -> Taken:
        """Take up to `limit` files of a run, each with its row.

        What was claimed is told to `note` at once: should this process be killed a moment later,
        somebody can give it back. A file that an earlier claim did not finish comes alone: if it
        is what kills the process, it must not use up the attempts of its neighbours.
        """
        while claims := await self._batches.claim(
            run_id,
            worker=self._worker,
            limit=limit,
            lease_seconds=lease_seconds,
            machine=self._machine,
            recipe_version=self._recipe_version,
        ):
            note(claims)
            more = len(claims) == limit
            if again := [claimed for claimed in claims if claimed.attempt > 1]:
                await self._hand_back(claimed for claimed in claims if claimed is not again[0])
                more = len(claims) > 1 or more
                claims = (again[0],)
            if assignments := await self._assign(claims):
                return Taken(assignments=assignments, more=more)
        # Asked only where a run has come to its end for this machine.
        return Taken(for_others=self.is_one_of_many and run_id in await self._batches.claimable())

    async def keep(self, assignment: Assignment, measured: Measurement) -> None:
        """Save what was heard: the analysis, the row, the result with its count."""
        claimed, sample = assignment.claimed, assignment.sample
        if sample.file_hash and measured.file_hash != sample.file_hash:
            await self.refuse(assignment, _file_changed())
            return
        at = self._clock.now()
        analysis = Analysis(
            analysis_id=claimed.analysis_id,
            file_id=claimed.file_id,
            user_id=claimed.user_id,
            analyzed_at=at,
            measured=measured,
        )
        heard = heard_of(measured, at)
        await self._outcomes.keep(Outcome(claimed=claimed, analysis=analysis, heard=heard))

    async def refuse(self, assignment: Assignment, reason: SoundUnreadable) -> None:
        """Save why a file cannot be listened to.

        A sound that was heard whole before does not fail for what only this listening lacked,
        time or memory: then the run alone says so.
        """
        if assignment.sample.heard is None or reason.code not in _OURS:
            await self._samples.set_trouble(assignment.sample.file_id, self._trouble(reason))
        await self._batches.fail(assignment.claimed, code=reason.code, error=str(reason))

    @property
    def is_one_of_many(self) -> bool:
        """Other machines may have what this one does not."""
        return bool(self._machine)

    async def pass_on(self, assignment: Assignment, sentence: str) -> None:
        """Leave a file that this machine does not have to others; `sentence` says what is missing.

        This machine does not claim it again.
        """
        unseen = Unseen(machine=self._machine, error=sentence)
        await self._batches.hand_back(assignment.claimed, unseen=unseen)

    async def give_up(self, machines: frozenset[str], *, after: float) -> int:
        """Fail as vanished what none of these machines has, all on which workers live.

        Not before their run has stood still for so many seconds: the worker that has the files
        may only be starting again. Gives how many files.
        """
        runs = self._absences.longer_than(after, await self._standing_still(machines))
        if not runs or not (count := await self._batches.vanish(machines, runs=runs)):
            return 0
        for run_id in runs:
            run = await self._batches.progress(run_id)
            if run is not None and run.failed:
                await self._tell_vanished(run)
        return count

    async def _standing_still(self, machines: frozenset[str]) -> frozenset[RunId]:
        """Runs with files to claim, but with none for any of these machines."""
        still = frozenset(await self._batches.claimable())
        for machine in machines:
            if not still:
                break
            still -= frozenset(await self._batches.claimable(machine=machine))
        return still

    async def leave(self, run_id: RunId, claims: Iterable[Claimed]) -> None:
        """Give up claims that were not begun; the attempt does not count."""
        await self._hand_back(claims)
        if await self.cancelled(run_id):
            # What was handed back came after the cancel was carried out.
            await self._batches.request_cancel(run_id)

    async def renew(self, claims: Iterable[Claimed], *, lease_seconds: float) -> None:
        """Keep holding what is still to be heard."""
        for claimed in claims:
            await self._batches.renew(claimed, lease_seconds=lease_seconds)

    async def cancelled(self, run_id: RunId) -> bool:
        """Somebody asked that the rest of the run be left."""
        progress = await self._batches.progress(run_id)
        return progress is None or progress.cancel_requested_at is not None

    async def claimable(self) -> tuple[RunId, ...]:
        """Runs with files that could be claimed now, on this machine by this recipe."""
        return await self._batches.claimable(
            machine=self._machine, recipe_version=self._recipe_version
        )

    async def _hand_back(self, claims: Iterable[Claimed]) -> None:
        for claimed in claims:
            await self._batches.hand_back(claimed)

    async def _tell_vanished(self, run: RunProgress) -> None:
        """Write in the library what failed as vanished, and was not heard since the run began."""
        failures = await self._batches.failures(run.run_id, limit=run.failed)
        vanished = {each.file_id: each for each in failures if each.code == ErrorCode.VANISHED}
        for part in in_parts(list(vanished), _AT_ONCE):
            for sample in await self._samples.get(part):
                if not _is_known(sample, vanished[sample.file_id], since=run.created_at):
                    error = vanished[sample.file_id].error
                    trouble = Trouble(code=ErrorCode.VANISHED, error=error, at=self._clock.now())
                    await self._samples.set_trouble(sample.file_id, trouble)

    async def _assign(self, claims: Sequence[Claimed]) -> tuple[Assignment, ...]:
        samples = await self._samples.get([claimed.file_id for claimed in claims])
        by_id = {sample.file_id: sample for sample in samples}
        assignments = []
        for claimed in claims:
            if sample := by_id.get(claimed.file_id):
                assignments.append(await self._prepare(claimed, sample))
            else:
                await self._batches.fail(
                    claimed, code=ErrorCode.VANISHED, error="It is no longer in the library"
                )
        return tuple(assignments)

    async def _prepare(self, claimed: Claimed, sample: Sample) -> Assignment:
        if claimed.attempt >= MAX_ATTEMPTS and sample.heard is None:
            # Nobody is left to write this if the process dies once more; success clears it.
            crashed = SoundUnreadable("Analysing it crashed repeatedly", code=ErrorCode.INTERNAL)
            await self._samples.set_trouble(sample.file_id, self._trouble(crashed))
        known = None
        if sample.file_hash:  # another program's sound has none until it is heard
            known = await self._analyses.by_hash(
                sample.file_hash, recipe_version=self._recipe_version, level=claimed.level
            )
        return Assignment(claimed=claimed, sample=sample, known=known)

    def _trouble(self, reason: SoundUnreadable) -> Trouble:
        return Trouble(code=reason.code, error=str(reason), at=self._clock.now())


class Absences:
    """Since when each run stands still, as one worker has seen it."""

    def __init__(self) -> None:
        self._since: dict[RunId, float] = {}

    def longer_than(self, seconds: float, still: Collection[RunId]) -> frozenset[RunId]:
        """Take the runs that stand still now; give those that have for so many seconds.

        A run of which somebody can do something begins anew.
        """
        now = time.monotonic()
        self._since = {run_id: self._since.get(run_id, now) for run_id in still}
        return frozenset(run_id for run_id, at in self._since.items() if now - at >= seconds)


class OutcomesInSteps:
    """Writes in an order in which each step can be repeated.

    A claim that is repeated after a kill repairs what is missing: the analysis and `heard` come
    before the result that says that they are there.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def keep(self, outcome: Outcome) -> bool:
        """Save the analysis, the row's `heard`, the result with its count; whether it counted."""
        documents, claimed = self._documents, outcome.claimed
        analysis_id = await documents.analyses.save(outcome.analysis)
        file_hash = outcome.analysis.measured.file_hash
        await documents.samples.set_heard(claimed.file_id, outcome.heard, file_hash=file_hash)
        counted = await documents.batches.complete(claimed, analysis_id, heard_ms=outcome.heard_ms)
        if counted and claimed.user_id is not None:
            await documents.accounts.count_use(claimed.user_id, analyses=1)
        return counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One claimed file with its row.

    Attributes:
        known: what was measured of the same bytes before, at this level or higher.
    """

    claimed: Claimed
    sample: Sample
    known: Measurement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a claim gave.

    Attributes:
        more: the run probably has more files to claim.
        for_others: it has files, but only for other workers: this machine does not have them, or
            they want a newer recipe.
    """

    assignments: tuple[Assignment, ...] = ()
    more: bool = False
    for_others: bool = False


def _is_known(sample: Sample, failure: Failure, *, since: datetime) -> bool:
    """True if the library says so already, or something newer."""
    if sample.trouble is not None:
        return (sample.trouble.code, sample.trouble.error) == (failure.code, failure.error)
    return sample.heard is not None and sample.heard.analyzed_at >= since


def _file_changed() -> SoundUnreadable:
    return SoundUnreadable(
        "The file has changed since the last scan",
        code=ErrorCode.VANISHED,
        hint="Scan its folder again",
    )
