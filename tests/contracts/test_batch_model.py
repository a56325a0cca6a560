"""Whatever happens in whatever order: every BatchStore does what plain dictionaries do."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
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
from smtui.domain.error_codes import ErrorCode
from smtui.domain.ports.batches import BatchStore
from smtui.domain.sample import FileId
from tests.contracts.batch_model import CLOCKED, Hand, Model
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
        self.model = Model(self.clock)
        self.made = 0
        self.runner = asyncio.Runner()
        self.left = AsyncExitStack()
        self.store = self.run(self.open())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

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
        self.run(self.store.create([batch]))
        self.model.create(batch)

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
        taken = self.run(
            self.store.claim(
                run_id,
                worker=worker,
                limit=limit,
                lease_seconds=lease,
                machine=machine,
                recipe_version=recipe,
            )
        )
        expected = self.model.claim(
            run_id, worker=worker, limit=limit, lease=lease, machine=machine, recipe=recipe
        )
        assert [
            replace(one, analysis_id=wanted.analysis_id or AnalysisId(""))
            for one, wanted in zip(taken, expected, strict=True)
        ] == expected
        for claimed in taken:
            self.model.learn(claimed)
        return multiple(*taken)

    @rule(claimed=claims, lease=leases)
    def renew(self, claimed: Claimed, lease: float) -> None:
        kept = self.run(self.store.renew(claimed, lease_seconds=lease))
        assert kept is self.model.renew(claimed, lease)

    @rule(claimed=claims, other=st.booleans())
    def complete(self, claimed: Claimed, other: bool) -> None:
        analysis_id = AnalysisId("borrowed") if other else claimed.analysis_id
        done = self.run(self.store.complete(claimed, analysis_id, heard_ms=1250))
        assert done is self.model.complete(claimed, analysis_id, 1250)

    @rule(claimed=claims)
    def fail(self, claimed: Claimed) -> None:
        done = self.run(self.store.fail(claimed, code=ErrorCode.UNREADABLE, error="It ends"))
        assert done is self.model.fail(claimed, "unreadable", "It ends")

    @rule(claimed=claims, machine=machines)
    def hand_back(self, claimed: Claimed, machine: str) -> None:
        unseen = Unseen(machine=machine, error=f"No /mnt on {machine}") if machine else None
        done = self.run(self.store.hand_back(claimed, unseen=unseen))
        assert done is self.model.hand_back(claimed, unseen)

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
        assert self.run(self.store.vanish(names)) == self.model.vanish(names)

    @precondition(lambda self: self.model.batches)
    @rule(run_id=runs)
    def look_for_absences(self, run_id: RunId) -> None:
        assert self.run(self.store.unseen([run_id])) == self.model.unseen([run_id])

    @precondition(lambda self: self.model.batches)
    @rule(run_id=runs)
    def cancel(self, run_id: RunId) -> None:
        assert self.run(self.store.request_cancel(run_id)) == self.model.request_cancel(run_id)

    @precondition(lambda self: self.model.batches)
    @rule(run_id=runs)
    def resume(self, run_id: RunId) -> None:
        assert self.run(self.store.resume(run_id)) == self.model.resume(run_id)

    @precondition(lambda self: self.model.batches)
    @rule(run_id=runs)
    def retry_failed(self, run_id: RunId) -> None:
        assert self.run(self.store.retry_failed(run_id)) == self.model.retry_failed(run_id)

    @rule(machine=machines, recipe=recipes)
    def sweep(self, machine: str, recipe: int | None) -> None:
        found = self.run(self.store.claimable(machine=machine, recipe_version=recipe))
        assert found == self.model.claimable(machine, recipe)

    @rule(level=st.sampled_from(Level), run_id=runs)
    def look(self, level: Level, run_id: RunId) -> None:
        assert self.run(self.store.waiting(level=level)) == self.model.waiting(level)
        failed = self.run(self.store.failures(run_id, limit=99))
        assert failed == self.model.failures(run_id)
        assert self.run(self.store.failures(run_id, limit=1)) == failed[:1]
        assert self.run(self.store.heard(run_id, limit=99)) == self.model.heard(run_id)
        assert self.run(self.store.held([run_id])) == self.model.held(run_id)

    @invariant()
    def every_batch_is_as_it_should_be(self) -> None:
        for batch_id, expected in self.model.batches.items():
            kept = self.run(self.store.get(batch_id))
            assert kept is not None
            assert replace(kept, updated_at=NOW) == expected

    @invariant()
    def every_run_adds_up(self) -> None:
        for run_id in RUNS:
            seen = self.run(self.store.progress(run_id))
            expected = self.expected(run_id)
            assert (seen and replace(seen, updated_at=NOW)) == expected
            listed = self.run(self.store.runs(user_id=USERS[run_id], limit=9))
            assert [replace(one, updated_at=NOW) for one in listed] == [
                *([] if expected is None else [expected])
            ]

    def expected(self, run_id: RunId) -> RunProgress | None:
        batches = [batch for batch in self.model.batches.values() if batch.run_id == run_id]
        if not batches:
            return None
        states = [result.status for batch in batches for result in batch.results.values()]
        started = [batch.started_at for batch in batches if batch.started_at]
        finished = [batch.finished_at for batch in batches if batch.finished_at]
        stopped = [batch.cancel_requested_at for batch in batches if batch.cancel_requested_at]
        return RunProgress(
            run_id=run_id,
            user_id=USERS[run_id],
            level=min(batch.level for batch in batches),
            total=len(states),
            completed=states.count(State.COMPLETED),
            failed=states.count(State.FAILED),
            cancelled=states.count(State.CANCELLED),
            processing=states.count(State.PROCESSING),
            heard_ms=sum(batch.heard_ms for batch in batches),
            created_at=NOW,
            updated_at=NOW,
            started_at=min(started, default=None),
            finished_at=max(finished) if len(finished) == len(batches) else None,
            cancel_requested_at=min(stopped, default=None),
        )


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
