"""Batches as documents: what they hold, what a look at them costs, what a broken line leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import Batch, BatchId, Claimed, RunId, State, Unseen
from smtui.domain.errors import ErrorCode
from smtui.domain.sample import FileId
from smtui.stores.mongo.batches import MongoBatches
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.indexes import BATCH_INDEXES
from smtui.stores.mongo.library import make_ready
from tests.contracts.document_stores import ANNA, NOW
from tests.stores.mongo.meddling import Document, Meddler

RUN = RunId("run")
DESK = Unseen(machine="desk.local", error="/mnt/samples is not on desk.local")


@pytest.fixture
async def batches(line: MongoLine) -> MongoBatches:
    await make_ready(line)
    return MongoBatches(line)


@pytest.fixture
def shaken(shaky: MongoLine) -> MongoBatches:
    """On a line that loses answers."""
    return MongoBatches(shaky)


def batch(*files: str, run_id: RunId = RUN, recipe_version: int | None = None) -> Batch:
    return Batch(
        batch_id=BatchId(str(uuid4())),
        run_id=run_id,
        user_id=ANNA,
        level=Level.ADVANCED,
        recipe_version=recipe_version,
        file_ids=tuple(FileId(file) for file in files),
        created_at=NOW,
        updated_at=NOW,
    )


async def claim(
    batches: MongoBatches, limit: int = 9, *, lease: float = 60.0, machine: str = ""
) -> tuple[Claimed, ...]:
    return await batches.claim(RUN, worker="w", limit=limit, lease_seconds=lease, machine=machine)


def timeless(batch: Batch) -> Batch:
    return replace(batch, finished_at=NOW, updated_at=NOW)


async def counts(batches: MongoBatches) -> tuple[int, int, int, int]:
    seen = await batches.progress(RUN)
    assert seen is not None
    return seen.processing, seen.completed, seen.failed, seen.cancelled


async def test_a_batch_is_written_in_the_words_of_the_system(
    batches: MongoBatches, raw: Any
) -> None:
    made = batch("a", "b", "c", "d")
    await batches.create([made])
    new = await raw.batch_jobs.find_one()
    assert new["results"] == {}
    a, b, c = await claim(batches, 3)
    await batches.complete(a, a.analysis_id)
    await batches.fail(b, code=ErrorCode.UNREADABLE, error="It ends in the middle")
    await batches.hand_back(c, unseen=DESK)
    (c,) = await claim(batches, 1)
    kept = await raw.batch_jobs.find_one()
    lease = kept["results"]["c"].pop("lease_until")
    assert kept["results"]["c"].pop("claimed_at") < lease
    assert kept["results"] == {
        "a": {"status": "completed", "analysis_id": a.analysis_id, "attempt": 1, "worker": "w"},
        "b": {
            "status": "failed",
            "analysis_id": b.analysis_id,
            "code": "unreadable",
            "error": "It ends in the middle",
            "attempt": 1,
            "worker": "w",
        },
        "c": {
            "status": "processing",
            "analysis_id": c.analysis_id,
            "code": "unseen",
            "error": DESK.error,
            "attempt": 1,
            "worker": "w",
            "unseen_on": ["desk.local"],
        },
    }
    assert lease > kept["updated_at"]
    theirs = ("batch_id", "user_id", "status", "total_files", "completed", "failed", "file_ids")
    assert {name: kept[name] for name in theirs} == {
        "batch_id": made.batch_id,
        "user_id": ANNA,
        "status": "processing",
        "total_files": 4,
        "completed": 1,
        "failed": 1,
        "file_ids": ["a", "b", "c", "d"],
    }
    assert (kept["run_id"], kept["level"], kept["processing"]) == (RUN, "advanced", 1)


async def test_leases_go_by_the_servers_clock(batches: MongoBatches, line: MongoLine) -> None:
    await batches.create([batch("a")])
    before = await line.now()
    (a,) = await claim(batches, lease=60)
    kept = await batches.get(a.batch_id)
    assert kept is not None
    lease = kept.results[a.file_id].lease_until
    assert lease is not None
    assert before + timedelta(seconds=60) <= lease <= await line.now() + timedelta(seconds=60)


async def test_nobody_reads_results_to_watch_to_sweep_or_to_claim_what_is_new(
    shaken: MongoBatches, meddler: Meddler
) -> None:
    await shaken.create([batch(*map(str, range(100))), batch(*map(str, range(100, 200)))])
    told: list[Document] = []

    def look(_: str, answer: Document) -> Document:
        told.append(answer)
        return answer

    meddler.change = look
    for _ in range(3):
        for claimed in await claim(shaken, 50):
            await shaken.complete(claimed, claimed.analysis_id)
        await shaken.progress(RUN)
        await shaken.runs(user_id=ANNA, limit=9)
        assert await shaken.claimable(machine="desk") == (RUN,)
    batches = [one for answer in told for one in _batches(answer)]
    assert len(batches) > 100
    assert not [one for one in batches if "results" in one]
    assert max(len(one.get("file_ids", ())) for one in batches) == 50


def _batches(answer: Document) -> list[Document]:
    found = answer.get("value") or answer.get("cursor", {}).get("firstBatch", [])
    return [found] if isinstance(found, dict) else found


@pytest.fixture
async def long_run(shaken: MongoBatches) -> MongoBatches:
    """One batch of 1,000 files to hear anew, of which two workers hear; some have ended."""
    files = [str(uuid4()) for _ in range(1_000)]
    await shaken.create([batch(*files, recipe_version=3)])
    for worker in ("desk:1", "desk:2"):
        for _ in range(4):
            for place, one in enumerate(await claimed_by(shaken, worker)):
                if place == 7:
                    await shaken.fail(one, code=ErrorCode.UNREADABLE, error="It ends early")
                else:
                    await shaken.complete(one, one.analysis_id)
        await claimed_by(shaken, worker)
    return shaken


async def claimed_by(batches: MongoBatches, worker: str) -> tuple[Claimed, ...]:
    return await batches.claim(
        RUN, worker=worker, limit=64, lease_seconds=60, machine="desk", recipe_version=3
    )


async def _progress(batches: MongoBatches) -> object:
    return await batches.progress(RUN)


async def _board(batches: MongoBatches) -> object:
    return await batches.runs(user_id=ANNA, limit=100), await batches.held([RUN])


async def _complete(batches: MongoBatches) -> object:
    (one,) = await batches.claim(
        RUN, worker="desk:3", limit=1, lease_seconds=60, machine="desk", recipe_version=3
    )
    return await batches.complete(one, one.analysis_id)


LOOKS: dict[str, Callable[[MongoBatches], Awaitable[object]]] = {
    "watching": _progress,
    "the runs and who works on what": _board,
    "what failed": lambda on: on.failures(RUN, limit=1_000),
    "sweeping": lambda on: on.claimable(machine="desk", recipe_version=3),
    "claiming": lambda on: claimed_by(on, "desk:3"),
    "hearing one": _complete,
}


@pytest.mark.parametrize("what", LOOKS)
async def test_a_look_at_a_run_of_a_thousand_fetches_four_kilobytes_at_most(
    long_run: MongoBatches, meddler: Meddler, what: str
) -> None:
    # The clock is read once a minute, and a second line may have to be made.
    await LOOKS["watching"](long_run)
    meddler.fetched = 0
    assert await LOOKS[what](long_run)
    assert 0 < meddler.fetched <= 4_096


async def test_who_holds_what_is_told_of_ids_that_no_field_may_be_called(
    batches: MongoBatches,
) -> None:
    await batches.create([batch("b.wav", "a.wav", "%2E", "c$d")])
    held = await claim(batches, 3)
    (first,) = await batches.held([RUN])
    assert (first.file_id, first.besides) == ("b.wav", 2)
    await batches.complete(held[1], held[1].analysis_id)
    await batches.complete(held[0], held[0].analysis_id)
    await batches.fail(held[2], code=ErrorCode.EMPTY, error="Nothing")
    assert await batches.completed_files(RUN, limit=9) == ("b.wav", "a.wav")
    assert await batches.completed_files(RUN, limit=1) == ("b.wav",)
    assert [one.file_id for one in await batches.failures(RUN, limit=9)] == ["%2E"]


async def test_a_claim_of_new_files_is_one_change_however_many_they_are(
    shaken: MongoBatches, meddler: Meddler
) -> None:
    await shaken.create([batch(*map(str, range(200)))])
    for expected in (64, 64, 64, 8):
        meddler.asked.clear()
        assert len(await claim(shaken, 64)) == expected
        assert meddler.asked.count("findAndModify") == 1
        assert meddler.asked.count("find") <= 4


Doing = Callable[[MongoBatches, Claimed], Awaitable[object]]

LOST: dict[str, tuple[Doing, object, tuple[int, int, int, int]]] = {
    "complete": (lambda on, a: on.complete(a, a.analysis_id), True, (0, 1, 0, 1)),
    "complete with another": (lambda on, a: on.complete(a, AnalysisId("b")), True, (0, 1, 0, 1)),
    "fail": (lambda on, a: on.fail(a, code=ErrorCode.EMPTY, error="Nothing"), True, (0, 0, 1, 1)),
    "renew": (lambda on, a: on.renew(a, lease_seconds=9), True, (1, 0, 0, 1)),
    "hand back": (lambda on, a: on.hand_back(a), True, (0, 0, 0, 2)),
    "hand back unseen": (lambda on, a: on.hand_back(a, unseen=DESK), True, (0, 0, 0, 2)),
    "cancel": (lambda on, a: on.request_cancel(RUN), 1, (1, 0, 0, 1)),
}


@pytest.mark.parametrize("what", LOST)
async def test_what_was_done_and_not_acknowledged_is_done_once(
    shaken: MongoBatches, meddler: Meddler, what: str
) -> None:
    doing, expected, after = LOST[what]
    await shaken.create([batch("a", "b")])
    (a,) = await claim(shaken, 1)
    meddler.lose_once("findAndModify")
    meddler.asked.clear()
    assert await doing(shaken, a) == expected
    assert meddler.asked.count("findAndModify") >= 2
    await shaken.request_cancel(RUN)
    assert await counts(shaken) == after


@pytest.mark.parametrize("again", [False, True])
async def test_a_claim_whose_answer_was_lost_finds_itself(
    shaken: MongoBatches, meddler: Meddler, again: bool
) -> None:
    await shaken.create([batch("a", "b", "c")])
    if again:
        assert len(await claim(shaken, 2, lease=0)) == 2
    meddler.lose_once("findAndModify")
    taken = await claim(shaken, 2)
    assert [(one.file_id, one.attempt) for one in taken] == [("a", 1 + again), ("b", 1 + again)]
    assert await counts(shaken) == (2, 0, 0, 0)
    assert [one.file_id for one in await claim(shaken)] == ["c"]
    for one in taken:
        assert await shaken.complete(one, one.analysis_id)


@pytest.mark.parametrize("lost", [False, True])
async def test_a_claim_that_somebody_else_won_is_not_taken_for_ones_own(
    shaken: MongoBatches, meddler: Meddler, mongo_url: str, lost: bool
) -> None:
    await shaken.create([batch("a", "b")])
    theirs = {
        "$set": {
            "status": "processing",
            "first_open": 1,
            "results.a": {"status": "processing", "attempt": 1, "worker": "w", "analysis_id": "x"},
        },
        "$inc": {"pending": -1, "processing": 1, "leases": 1},
    }
    finds, losses = [0], [lost]

    def race(asked: str, answer: Document) -> Document | None:
        if asked == "find":
            finds[0] += 1
            if finds[0] == 3:
                # Our claim has read the ids and not yet taken them.
                with MongoClient[Document](mongo_url) as other:
                    other.get_default_database().batch_jobs.update_one({}, theirs)
        if asked == "findAndModify" and losses[0]:
            losses[0] = False
            return None
        return answer

    meddler.change = race
    assert [one.file_id for one in await claim(shaken)] == ["b"]
    assert await counts(shaken) == (2, 0, 0, 0)
    assert not losses[0]


Work = Callable[[MongoBatches], Awaitable[object]]


def between(meddler: Meddler, commands: Sequence[str], url: str, work: Work) -> None:
    """Let somebody else work when these commands were done, before the last one's answer comes."""
    left = list(commands)

    async def theirs() -> None:
        line = MongoLine(url)
        await work(MongoBatches(line))
        await line.close()

    def change(asked: str, answer: Document) -> Document:
        if left and asked == left[0]:
            left.pop(0)
            if not left:
                # In a loop of its own, to its end: this one stands still meanwhile.
                with ThreadPoolExecutor(1) as other:
                    other.submit(asyncio.run, theirs()).result()
        return answer

    meddler.change = change


