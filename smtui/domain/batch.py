"""A batch of files to listen to, their states, and the progress of a run.

A batch holds at most 1,000 files; what a person asked for at once is a *run* of one or more
batches with one `run_id`. States of a file:

- pending: nobody has begun.
- processing: a worker claimed it and holds a lease; an expired lease makes it claimable again.
- completed: its analysis is saved and the file's `heard` is up to date.
- failed: it cannot be listened to; `code` (see ErrorCode) and `error` say why.
- cancelled: the run was cancelled before anybody began.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from smtui.domain.account import UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.errors import ErrorCode
from smtui.domain.sample import FileId
from smtui.domain.storable import storable

BatchId = NewType("BatchId", str)
RunId = NewType("RunId", str)

MAX_BATCH_FILES = 1_000
MAX_ATTEMPTS = 3
LONGEST_LEASE_SECONDS = 120.0
LONGEST_LEASE = timedelta(seconds=LONGEST_LEASE_SECONDS)
"""No claim lives longer without being renewed: a lease that says so is from before the clock was
set back, and is cut to this."""

UNSEEN = "unseen"
"""The code of a file that a worker handed back because its machine does not have it."""

CRASHED = (ErrorCode.INTERNAL, "Analysing it ended the worker, or took too long, every time")
"""Code and sentence of a file that nobody came back from, in as many attempts as there are."""


class State(StrEnum):
    """What a batch, a run or one file in it is doing."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Nothing more will happen to it by itself."""
        return self in (State.COMPLETED, State.FAILED, State.CANCELLED)


