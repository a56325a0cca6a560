"""What a worker's children are given: by the parent for all, and for each seat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from smtui.domain.batch import Claimed
from smtui.domain.health import WorkerReport
from smtui.domain.path_map import PathMap
from smtui.domain.pause import Pause
from smtui.domain.ports.sessions import WorkerBoard
from smtui.domain.ports.work import Listener
from smtui.jobs.app import WorkLimits
from smtui.jobs.claims_journal import ClaimsJournal, Inheritance
from smtui.jobs.missing_paths import MissingFolders
from smtui.jobs.wakeups import Wakeups
from smtui.services.index_upkeep import IndexUpkeep
from smtui.services.worker_steps import WorkerSteps


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What a worker is among the others on the same servers.

    Attributes:
        report: what it says of itself on the board; `missing` is filled in as it comes to light.
        board: opens the board.
    """

    report: WorkerReport
    board: Callable[[], AbstractAsyncContextManager[WorkerBoard]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """What every child works with; made in the parent, opened only after the fork.

    Attributes:
        open_steps: opens the documents for a worker of the given name.
        open_upkeep: opens what fills the index, in a loop of its own; None where there is none.
        membership: what this worker is among others; None where it is alone.
        using: says "in use" to whoever would stop the private servers.
        settled: called once it is known whether there is work, until when all were in use.
        wakeups: makes the connection to the queues.
        pause: says why this machine does not listen now, None where it does; asked between files.
        end: ends the whole worker with a sentence, for what no child can outlast; None where
            another smtui takes the worker's place by itself.
        journals: the folder in which children leave word of what they hold; see `claims_journal`.
    """

    open_steps: Callable[[str], AbstractAsyncContextManager[WorkerSteps]]
    using: Callable[[], AbstractAsyncContextManager[None]]
    wakeups: Callable[[], Wakeups]
    listener: Listener
    limits: WorkLimits
    journals: Path
    paths: PathMap = field(default_factory=PathMap)
    open_upkeep: Callable[[], AbstractAsyncContextManager[IndexUpkeep]] | None = None
    membership: Membership | None = None
    settled: Callable[[], None] = lambda: None
    pause: Callable[[], Pause | None] = lambda: None
    end: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Which of a worker's children one is, and what they write for each other.

    Attributes:
        queues: those from which this worker is woken.
    """

    journal: ClaimsJournal
    missing: MissingFolders
    number: int
    queues: frozenset[str]

    @property
    def first(self) -> bool:
        """The child in the first seat looks for lost work."""
        return self.number == 0

    def write(self, claims: Sequence[Claimed]) -> None:
        """Note what is held now."""
        self.journal.write(self.number, claims)

    def begin(self, *, left: int) -> None:
        """Note that the first of the claims that are `left` is being heard."""
        self.journal.begin(self.number, left=left)

    def inherited(self) -> Inheritance:
        """Return what the child before held when it was killed."""
        return self.journal.inherited(self.number)
