"""What every BatchStore does for who looks at runs and changes their mind."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from smtui.domain.analysis import Level
from smtui.domain.batch import RunId, RunProgress, State, Unseen
from smtui.domain.errors import ErrorCode
from smtui.domain.ports.batches import BatchStore
from smtui.domain.sample import FileId
from tests.contracts.clocked_batches import CLOCKED, Hand
from tests.contracts.document_stores import (
    ANNA,
    BERT,
    NOW,
    DocumentStores,
    found,
    heard,
)
from tests.contracts.one_run import RUN, batch, claim, progress


def counts(run: RunProgress) -> tuple[int, int, int, int]:
    return (run.completed, run.failed, run.cancelled, run.processing)


async def test_a_cancelled_run_goes_on_with_what_nobody_began(batches: BatchStore) -> None:
    await batches.create([batch("a", "b", "c"), batch("d", "e")])
    (a,) = await claim(batches, 1)
    await batches.complete(a, a.analysis_id)
    assert await batches.request_cancel(RUN) == 4
    assert (await progress(batches)).status is State.CANCELLED
    assert await batches.resume(RUN) == 4
    assert await batches.resume(RUN) == 0
    again = await progress(batches)
    assert (again.status, again.cancel_requested_at, again.finished_at) == (
        State.PROCESSING,
        None,
        None,
    )
    assert counts(again) == (1, 0, 0, 0)
    assert await batches.claimable() == (RUN,)
    rest = await claim(batches)
    assert [(one.file_id, one.attempt) for one in rest] == [(one, 1) for one in "bcde"]
    for one in rest:
        assert await batches.complete(one, one.analysis_id)
    assert counts(await progress(batches)) == (5, 0, 0, 0)
    assert (await progress(batches)).status is State.COMPLETED
    assert await batches.resume(RUN) == 0
    assert (await progress(batches)).status is State.COMPLETED


async def test_a_run_never_begun_is_cancelled_and_resumed_again_and_again(
    batches: BatchStore,
) -> None:
    await batches.create([batch("a", "b")])
    for _ in range(3):
        assert await batches.request_cancel(RUN) == 2
        assert await batches.request_cancel(RUN) == 0
        assert await batches.resume(RUN) == 2
    assert (await progress(batches)).status is State.PENDING
    assert len(await claim(batches)) == 2


async def test_resuming_a_run_that_stops_takes_the_cancel_back(batches: BatchStore) -> None:
    await batches.create([batch("a", "b")])
    (a,) = await claim(batches, 1)
    await batches.request_cancel(RUN)
    assert await batches.resume(RUN) == 1
    assert await batches.hand_back(a)
    assert counts(await progress(batches)) == (0, 0, 0, 0)
    assert len(await claim(batches)) == 2


async def test_what_was_not_there_is_resumed_and_what_is_damaged_is_not(
    batches: BatchStore,
) -> None:
    await batches.create([batch("a", "b", "c")])
    a, b, c = await claim(batches)
    await batches.fail(a, code=ErrorCode.VANISHED, error="The drive is away")
    await batches.fail(b, code=ErrorCode.UNREADABLE, error="It ends early")
    await batches.hand_back(c, unseen=Unseen(machine="desk", error="Not on desk"))
    await batches.vanish(frozenset({"desk"}))
    assert counts(await progress(batches)) == (0, 3, 0, 0)
    assert await batches.resume(RUN) == 2
    assert [one.code for one in await batches.failures(RUN, limit=9)] == ["unreadable"]
    claims = await batches.claim(RUN, worker="w", limit=9, lease_seconds=60, machine="desk")
    assert [one.file_id for one in claims] == ["a", "c"]


async def test_only_what_failed_is_tried_once_more(batches: BatchStore) -> None:
    await batches.create([batch("a", "b", "c"), batch("d"), batch("e")])
    a, b = await claim(batches, 2)
    await batches.fail(a, code=ErrorCode.UNREADABLE, error="It ends early")
    await batches.complete(b, b.analysis_id)
    await batches.request_cancel(RUN)
    assert await batches.retry_failed(RUN) == 1
    assert await batches.retry_failed(RUN) == 0
    again = await progress(batches)
    assert counts(again) == (1, 0, 3, 0)
    assert (again.cancel_requested_at, again.status) == (None, State.PROCESSING)
    assert await batches.waiting(level=Level.ADVANCED) == {"a"}
    (a,) = await claim(batches)
    assert (a.file_id, a.attempt) == ("a", 1)
    assert await batches.complete(a, a.analysis_id)
    assert counts(await progress(batches)) == (2, 0, 3, 0)
    assert (await progress(batches)).status is State.CANCELLED
    assert await batches.resume(RUN) == 3
    assert [one.file_id for one in await claim(batches)] == ["c", "d", "e"]


async def test_who_held_a_file_before_it_was_opened_again_changes_nothing(
    batches: BatchStore,
) -> None:
    await batches.create([batch("a")])
    (before,) = await claim(batches)
    await batches.fail(before, code=ErrorCode.UNREADABLE, error="It ends early")
    await batches.retry_failed(RUN)
    (now,) = await claim(batches)
    assert (before.worker, before.attempt) == (now.worker, now.attempt)
    assert not await batches.complete(before, before.analysis_id)
    assert not await batches.fail(before, code=ErrorCode.UNREADABLE, error="It ends early")
    assert not await batches.renew(before, lease_seconds=60)
    assert not await batches.hand_back(before)
    assert await batches.complete(now, now.analysis_id)
    assert counts(await progress(batches)) == (1, 0, 0, 0)


async def test_two_who_cancel_and_resume_at_once_leave_every_file_counted(
    batches: BatchStore,
) -> None:
    await batches.create([batch(*(f"{n}.{k}" for k in range(20))) for n in range(3)])

    async def work(worker: str) -> None:
        for _ in range(12):
            for place, one in enumerate(await claim(batches, 3, worker=worker)):
                if place:
                    await batches.complete(one, one.analysis_id)
                else:
                    await batches.fail(one, code=ErrorCode.UNREADABLE, error="It ends early")

    async def change(steps: int) -> None:
        ways = (batches.request_cancel, batches.resume, batches.retry_failed)
        for step in range(steps):
            await ways[step % 3](RUN)

    await asyncio.gather(work("one"), work("two"), change(9), change(7))
    await batches.resume(RUN)
    while claims := await claim(batches):
        for one in claims:
            await batches.complete(one, one.analysis_id)
    end = await progress(batches)
    assert end.completed + end.failed == end.total == 60
    assert (end.cancelled, end.processing) == (0, 0)
    assert end.finished_at is not None
    assert len(await batches.failures(RUN, limit=99)) == end.failed
    assert len(await batches.completed_files(RUN, limit=99)) == end.completed


async def test_only_an_ended_run_is_forgotten(batches: BatchStore) -> None:
    other = batch("x", run_id=RunId("other"))
    first = batch("a")
    await batches.create([first, batch("b"), other])
    assert not await batches.forget(RUN)
    (a,) = await claim(batches, 1)
    await batches.complete(a, a.analysis_id)
    assert not await batches.forget(RUN)
    await batches.request_cancel(RUN)
    assert await batches.forget(RUN)
    assert not await batches.forget(RUN)
    assert await batches.progress(RUN) is None
    assert await batches.get(first.batch_id) is None
    assert [run.run_id for run in await batches.runs(user_id=ANNA, limit=9)] == ["other"]
    assert not await batches.complete(a, a.analysis_id)


async def test_everybodys_runs_are_listed_newest_first(batches: BatchStore) -> None:
    owners = (ANNA, None, BERT)
    for hours, owner in enumerate(owners):
        at = NOW + timedelta(hours=hours)
        await batches.create(
            [batch("a", run_id=RunId(str(hours)), user_id=owner, created_at=at, updated_at=at)]
        )
    seen = await batches.everyones_runs(limit=9)
    assert [(run.run_id, run.user_id) for run in seen] == [("2", BERT), ("1", None), ("0", ANNA)]
    assert len(await batches.everyones_runs(limit=2)) == 2


async def test_it_is_told_who_works_on_what_and_since_when(batches: BatchStore) -> None:
    await batches.create([batch("a", "b"), batch("c", "d")])
    await batches.create([batch("x", run_id=RunId("other"))])
    assert await batches.held([RUN]) == ()
    first = await claim(batches, 2, worker="desk:1")
    await claim(batches, 1, worker="desk:2")
    held = await batches.held([RUN, RunId("other")])
    assert [(one.file_id, one.worker, one.attempt, one.besides) for one in held] == [
        ("a", "desk:1", 1, 1),
        ("c", "desk:2", 1, 0),
    ]
    for one in held:
        assert one.claimed_at is not None
        assert one.lease_until is not None
        assert one.lease_until - one.claimed_at == timedelta(seconds=60)
    await batches.complete(first[0], first[0].analysis_id)
    await batches.hand_back(first[1])
    assert [one.file_id for one in await batches.held([RUN])] == ["c"]
    assert await batches.held([]) == ()


async def test_it_is_told_where_a_run_begins_and_ends_and_what_was_heard(
    batches: BatchStore,
) -> None:
    await batches.create([batch("a", "b"), batch("c", "d"), batch()])
    await batches.create([batch(run_id=RunId("empty"))])
    await batches.create([batch("x", run_id=RunId("single"))])
    some = await batches.some([RUN, RunId("empty"), RunId("single"), RunId("gone")])
    assert some == {RUN: ("a", "b", "c", "d"), RunId("single"): ("x",)}
    for place, one in enumerate(await claim(batches)):
        if place != 1:
            await batches.complete(one, one.analysis_id, heard_ms=1500)
    assert await batches.completed_files(RUN, limit=9) == ("a", "c", "d")
    assert await batches.completed_files(RUN, limit=2) == ("a", "c")
    assert (await progress(batches)).heard_ms == 4500


async def test_what_an_older_recipe_heard_is_counted_for_who_sees_it(
    documents: DocumentStores,
) -> None:
    samples = documents.samples
    paths = ("/a/old.wav", "/a/older.wav", "/a/new.wav", "/a/never.wav", "/a/other.wav")
    old, older, new, never, other = await samples.add_found(
        [found(path) for path in paths], user_id=ANNA, at=NOW
    )
    (shared,) = await samples.add_found([found("/s/shared.wav")], user_id=None, at=NOW)
    (berts,) = await samples.add_found([found("/b/berts.wav")], user_id=BERT, at=NOW)
    facts: dict[FileId, tuple[str, dict[str, Any]]] = {
        old: ("/a/old.wav", {"recipe_version": 2}),
        older: ("/a/older.wav", {"recipe_version": 1, "level": "basic"}),
        new: ("/a/new.wav", {"recipe_version": 3}),
        other: ("/a/other.wav", {"recipe_version": 0}),
        shared: ("/s/shared.wav", {"recipe_version": 2}),
        berts: ("/b/berts.wav", {"recipe_version": 2}),
    }
    for file_id, (path, what) in facts.items():
        assert await samples.set_heard(file_id, heard(**what), file_hash=f"hash of {path}")

    async def outdated(recipe_version: int) -> dict[Level, set[FileId]]:
        by_level = await samples.outdated(user_id=ANNA, recipe_version=recipe_version)
        count = await samples.count_outdated(user_id=ANNA, recipe_version=recipe_version)
        assert count == sum(map(len, by_level.values()))
        return {level: set(ids) for level, ids in by_level.items()}

    assert await outdated(1) == {}
    assert await outdated(3) == {Level.ADVANCED: {old, shared}, Level.BASIC: {older}}
    await samples.set_missing([old], NOW)
    await samples.set_heard(shared, heard(recipe_version=3), file_hash="hash of /s/shared.wav")
    assert await outdated(3) == {Level.BASIC: {older}}
    assert never not in {one for ids in (await outdated(9)).values() for one in ids}


async def _lasted(batches: BatchStore) -> float:
    run = await progress(batches)
    assert run.started_at is not None
    assert run.finished_at is not None
    return (run.finished_at - run.started_at).total_seconds()


@pytest.mark.parametrize("store", CLOCKED)
async def test_a_run_tried_once_more_lasts_as_long_as_it_was_worked_on(
    tmp_path: Path, store: str
) -> None:
    clock = Hand(NOW)
    async with CLOCKED[store](tmp_path, clock) as batches:
        whole, broken = batch("a"), batch("b", "c")
        await batches.create([whole, broken])
        for one in await claim(batches):
            clock.move(10)
            if one.file_id == "c":
                await batches.fail(one, code=ErrorCode.UNREADABLE, error="It ends early")
            else:
                await batches.complete(one, one.analysis_id)
        assert await _lasted(batches) == 30
        for tried in range(1, 3):
            clock.move(3_600)
            assert await batches.retry_failed(RUN) == 1
            assert await batches.retry_failed(RUN) == 0
            (again,) = await claim(batches)
            clock.move(5)
            await batches.fail(again, code=ErrorCode.UNREADABLE, error="It ends early")
            assert await _lasted(batches) == 30 + 5 * tried
        for made in (whole, broken):
            kept = await batches.get(made.batch_id)
            assert kept is not None
            assert kept.started_at is not None
            assert kept.finished_at is not None
            assert kept.started_at <= kept.finished_at


@pytest.mark.parametrize("store", CLOCKED)
async def test_a_cancelled_run_that_goes_on_does_not_count_the_night_between(
    tmp_path: Path, store: str
) -> None:
    clock = Hand(NOW)
    async with CLOCKED[store](tmp_path, clock) as batches:
        await batches.create([batch("a", "b"), batch("c")])
        (a,) = await claim(batches, 1)
        clock.move(10)
        await batches.request_cancel(RUN)
        await batches.complete(a, a.analysis_id)
        assert await _lasted(batches) == 10
        clock.move(36_000)
        assert await batches.resume(RUN) == 2
        for one in await claim(batches):
            clock.move(10)
            await batches.complete(one, one.analysis_id)
        assert await _lasted(batches) == 30


@pytest.mark.parametrize("store", CLOCKED)
async def test_what_is_tried_once_more_while_the_run_goes_on_moves_no_time(
    tmp_path: Path, store: str
) -> None:
    clock = Hand(NOW)
    async with CLOCKED[store](tmp_path, clock) as batches:
        await batches.create([batch("a"), batch("b")])
        (a,) = await claim(batches, 1)
        await batches.fail(a, code=ErrorCode.UNREADABLE, error="It ends early")
        clock.move(10)
        assert await batches.retry_failed(RUN) == 1
        assert (await progress(batches)).started_at == NOW
