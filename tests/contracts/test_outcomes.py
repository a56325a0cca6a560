"""Keeping what came of a file: counted once, whoever repeats it, whole or in steps."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from smtui.domain.account import UserId
from smtui.domain.analysis import Analysis, Claims, Level, Measurement, heard_of
from smtui.domain.batch import Batch, BatchId, Claimed, RunId
from smtui.domain.errors import StoreUnreachable
from smtui.domain.outcome import Outcome
from smtui.domain.ports.documents import OutcomeStore
from smtui.services.documents import Documents
from smtui.services.worker_steps import OutcomesInSteps
from smtui.stores.sqlite import batches
from smtui.stores.sqlite.library import opened
from tests.contracts.document_stores import NOW, DocumentStores, account, found, mongodb, sqlite

RUN = RunId("run")
Opened = tuple[DocumentStores, OutcomeStore]


def in_steps(stores: DocumentStores) -> OutcomesInSteps:
    return OutcomesInSteps(
        Documents(
            accounts=stores.accounts,
            samples=stores.samples,
            analyses=stores.analyses,
            batches=stores.batches,
            embeddings=stores.embeddings,
            searches=stores.searches,
        )
    )


@asynccontextmanager
async def whole(folder: Path) -> AsyncIterator[Opened]:
    async with opened(folder / "library.sqlite3") as stores:
        yield stores, stores.outcomes


def step_by_step(
    stores: Callable[[Path], AbstractAsyncContextManager[DocumentStores]],
) -> Callable[[Path], AbstractAsyncContextManager[Opened]]:
    @asynccontextmanager
    async def made(folder: Path) -> AsyncIterator[Opened]:
        async with stores(folder) as kept:
            yield kept, in_steps(kept)

    return made


WAYS = {
    "sqlite": whole,
    "sqlite in steps": step_by_step(sqlite),
    "mongodb": step_by_step(mongodb),
}


@pytest.fixture(params=WAYS)
async def way(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opened]:
    async with WAYS[request.param](tmp_path) as made:
        yield made


async def claimed(stores: DocumentStores) -> Claimed:
    """A claim on the one sound of a person's batch."""
    anna = account("anna")
    await stores.accounts.add(anna)
    (file_id,) = await stores.samples.add_found([found("/a.wav")], user_id=anna.user_id, at=NOW)
    await stores.batches.create(
        [
            Batch(
                batch_id=BatchId("batch"),
                run_id=RUN,
                user_id=anna.user_id,
                level=Level.BASIC,
                file_ids=(file_id,),
                created_at=NOW,
                updated_at=NOW,
            )
        ]
    )
    return await again(stores, lease=60)


async def again(stores: DocumentStores, *, lease: float) -> Claimed:
    (one,) = await stores.batches.claim(RUN, worker="w", limit=1, lease_seconds=lease)
    return one


def outcome(claim: Claimed) -> Outcome:
    measured = Measurement(
        level=claim.level,
        recipe_version=1,
        file_hash="hash of /a.wav",
        duration=1.5,
        processing_time=0.25,
        tempo=120.0,
        claims=Claims(),
    )
    analysis = Analysis(
        analysis_id=claim.analysis_id,
        file_id=claim.file_id,
        user_id=claim.user_id,
        analyzed_at=NOW,
        measured=measured,
    )
    return Outcome(claimed=claim, analysis=analysis, heard=heard_of(measured, NOW))


async def counted(stores: DocumentStores, user_id: UserId | None) -> tuple[int, int]:
    """Completed files of the run, and analyses of the account."""
    assert user_id is not None
    run, person = await stores.batches.progress(RUN), await stores.accounts.by_id(user_id)
    assert run is not None
    assert person is not None
    return run.completed, person.total_analyses


async def test_what_came_of_a_file_is_counted_once_however_often_it_is_kept(way: Opened) -> None:
    stores, outcomes = way
    claim = await claimed(stores)
    assert await outcomes.keep(outcome(claim))
    assert not await outcomes.keep(outcome(claim))
    assert await counted(stores, claim.user_id) == (1, 1)
    (sample,) = await stores.samples.get([claim.file_id])
    assert sample.heard is not None
    assert sample.heard.tempo == 120.0
    analysis = await stores.analyses.newest(claim.file_id)
    assert analysis is not None
    assert analysis.analysis_id == claim.analysis_id


async def test_who_was_thought_dead_does_not_count_beside_its_successor(way: Opened) -> None:
    stores, outcomes = way
    claim = await claimed(stores)
    await stores.batches.renew(claim, lease_seconds=0)
    successor = await again(stores, lease=60)
    assert not await outcomes.keep(outcome(claim))
    assert await counted(stores, claim.user_id) == (0, 0)
    assert await outcomes.keep(outcome(successor))
    assert await counted(stores, claim.user_id) == (1, 1)


async def test_a_disk_that_fills_up_in_between_leaves_nothing_half_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    async with whole(tmp_path) as (stores, outcomes):
        claim = await claimed(stores)
        with monkeypatch.context() as patched:
            patched.setattr(batches, "complete", full)
            with pytest.raises(StoreUnreachable, match="full"):
                await outcomes.keep(outcome(claim))
        assert await stores.analyses.newest(claim.file_id) is None
        (sample,) = await stores.samples.get([claim.file_id])
        assert sample.heard is None
        assert await outcomes.keep(outcome(claim))
        assert await counted(stores, claim.user_id) == (1, 1)