async def test_who_resumes_a_run_that_others_resumed_and_heard_counts_no_file_twice(
    shaken: MongoBatches, meddler: Meddler, mongo_url: str
) -> None:
    await shaken.create([batch("a", "b", "c")])
    await shaken.request_cancel(RUN)

    async def resume_and_hear(theirs: MongoBatches) -> None:
        assert await theirs.resume(RUN) == 3
        for one in await claim(theirs):
            await theirs.complete(one, one.analysis_id)

    # The counters, then the results from which ours decides what to open.
    between(meddler, ["update", "find", "find"], mongo_url, resume_and_hear)
    assert await shaken.resume(RUN) == 0
    assert await counts(shaken) == (0, 3, 0, 0)
    assert await claim(shaken) == ()


async def test_who_stops_a_run_that_another_resumes_at_that_moment_stops_nothing(
    shaken: MongoBatches, meddler: Meddler, mongo_url: str
) -> None:
    await shaken.create([batch("a", "b", "c")])
    for claimed in await claim(shaken, 2, machine=DESK.machine):
        await shaken.hand_back(claimed, unseen=DESK)
    # The cancel is written and the counters are read; then the results are.
    between(meddler, ["update", "find"], mongo_url, lambda theirs: theirs.resume(RUN))
    assert await shaken.request_cancel(RUN) == 0
    assert await counts(shaken) == (0, 0, 0, 0)
    assert len(await claim(shaken)) == 3


