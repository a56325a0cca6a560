"""Whatever happens in whatever order: every BatchStore does what the one in memory does."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import Batch, BatchId, Claimed, RunId, RunProgress, State, Unseen
from smtui.domain.errors import ErrorCode
from smtui.domain.ports.batches import BatchStore
from smtui.domain.sample import FileId
from smtui.stores.memory.batches import MemoryBatches
from tests.contracts.clocked_batches import CLOCKED, Hand
from tests.contracts.document_stores import ANNA, BERT, NOW

T = TypeVar("T")

RUNS = (RunId("one"), RunId("two"))
WORKERS = ("desk.local-1", "attic-1", "attic-2")
MACHINES = ("desk.local", "attic", "$100%")
USERS = {RUNS[0]: ANNA, RUNS[1]: BERT}

runs = st.sampled_from(RUNS)
machines = st.sampled_from(("", *MACHINES))
leases = st.sampled_from((0.0, 10.0, 60.0))
recipes = st.sampled_from((None, 1, 2))


class Batches(RuleBasedStateMachine):
    """A store beside the model; every step is done on both."""

    implementation = ""
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Hand(NOW)
        self.given: Iterator[str] = iter(())
        self.model = MemoryBatches(self.clock, new_id=lambda: next(self.given))
        self.made = 0
        self.runner = asyncio.Runner()
        self.left = AsyncExitStack()
        self.store = self.run(self.open())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def both(self, step: Callable[[BatchStore], Coroutine[Any, Any, T]]) -> T:
        """Take a step on both stores, which have to give the same."""
        answer = self.run(step(self.store))
        assert answer == self.run(step(self.model))
        return answer

    async def open(self) -> BatchStore:
        folder = self.left.enter_context(tempfile.TemporaryDirectory())
        opening = CLOCKED[self.implementation](Path(folder), self.clock)
        return await self.left.enter_async_context(opening)

    def teardown(self) -> None:
        self.run(self.left.aclose())
        self.runner.close()

    @precondition(lambda self: len(self.model.batches) < 4)
    @rule(run_id=runs, files=st.integers(0, 4), level=st.sampled_from(Level), recipe=recipes)
    def create(self, run_id: RunId, files: int, level: Level, recipe: int | None) -> None:
        self.made += 1
        batch = Batch(
            batch_id=BatchId(f"batch-{self.made}"),
            run_id=run_id,
            user_id=USERS[run_id],
            level=level,
            recipe_version=recipe,
            file_ids=tuple(FileId(f"{self.made}.{number}") for number in range(files)),
            created_at=NOW,
            updated_at=NOW,
        )
        self.both(lambda store: store.create([batch]))

    def older_batch_waits(self, run_id: RunId) -> bool:
        """True if a batch waits behind which a later one is begun, as an older worker leaves it.

        MongoDB then takes what is begun first: to look for an older batch before every claim
        would cost one more question each time.
        """
        states = [batch.status for batch in self.model.batches.values() if batch.run_id == run_id]
        begun = [at for at, state in enumerate(states) if state is State.PROCESSING]
        return bool(begun) and State.PENDING in states[: begun[-1]]

    @precondition(lambda self: self.model.batches)
    @rule(
        target=claims,
        run_id=runs,
        limit=st.sampled_from((0, 1, 2, 5, 99)),
        worker=st.sampled_from(WORKERS),
        lease=leases,
        machine=machines,
        recipe=recipes,
    )
    def claim(
        self,
        run_id: RunId,
        limit: int,
        worker: str,
        lease: float,
        machine: str,
        recipe: int | None,
    ) -> Any:
        if self.implementation == "mongodb" and self.older_batch_waits(run_id):
            return multiple()

        def step(store: BatchStore) -> Coroutine[Any, Any, tuple[Claimed, ...]]:
            return store.claim(
                run_id,
                worker=worker,
                limit=limit,
                lease_seconds=lease,
                machine=machine,
                recipe_version=recipe,
            )

        taken = self.run(step(self.store))
        self.given = iter(
            [
                claimed.analysis_id
                for claimed in taken
                if not self.model.batches[claimed.batch_id].results[claimed.file_id].analysis_id
            ]
        )
        assert self.run(step(self.model)) == taken
        return multiple(*taken)

    @rule(claimed=claims, lease=leases)
    def renew(self, claimed: Claimed, lease: float) -> None:
        self.both(lambda store: store.renew(claimed, lease_seconds=lease))

    @rule(claimed=claims, other=st.booleans())
    def complete(self, claimed: Claimed, other: bool) -> None:
        analysis_id = AnalysisId("borrowed") if other else claimed.analysis_id
        self.both(lambda store: store.complete(claimed, analysis_id, heard_ms=1250))

    @rule(claimed=claims)
    def fail(self, claimed: Claimed) -> None:
        code = ErrorCode.UNREADABLE
        self.both(lambda store: store.fail(claimed, code=code, error="It ends"))

    @rule(claimed=claims, machine=machines)
    def hand_back(self, claimed: Claimed, machine: str) -> None:
        unseen = Unseen(machine=machine, error=f"No /mnt on {machine}") if machine else None
        self.both(lambda store: store.hand_back(claimed, unseen=unseen))

    @precondition(lambda self: self.model.batches)
    @rule(target=claims, run_id=runs, machine=st.sampled_from(MACHINES))
    def pass_by(self, run_id: RunId, machine: str) -> Any:
        """Let a machine that has no file of a run look at all of them."""
        taken = self.claim(run_id, 99, WORKERS[0], 60.0, machine, None).values
        for claimed in taken:
            self.hand_back(claimed, machine)
        self.sweep(machine, None)
        return multiple(*taken)

    @rule(seconds=st.sampled_from((1.0, 10.0, 60.0)))
    def move_the_hand(self, seconds: float) -> None:
        self.clock.move(seconds)

    @rule(names=st.frozensets(st.sampled_from(MACHINES)))
    def vanish(self, names: frozenset[str]) -> None:
        self.both(lambda store: store.vanish(names))

    @precondition(lambda self: self.model.batches)
    @rule(run_id=runs)
    def look_for_absences(self, run_id: RunId) -> None:
        self.both(lambda store: store.unseen([run_id]))

    @precondition(lambda self: self.model.batches)
    @rule(run_id=runs)
    def cancel(self, run_id: RunId) -> None:
        self.both(lambda store: store.request_cancel(run_id))

    @precondition(lambda self: self.model.batches)
    @rule(run_id=runs)
    def resume(self, run_id: RunId) -> None:
        self.both(lambda store: store.resume(run_id))

    @precondition(lambda self: self.model.batches)
    @rule(run_id=runs)
    def retry_failed(self, run_id: RunId) -> None:
        self.both(lambda store: store.retry_failed(run_id))

    @rule(machine=machines, recipe=recipes)
    def sweep(self, machine: str, recipe: int | None) -> None:
        self.both(lambda store: store.claimable(machine=machine, recipe_version=recipe))

    @rule(level=st.sampled_from(Level), run_id=runs)
    def look(self, level: Level, run_id: RunId) -> None:
        self.both(lambda store: store.waiting(level=level))
        self.both(lambda store: store.failures(run_id, limit=99))
        self.both(lambda store: store.failures(run_id, limit=1))
        self.both(lambda store: store.completed_files(run_id, limit=99))
        self.both(lambda store: store.held([run_id]))
        self.both(lambda store: store.some([run_id]))

    @invariant()
    def every_batch_is_as_it_should_be(self) -> None:
        for batch_id, expected in self.model.batches.items():
            kept = self.run(self.store.get(batch_id))
            assert kept is not None
            assert replace(kept, updated_at=NOW) == replace(expected, updated_at=NOW)

    @invariant()
    def every_run_adds_up(self) -> None:
        for run_id in RUNS:
            seen, expected = (
                self.run(store.progress(run_id)) for store in (self.store, self.model)
            )
            assert _same_time(seen) == _same_time(expected)
            listed = self.run(self.store.runs(user_id=USERS[run_id], limit=9))
            assert [*map(_same_time, listed)] == ([] if seen is None else [_same_time(seen)])


def _same_time(run: RunProgress | None) -> RunProgress | None:
    """A run without when it changed last: stores differ in what they count as a change."""
    return run and replace(run, updated_at=NOW)


@pytest.mark.parametrize("implementation", CLOCKED)
def test_every_order_of_everything_ends_as_in_the_model(implementation: str) -> None:
    machine = type(implementation, (Batches,), {"implementation": implementation})
    run_state_machine_as_test(
        machine,
        settings=settings(
            deadline=None,
            max_examples=40,
            stateful_step_count=40,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
