"""What every BatchStore does: each file is worked on by one, and ends once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from smtui.domain.account import UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import (
    LONGEST_LEASE_SECONDS,
    MAX_ATTEMPTS,
    MAX_BATCH_FILES,
    BatchId,
    Failure,
    FileResult,
    RunId,
    State,
    Unseen,
)
from smtui.domain.errors import ErrorCode
from smtui.domain.ports.batches import BatchStore
from smtui.domain.sample import FileId
from tests.contracts.clocked_batches import CLOCKED, Hand
from tests.contracts.document_stores import ANNA, BERT, NOW
from tests.contracts.one_run import RUN, batch, claim, progress


async def test_a_batch_comes_back_as_it_was_made(batches: BatchStore) -> None:
    made = batch("b", "a", user_id=None)
    await batches.create([made])
    pending = dict.fromkeys(made.file_ids, FileResult())
    assert await batches.get(made.batch_id) == replace(made, results=pending)
    assert await batches.get(BatchId("gone")) is None
    assert await batches.progress(RunId("gone")) is None


async def test_the_batches_of_a_run_are_known_in_their_order(batches: BatchStore) -> None:
    first, second, other = batch("b"), batch("a"), batch("c", run_id=RunId("other"))
    await batches.create([first, other, second])
    assert await batches.batches_of(RUN) == (first.batch_id, second.batch_id)
    assert await batches.batches_of(RunId("gone")) == ()


async def test_too_many_files_or_one_twice_make_no_batch(batches: BatchStore) -> None:
    with pytest.raises(ValueError, match="at most"):
        await batches.create([batch("a"), batch(*map(str, range(MAX_BATCH_FILES + 1)))])
    with pytest.raises(ValueError, match="each once"):
        await batches.create([batch("a", "a")])
    assert await batches.progress(RUN) is None


async def test_a_batch_of_no_files_has_ended(batches: BatchStore) -> None:
    empty = batch()
    await batches.create([empty])
    kept = await batches.get(empty.batch_id)
    assert kept is not None
    assert kept.status is State.COMPLETED
    assert (await progress(batches)).status is State.COMPLETED
    assert await batches.claimable() == ()


async def test_claims_go_through_the_batches_of_a_run(batches: BatchStore) -> None:
    first, second = batch("a", "b"), batch("c")
    await batches.create([first, second])
    await batches.create([batch("other", run_id=RunId("other"))])
    one = await claim(batches, 2)
    two = await claim(batches, 2)
    assert [claimed.file_id for claimed in one] == ["a", "b"]
    assert [claimed.file_id for claimed in two] == ["c"]
    assert await claim(batches) == ()
    assert [(c.batch_id, c.run_id, c.user_id, c.level, c.attempt, c.worker) for c in two] == [
        (second.batch_id, RUN, ANNA, Level.ADVANCED, 1, "w")
    ]
    assert len({claimed.analysis_id for claimed in one + two}) == 3
    kept = await batches.get(second.batch_id)
    assert kept is not None
    result = kept.results[FileId("c")]
    assert (kept.status, result.status, result.attempt, result.worker) == (
        State.PROCESSING,
        State.PROCESSING,
        1,
        "w",
    )
    assert result.analysis_id == two[0].analysis_id
    assert result.lease_until is not None
    assert kept.started_at is not None


async def test_a_run_counts_what_became_of_its_files(batches: BatchStore) -> None:
    await batches.create([batch("a", "b"), batch("c", "d")])
    assert (await progress(batches)).status is State.PENDING
    a, b, c, d = await claim(batches)
    seen = await progress(batches)
    assert (seen.total, seen.processing, seen.ended_files, seen.status) == (
        4,
        4,
        0,
        State.PROCESSING,
    )
    assert await batches.complete(a, a.analysis_id)
    assert await batches.fail(b, code=ErrorCode.UNREADABLE, error="It ends in the middle")
    assert await batches.complete(c, AnalysisId("borrowed"))
    seen = await progress(batches)
    assert (seen.completed, seen.failed, seen.processing) == (2, 1, 1)
    assert seen.finished_at is None
    assert await batches.fail(d, code=ErrorCode.EMPTY, error="Nothing \ud800 in it")
    seen = await progress(batches)
    assert (seen.completed, seen.failed, seen.processing) == (2, 2, 0)
    assert seen.status is State.COMPLETED
    assert seen.finished_at is not None
    assert await batches.failures(RUN, limit=9) == (
        Failure(
            file_id=b.file_id, code=ErrorCode.UNREADABLE, error="It ends in the middle", attempt=1
        ),
        Failure(file_id=d.file_id, code=ErrorCode.EMPTY, error="Nothing \\ud800 in it", attempt=1),
    )
    assert len(await batches.failures(RUN, limit=1)) == 1
    kept = await batches.get(c.batch_id)
    assert kept is not None
    assert kept.results[c.file_id].analysis_id == "borrowed"
    assert kept.status is State.COMPLETED


async def test_a_batch_in_which_none_succeeded_has_failed(batches: BatchStore) -> None:
    made = batch("a")
    await batches.create([made])
    (a,) = await claim(batches)
    await batches.fail(a, code=ErrorCode.EMPTY, error="Nothing in it")
    kept = await batches.get(made.batch_id)
    assert kept is not None
    assert kept.status is State.FAILED
    assert (await progress(batches)).status is State.FAILED


async def test_a_result_counts_once_however_often_it_is_sent(batches: BatchStore) -> None:
    await batches.create([batch("a", "b")])
    a, _ = await claim(batches)
    sent = await asyncio.gather(*(batches.complete(a, a.analysis_id) for _ in range(5)))
    assert sorted(sent) == [False, False, False, False, True]
    assert not await batches.fail(a, code=ErrorCode.TIMED_OUT, error="Too late")
    assert not await batches.hand_back(a)
    assert not await batches.renew(a, lease_seconds=60)
    assert (await progress(batches)).completed == 1


async def test_an_expired_lease_is_found_again_and_the_former_holder_is_not_heard(
    batches: BatchStore,
) -> None:
    await batches.create([batch("a")])
    (lost,) = await claim(batches, worker="first", lease=0)
    assert await batches.claimable() == (RUN,)
    (again,) = await claim(batches, worker="second")
    assert (again.attempt, again.analysis_id) == (2, lost.analysis_id)
    assert not await batches.complete(lost, lost.analysis_id)
    assert not await batches.renew(lost, lease_seconds=60)
    assert not await batches.hand_back(lost)
    assert (await progress(batches)).processing == 1
    assert await batches.complete(again, again.analysis_id)
    assert (await progress(batches)).completed == 1


async def test_a_renewed_lease_is_not_taken(batches: BatchStore) -> None:
    await batches.create([batch("a")])
    (held,) = await claim(batches, lease=0)
    assert await batches.renew(held, lease_seconds=60)
    assert await batches.claimable() == ()
    assert await claim(batches) == ()


async def test_a_lease_renewed_for_less_time_ends_earlier(batches: BatchStore) -> None:
    await batches.create([batch("a")])
    (held,) = await claim(batches, lease=60)
    assert await batches.renew(held, lease_seconds=0)
    assert await batches.claimable() == (RUN,)
    assert [one.attempt for one in await claim(batches)] == [2]


@pytest.mark.parametrize("found_by", ["claim", "claimable"])
async def test_a_file_that_always_crashes_fails_at_last(batches: BatchStore, found_by: str) -> None:
    await batches.create([batch("a")])
    for _ in range(MAX_ATTEMPTS):
        assert len(await claim(batches, lease=0)) == 1
    if found_by == "claim":
        assert await claim(batches) == ()
    else:
        assert await batches.claimable() == ()
    (failure,) = await batches.failures(RUN, limit=9)
    assert (failure.code, failure.attempt) == ("internal", MAX_ATTEMPTS)
    assert failure.error
    seen = await progress(batches)
    assert (seen.failed, seen.processing, seen.status) == (1, 0, State.FAILED)


async def test_a_claim_given_back_does_not_count(batches: BatchStore) -> None:
    await batches.create([batch("a")])
    for _ in range(MAX_ATTEMPTS + 2):
        (held,) = await claim(batches)
        assert await batches.hand_back(held)
    (held,) = await claim(batches)
    assert held.attempt == 1
    assert (await progress(batches)).processing == 1


async def test_a_cancel_stops_what_has_not_begun_and_keeps_what_runs(batches: BatchStore) -> None:
    await batches.create([batch("a", "b", "c"), batch("d")])
    a, b = await claim(batches, 2)
    assert await batches.request_cancel(RUN) == 2
    assert await batches.request_cancel(RUN) == 0
    assert await claim(batches) == ()
    assert await batches.claimable() == ()
    seen = await progress(batches)
    assert seen.cancel_requested_at is not None
    assert (seen.cancelled, seen.processing, seen.finished_at) == (2, 2, None)
    assert await batches.complete(a, a.analysis_id)
    assert await batches.hand_back(b)
    seen = await progress(batches)
    assert (seen.completed, seen.cancelled, seen.processing) == (1, 3, 0)
    assert seen.status is State.CANCELLED
    kept = await batches.get(a.batch_id)
    assert kept is not None
    assert [result.status for result in kept.results.values()] == [
        State.COMPLETED,
        State.CANCELLED,
        State.CANCELLED,
    ]
    assert kept.status is State.CANCELLED


async def test_a_cancelled_run_whose_worker_died_ends(batches: BatchStore) -> None:
    await batches.create([batch("a")])
    await claim(batches, lease=0)
    assert await batches.request_cancel(RUN) == 0
    assert await batches.claimable() == ()
    seen = await progress(batches)
    assert (seen.cancelled, seen.processing, seen.status) == (1, 0, State.CANCELLED)


async def test_a_cancel_after_the_end_changes_nothing(batches: BatchStore) -> None:
    await batches.create([batch("a")])
    (a,) = await claim(batches)
    await batches.complete(a, a.analysis_id)
    before = await progress(batches)
    assert await batches.request_cancel(RUN) == 0
    assert await progress(batches) == before


async def test_what_a_run_will_still_hear_is_waited_for(batches: BatchStore) -> None:
    await batches.create([batch("a", "b", "c"), batch("d", level=Level.BASIC)])
    first, *_rest = await claim(batches, limit=1)
    await batches.complete(first, first.analysis_id)
    left = {"a", "b", "c"} - {first.file_id}
    assert await batches.waiting(level=Level.ADVANCED) == left
    assert await batches.waiting(level=Level.BASIC) == {*left, "d"}
    await batches.request_cancel(RUN)
    assert await batches.waiting(level=Level.BASIC) == frozenset()


async def test_runs_are_a_persons_own_newest_first(batches: BatchStore) -> None:
    async def run(name: str, owner: UserId | None, hours: int) -> None:
        at = NOW + timedelta(hours=hours)
        await batches.create(
            [batch(f"{n}", run_id=RunId(name), user_id=owner, created_at=at) for n in range(2)]
        )

    await run("old", ANNA, 0)
    await run("new", ANNA, 2)
    await run("middle", ANNA, 1)
    await run("theirs", BERT, 3)
    seen = await batches.runs(user_id=ANNA, limit=2)
    assert [(one.run_id, one.total) for one in seen] == [("new", 2), ("middle", 2)]
    assert [one.run_id for one in await batches.runs(user_id=BERT, limit=9)] == ["theirs"]
    assert await batches.claimable() == ("old", "new", "middle", "theirs")


async def test_many_who_claim_at_once_share_without_a_double(batches: BatchStore) -> None:
    await batches.create([batch(*map(str, range(100)))])
    shares = await asyncio.gather(*(claim(batches, 7, worker=f"w{n}") for n in range(20)))
    taken = [claimed.file_id for share in shares for claimed in share]
    assert sorted(taken, key=int) == [str(number) for number in range(100)]


async def test_what_a_machine_does_not_have_is_left_to_others(batches: BatchStore) -> None:
    await batches.create([batch("a", "b")])
    a, b = await claim(batches, machine="desk.local")
    unseen = Unseen(machine="desk.local", error="/mnt/samples is not on desk.local")
    assert await batches.hand_back(a, unseen=unseen)
    assert await batches.hand_back(b)
    kept = await batches.get(a.batch_id)
    assert kept is not None
    result = kept.results[a.file_id]
    assert (result.status, result.attempt, result.unseen_on) == (State.PENDING, 0, ("desk.local",))
    assert (result.code, result.error) == ("unseen", "/mnt/samples is not on desk.local")
    assert [one.file_id for one in await claim(batches, machine="desk.local")] == ["b"]
    assert await claim(batches, machine="desk.local") == ()
    assert await batches.claimable(machine="desk.local") == ()
    assert await batches.claimable(machine="attic") == (RUN,)
    (again,) = await claim(batches, machine="attic")
    assert (again.file_id, again.attempt, again.analysis_id) == ("a", 1, a.analysis_id)
    assert await batches.complete(again, again.analysis_id)
    kept = await batches.get(a.batch_id)
    assert kept is not None
    result = kept.results[a.file_id]
    assert (result.code, result.error, result.unseen_on) == (None, None, ())


async def test_a_lease_that_ends_elsewhere_is_no_work_for_a_machine_without_the_file(
    batches: BatchStore,
) -> None:
    await batches.create([batch("a")])
    (a,) = await claim(batches, machine="desk")
    await batches.hand_back(a, unseen=Unseen(machine="desk", error="Not here"))
    await claim(batches, machine="attic", lease=0)
    assert await batches.claimable(machine="desk") == ()
    assert await claim(batches, machine="desk") == ()
    assert await batches.claimable() == (RUN,)


async def test_what_no_live_machine_has_fails_with_the_sentence_it_was_given(
    batches: BatchStore,
) -> None:
    await batches.create([batch("a", "b"), batch("c")])
    for machine in ("desk.local", "attic"):
        for claimed in await claim(batches, machine=machine):
            if (claimed.file_id, machine) != ("b", "attic"):
                unseen = Unseen(machine=machine, error=f"No /mnt on {machine}")
                await batches.hand_back(claimed, unseen=unseen)
            else:
                await batches.hand_back(claimed)
    assert await batches.vanish(frozenset()) == 0
    assert await batches.vanish(frozenset({"desk.local", "attic", "cellar"})) == 0
    assert await batches.vanish(frozenset({"desk.local", "attic"})) == 2
    assert await batches.vanish(frozenset({"desk.local", "attic"})) == 0
    assert await batches.failures(RUN, limit=9) == (
        Failure(file_id=FileId("a"), code="vanished", error="No /mnt on attic", attempt=0),
        Failure(file_id=FileId("c"), code="vanished", error="No /mnt on attic", attempt=0),
    )
    seen = await progress(batches)
    assert (seen.failed, seen.processing, seen.finished_at) == (2, 0, None)
    assert await batches.vanish(frozenset({"desk.local"})) == 1
    seen = await progress(batches)
    assert (seen.failed, seen.status) == (3, State.FAILED)
    assert seen.finished_at is not None


async def test_a_run_that_may_still_wait_loses_nothing_while_another_vanishes(
    batches: BatchStore,
) -> None:
    late = RunId("late")
    await batches.create([batch("a"), batch("b", run_id=late)])
    for run_id in (RUN, late):
        (one,) = await batches.claim(
            run_id, worker="w", limit=9, lease_seconds=60, machine="desk.local"
        )
        await batches.hand_back(one, unseen=Unseen(machine="desk.local", error="Not here"))
    desk = frozenset({"desk.local"})
    assert await batches.vanish(desk, runs=()) == 0
    assert await batches.vanish(desk, runs={RUN}) == 1
    assert await batches.claimable() == (late,)
    assert await batches.vanish(desk) == 1


async def test_which_machines_lack_what_a_run_waits_for_is_known(batches: BatchStore) -> None:
    await batches.create([batch("a", "b"), batch("c"), batch("d", run_id=RunId("other"))])
    names = ("desk.local", "50%$")
    for machine in names:
        for claimed in await claim(batches, machine=machine):
            if (claimed.file_id, machine) != ("b", "50%$"):
                await batches.hand_back(claimed, unseen=Unseen(machine=machine, error="Not here"))
    assert await batches.unseen([RUN, RunId("other"), RunId("gone")]) == {
        # What somebody works on does not wait.
        RUN: {"desk.local": 2, "50%$": 2}
    }
    await batches.vanish(frozenset(names))
    assert await batches.unseen([RUN]) == {}


async def test_what_somebody_works_on_does_not_vanish(batches: BatchStore) -> None:
    await batches.create([batch("a")])
    (a,) = await claim(batches, machine="desk")
    await batches.hand_back(a, unseen=Unseen(machine="desk", error="Not here"))
    (held,) = await claim(batches, machine="attic")
    assert await batches.vanish(frozenset({"desk"})) == 0
    assert await batches.complete(held, held.analysis_id)
    assert (await progress(batches)).completed == 1


async def test_a_file_that_crashes_where_it_is_seen_has_crashed(batches: BatchStore) -> None:
    await batches.create([batch("a")])
    (a,) = await claim(batches, machine="desk")
    await batches.hand_back(a, unseen=Unseen(machine="desk", error="Not here"))
    for _ in range(MAX_ATTEMPTS):
        assert len(await claim(batches, machine="attic", lease=0)) == 1
    assert await batches.claimable() == ()
    (failure,) = await batches.failures(RUN, limit=9)
    assert failure.code == "internal"
    assert "Not here" not in failure.error


async def test_a_name_of_a_machine_may_hold_anything(batches: BatchStore) -> None:
    await batches.create([batch("a")])
    names = ("studio.local", "$HOME", "50%", "a%2Eb", "\udcff", "日本")
    for name in names:
        (a,) = await claim(batches, machine=name)
        assert await batches.hand_back(a, unseen=Unseen(machine=name, error="Not here"))
        assert await claim(batches, machine=name) == ()
        assert await batches.claimable(machine=name) == ()
    assert await batches.vanish(frozenset(names)) == 1


async def test_many_at_once_hear_every_file_once(batches: BatchStore) -> None:
    await batches.create([batch(*map(str, range(90))), batch(*map(str, range(100, 190)))])

    async def work(worker: str, number: int) -> list[FileId]:
        heard = []
        left: set[FileId] = set()
        while taken := await claim(batches, 7, worker=worker):
            for place, claimed in enumerate(taken):
                if (place + number) % 5 == 0 and claimed.file_id not in left and number % 2:
                    left.add(claimed.file_id)
                    await batches.hand_back(claimed)
                elif await batches.complete(claimed, claimed.analysis_id):
                    heard.append(claimed.file_id)
        return heard

    shares = await asyncio.gather(*(work(f"w{number}", number) for number in range(8)))
    # A file may be handed back just after all others have stopped looking.
    shares.append(await work("last", 0))
    heard = [file_id for share in shares for file_id in share]
    assert sorted(heard, key=int) == [str(n) for n in (*range(90), *range(100, 190))]
    seen = await progress(batches)
    assert (seen.completed, seen.processing, seen.status) == (180, 0, State.COMPLETED)


async def test_a_cancel_in_the_midst_of_work_leaves_nothing_uncounted(batches: BatchStore) -> None:
    await batches.create([batch(*map(str, range(60))) for _ in range(2)])

    async def work(worker: str) -> None:
        while taken := await claim(batches, 5, worker=worker):
            for claimed in taken:
                if int(claimed.file_id) % 3:
                    await batches.complete(claimed, claimed.analysis_id)
                else:
                    await batches.hand_back(claimed)

    async def cancel() -> int:
        while (await progress(batches)).completed < 10:
            pass
        return await batches.request_cancel(RUN)

    cancelled, _ = await asyncio.gather(
        cancel(), asyncio.gather(*(work(f"w{number}") for number in range(6)))
    )
    seen = await progress(batches)
    assert seen.completed + seen.cancelled == seen.total == 120
    assert (seen.processing, seen.failed, seen.status) == (0, 0, State.CANCELLED)
    assert 0 < cancelled <= seen.cancelled
    for run in await batches.runs(user_id=ANNA, limit=1):
        assert run == seen


@pytest.mark.parametrize("store", CLOCKED)
async def test_what_a_dead_worker_held_is_found_though_the_clock_was_set_back(
    tmp_path: Path, store: str
) -> None:
    clock = Hand(NOW)
    async with CLOCKED[store](tmp_path, clock) as batches:
        await batches.create([batch("a", "b")])
        await claim(batches, lease=30)
        clock.move(-3_600)
        assert await batches.claimable() == (), "its worker may live, and renews what it holds"
        clock.move(LONGEST_LEASE_SECONDS)
        assert await batches.claimable() == (RUN,)
        assert [(one.file_id, one.attempt) for one in await claim(batches)] == [("a", 2), ("b", 2)]


@pytest.mark.parametrize("store", CLOCKED)
async def test_who_lives_keeps_what_it_hears_though_the_clock_was_set_back(
    tmp_path: Path, store: str
) -> None:
    clock = Hand(NOW)
    async with CLOCKED[store](tmp_path, clock) as batches:
        await batches.create([batch("a")])
        (held,) = await claim(batches, lease=30)
        clock.move(-3_600)
        for _ in range(20):
            assert await batches.renew(held, lease_seconds=30)
            clock.move(20)
            assert await batches.claimable() == ()
            assert await claim(batches, worker="other") == ()
        assert await batches.complete(held, held.analysis_id)
        assert (await progress(batches)).completed == 1


@pytest.mark.parametrize("store", CLOCKED)
async def test_no_lease_is_longer_than_the_longest(tmp_path: Path, store: str) -> None:
    clock = Hand(NOW)
    async with CLOCKED[store](tmp_path, clock) as batches:
        await batches.create([batch("a")])
        (held,) = await claim(batches, lease=10 * LONGEST_LEASE_SECONDS)
        assert await batches.renew(held, lease_seconds=10 * LONGEST_LEASE_SECONDS)
        clock.move(LONGEST_LEASE_SECONDS)
        assert await batches.claimable() == (RUN,)


async def test_what_shall_be_heard_anew_is_not_done_in_vain_by_a_worker_of_an_older_recipe(
    batches: BatchStore,
) -> None:
    newer, any_recipe = batch("a", "b", recipe_version=3), batch("c")
    await batches.create([newer, any_recipe])
    kept = await batches.get(newer.batch_id)
    assert kept is not None
    assert kept.recipe_version == 3
    assert [one.file_id for one in await claim(batches, recipe=2)] == ["c"]
    assert await batches.claimable(recipe_version=2) == ()
    assert await batches.claimable(recipe_version=3) == (RUN,)
    assert await batches.claimable() == (RUN,), "somebody has work to do, if not this worker"
    assert [one.file_id for one in await claim(batches, 1, recipe=3)] == ["a"]
    assert [one.file_id for one in await claim(batches, recipe=4)] == ["b"]


async def test_what_a_dead_worker_of_the_newer_recipe_held_is_no_work_for_an_older_one(
    batches: BatchStore,
) -> None:
    await batches.create([batch("a", "b", recipe_version=3)])
    await claim(batches, 1, lease=0, recipe=3)
    assert await claim(batches, recipe=2) == ()
    assert await batches.claimable(recipe_version=2) == ()
    (a, b) = await claim(batches, recipe=3)
    assert (a.attempt, b.attempt) == (2, 1)


async def test_what_was_tried_once_more_still_wants_the_newer_recipe(batches: BatchStore) -> None:
    await batches.create([batch("a", recipe_version=3)])
    (a,) = await claim(batches, recipe=3)
    await batches.fail(a, code=ErrorCode.UNREADABLE, error="It ends early")
    assert await batches.retry_failed(RUN) == 1
    assert await claim(batches, recipe=2) == ()
    assert len(await claim(batches, recipe=3)) == 1