async def test_batches_whose_making_was_not_acknowledged_are_there_once(
    shaken: MongoBatches, meddler: Meddler
) -> None:
    made = [batch("a"), batch("b"), batch("c")]
    meddler.lose_once("insert")
    await shaken.create(made)
    assert [one.file_id for one in await claim(shaken)] == ["a", "b", "c"]


async def test_what_vanished_without_an_acknowledgement_is_counted_once(
    shaken: MongoBatches, meddler: Meddler
) -> None:
    await shaken.create([batch("a", "b")])
    for claimed in await claim(shaken, machine=DESK.machine):
        await shaken.hand_back(claimed, unseen=DESK)
    meddler.lose_once("findAndModify")
    assert await shaken.vanish(frozenset({DESK.machine})) == 2
    assert await counts(shaken) == (0, 0, 2, 0)


async def test_a_batch_whose_last_worker_died_before_it_said_so_ends_at_the_next_sweep(
    batches: MongoBatches, raw: Any
) -> None:
    made = batch("a")
    await batches.create([made])
    (a,) = await claim(batches)
    await batches.complete(a, a.analysis_id)
    ended = await batches.get(made.batch_id)
    await raw.batch_jobs.update_one(
        {}, {"$set": {"status": "processing"}, "$unset": {"finished_at": ""}}
    )
    assert await batches.claimable() == ()
    again = await batches.get(made.batch_id)
    assert ended is not None
    assert again is not None
    assert (again.status, again.finished_at is None) == (State.COMPLETED, False)
    assert timeless(again) == timeless(ended)