def end_of(*, total: int, completed: int, failed: int, cancelled: int) -> State | None:
    """Return how a batch or a run of so many files has ended; None while it goes on.

    It is completed if at least one file succeeded and none was left.
    """
    if completed + failed + cancelled < total:
        return None
    if cancelled:
        return State.CANCELLED
    return State.COMPLETED if completed or not total else State.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """How one file of a batch stands.

    Attributes:
        claimed_at: when the worker that holds it took it; gone with the lease.
        unseen_on: machines whose workers handed it back because they do not have the file;
            `error` is then the newest one's sentence, `code` is UNSEEN.
    """

    status: State = State.PENDING
    analysis_id: AnalysisId | None = None
    code: str | None = None
    error: str | None = None
    attempt: int = 0
    worker: str | None = None
    lease_until: datetime | None = None
    claimed_at: datetime | None = None
    unseen_on: tuple[str, ...] = ()

    @property
    def left(self) -> bool:
        """It was left undone and not found wanting: cancelled, or gone when its turn came."""
        return self.status is State.CANCELLED or (
            self.status is State.FAILED and self.code == ErrorCode.VANISHED
        )

    def has_lapsed(self, at: datetime) -> bool:
        """True if a worker held the file, and its lease has ended."""
        if self.status is not State.PROCESSING or self.lease_until is None:
            return False
        return self.lease_until <= at

    def is_free(self, at: datetime, *, machine: str) -> bool:
        """True if a worker on this machine may take the file."""
        waits = self.status is State.PENDING or self.has_lapsed(at)
        return waits and machine not in self.unseen_on

    def is_held_by(self, claimed: Claimed) -> bool:
        """True if it is the attempt that was claimed."""
        return (self.status, self.worker, self.attempt, self.analysis_id) == (
            State.PROCESSING,
            storable(claimed.worker),
            claimed.attempt,
            claimed.analysis_id,
        )

    def taken(
        self, worker: str, *, analysis_id: AnalysisId, at: datetime, until: datetime
    ) -> FileResult:
        """Return the file in the hands of a worker; the first attempt's `analysis_id` stays."""
        return replace(
            self,
            status=State.PROCESSING,
            analysis_id=self.analysis_id or analysis_id,
            attempt=self.attempt + 1,
            worker=worker,
            lease_until=until,
            claimed_at=at,
        )

    def handed_back(self, unseen: Unseen | None, *, stopping: bool) -> FileResult:
        """Return the file as if the attempt had not been; cancelled where the run shall stop."""
        after = replace(
            self,
            status=State.CANCELLED if stopping else State.PENDING,
            attempt=self.attempt - 1,
            worker=None,
            lease_until=None,
            claimed_at=None,
        )
        if unseen is None:
            return after
        machine = storable(unseen.machine)
        others = tuple(other for other in self.unseen_on if other != machine)
        error = storable(unseen.error)
        return replace(after, code=UNSEEN, error=error, unseen_on=(*others, machine))

    def settled(self, at: datetime, *, stopping: bool) -> FileResult:
        """Return the file as it stands now that no worker will say more of it; often the same.

        A lease that is too long is cut. Where one has ended, the file failed after its last
        attempt, or is cancelled where the run shall stop. Of two reasons the later one is told:
        what another machine does not have, this one crashed at.
        """
        if self.status is not State.PROCESSING or self.lease_until is None:
            return self
        if self.lease_until > at:
            return replace(self, lease_until=min(self.lease_until, at + LONGEST_LEASE))
        ended = replace(self, lease_until=None, claimed_at=None)
        if self.attempt >= MAX_ATTEMPTS:
            code, error = CRASHED
            return replace(ended, status=State.FAILED, code=code.value, error=error, unseen_on=())
        return replace(ended, status=State.CANCELLED) if stopping else self

    def lost(self, machines: frozenset[str]) -> FileResult:
        """Return the file failed if it waits and none of these machines has it, else the same.

        The sentence of the machine that looked last stays.
        """
        if self.status is not State.PENDING or not machines or not machines <= {*self.unseen_on}:
            return self
        return replace(self, status=State.FAILED, code=ErrorCode.VANISHED.value, unseen_on=())

    def stopped(self) -> FileResult:
        """Return the file cancelled if it waits, else the same."""
        return replace(self, status=State.CANCELLED) if self.status is State.PENDING else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A machine on which a claimed file is not there; `error` says which folder is missing."""

    machine: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """At most 1,000 files of one run; completed + failed + cancelled = total ends it.

    Attributes:
        recipe_version: the lowest recipe that will do; None where any does. A worker of an older
            one claims nothing here.
        heard_ms: how long its completed sounds are together.
        is_foreign: another program wrote it, and does what there is to do; its level is unknown.
        counted: how many files another program says that it has; None where they are listed.
    """

    batch_id: BatchId
    run_id: RunId
    user_id: UserId | None
    level: Level
    recipe_version: int | None = None
    status: State = State.PENDING
    file_ids: tuple[FileId, ...]
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    heard_ms: int = 0
    results: Mapping[FileId, FileResult] = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    is_foreign: bool = False
    counted: int | None = None

    @property
    def total_files(self) -> int:
        """How many files the batch has."""
        return len(self.file_ids) if self.counted is None else self.counted

    def changed(self, after: Mapping[FileId, FileResult], at: datetime) -> Batch:
        """Return the batch with how some of its files stand then: counted, begun, ended."""
        results = {**self.results, **after}
        states = [result.status for result in results.values()]
        begun = State.PROCESSING in (result.status for result in after.values())
        counted = replace(
            self,
            results=results,
            completed=states.count(State.COMPLETED),
            failed=states.count(State.FAILED),
            cancelled=states.count(State.CANCELLED),
            updated_at=at,
            status=State.PROCESSING if begun else self.status,
            started_at=self.started_at or (at if begun else None),
        )
        return counted.ended(at)

    def ended(self, at: datetime) -> Batch:
        """Return the batch with its end, if every file has ended; once it has, it stays so."""
        end = end_of(
            total=self.total_files,
            completed=self.completed,
            failed=self.failed,
            cancelled=self.cancelled,
        )
        if end is None or self.status.ended:
            return self
        return replace(self, status=end, finished_at=at, updated_at=at)

    def later(self, pause: timedelta) -> Batch:
        """Return the batch begun and ended later: a pause of its run is not worked on."""
        return replace(
            self,
            started_at=self.started_at and self.started_at + pause,
            finished_at=self.finished_at and self.finished_at + pause,
        )

    def reopened(self, file_ids: Iterable[FileId], at: datetime) -> Batch:
        """Return the batch with some ended files waiting as if nobody had begun them."""
        open_again = replace(
            self,
            status=State.PROCESSING if self.started_at else State.PENDING,
            finished_at=None,
        )
        return open_again.changed(dict.fromkeys(file_ids, FileResult()), at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One file that a worker holds: it alone may finish this attempt."""

    batch_id: BatchId
    run_id: RunId
    file_id: FileId
    user_id: UserId | None
    level: Level
    analysis_id: AnalysisId
    attempt: int
    worker: str

    def completed(self, analysis_id: AnalysisId) -> FileResult:
        """Return how the file stands when its analysis is saved under this id."""
        return FileResult(
            status=State.COMPLETED,
            analysis_id=analysis_id,
            attempt=self.attempt,
            worker=self.worker,
        )

    def failed(self, code: ErrorCode, error: str) -> FileResult:
        """Return how the file stands when it cannot be listened to."""
        return FileResult(
            status=State.FAILED,
            analysis_id=self.analysis_id,
            code=code.value,
            error=storable(error),
            attempt=self.attempt,
            worker=self.worker,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """Counters of a run; `processing` files are among neither ended nor pending.

    Attributes:
        heard_ms: how long its completed sounds are together.
        is_foreign: another program wrote it: nobody here works on it, and its level is unknown.
    """

    run_id: RunId
    user_id: UserId | None
    level: Level
    total: int
    completed: int
    failed: int
    cancelled: int
    processing: int
    heard_ms: int = 0
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    is_foreign: bool = False

    @staticmethod
    def of(batches: Sequence[Batch]) -> RunProgress:
        """Return the sums of a run's batches, of which there is at least one."""
        states = [result.status for batch in batches for result in batch.results.values()]
        started = [batch.started_at for batch in batches if batch.started_at]
        finished = [batch.finished_at for batch in batches if batch.finished_at]
        stopped = [batch.cancel_requested_at for batch in batches if batch.cancel_requested_at]
        first = batches[0]
        return RunProgress(
            run_id=first.run_id,
            user_id=first.user_id,
            level=min(batch.level for batch in batches),
            total=sum(batch.total_files for batch in batches),
            completed=sum(batch.completed for batch in batches),
            failed=sum(batch.failed for batch in batches),
            cancelled=sum(batch.cancelled for batch in batches),
            processing=states.count(State.PROCESSING),
            heard_ms=sum(batch.heard_ms for batch in batches),
            created_at=min(batch.created_at for batch in batches),
            updated_at=max(batch.updated_at for batch in batches),
            started_at=min(started, default=None),
            finished_at=max(finished) if len(finished) == len(batches) else None,
            cancel_requested_at=min(stopped, default=None),
        )

    @property
    def ended_files(self) -> int:
        """How many files need nothing more."""
        return self.completed + self.failed + self.cancelled

    @property
    def tried_files(self) -> int:
        """How many files somebody listened to, or tried to."""
        return self.completed + self.failed

    @property
    def status(self) -> State:
        """Where the run stands: completed if every file ended and at least one succeeded."""
        end = end_of(
            total=self.total,
            completed=self.completed,
            failed=self.failed,
            cancelled=self.cancelled,
        )
        return end or (State.PROCESSING if self.started_at else State.PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed file of a run; `code` is an ErrorCode, or another program's word."""

    file_id: FileId
    code: str
    error: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The file of a run that a worker works on; it holds all that it claimed together.

    Attributes:
        claimed_at: since when; None where another program wrote no more.
        lease_until: without a sign of life until then, others may take it.
        besides: how many more files of the run it holds, to be listened to next.
    """

    run_id: RunId
    file_id: FileId
    worker: str
    attempt: int
    claimed_at: datetime | None
    lease_until: datetime | None
    besides: int = 0


def by_worker(held: Iterable[Held]) -> tuple[Held, ...]:
    """Put together what one worker holds of a run: the first file, and how many others."""
    firsts: dict[tuple[RunId, str], Held] = {}
    for one in held:
        key = (one.run_id, one.worker)
        first = firsts.get(key)
        more = 0 if first is None else first.besides + 1
        firsts[key] = replace(first or one, besides=more + one.besides)
    return tuple(firsts.values())


def spread(count: int, most: int) -> tuple[int, ...]:
    """Give places of `count` things: the first, the last, and others evenly between."""
    if count <= most:
        return tuple(range(count))
    return tuple(place * (count - 1) // (most - 1) for place in range(most))