@pytest.mark.parametrize("handed_back", [False, True])
async def test_a_cancel_that_was_cut_short_is_carried_out_by_the_next_sweep(
    batches: MongoBatches, raw: Any, handed_back: bool
) -> None:
    await batches.create([batch("a", "b", "c")])
    if handed_back:
        for claimed in await claim(batches, 2, machine=DESK.machine):
            await batches.hand_back(claimed, unseen=DESK)
    await raw.batch_jobs.update_one({}, {"$set": {"cancel_requested_at": NOW}})
    assert await claim(batches) == ()
    assert await batches.claimable() == ()
    assert await counts(batches) == (0, 0, 0, 3)
    (run,) = await batches.runs(user_id=ANNA, limit=1)
    assert run.status is State.CANCELLED
    kept = await batches.get(BatchId((await raw.batch_jobs.find_one())["batch_id"]))
    assert kept is not None
    assert {result.status for result in kept.results.values()} == {State.CANCELLED}


async def test_a_long_run_is_made_in_order_and_added_up(batches: MongoBatches) -> None:
    made = [batch(f"{number}-a", f"{number}-b") for number in range(120)]
    await batches.create(made)
    seen = await batches.progress(RUN)
    assert seen is not None
    assert seen.total == 240
    taken = await claim(batches, 21)
    assert [one.file_id for one in taken][-3:] == ["9-a", "9-b", "10-a"]
    assert (await batches.runs(user_id=ANNA, limit=1))[0].processing == 21


def test_what_batches_are_asked_by_begins_an_index() -> None:
    asked = {"batch_id", "run_id", "status", "user_id"}
    assert asked <= {index.keys[0][0] for index in BATCH_INDEXES}
    (counters,) = [index for index in BATCH_INDEXES if index.name.startswith("run_id_1__id_1_")]
    told = {"total_files", "completed", "failed", "cancelled", "processing", "finished_at"}
    assert told <= {field for field, _ in counters.keys}
