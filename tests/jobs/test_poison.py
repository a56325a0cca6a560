"""What one bad file may cost: itself and one child, never a neighbour, never the run."""

from __future__ import annotations

import math

import pytest

from smtui.domain.batch import MAX_ATTEMPTS, Failure, RunId
from smtui.jobs.app import WorkLimits
from tests.jobs.conftest import Bench

LOST_A_CHILD = "exited with"
"""What Celery writes when a child is gone."""


def children_lost(bench: Bench) -> int:
    return (bench.folder / "worker.log").read_text().count(LOST_A_CHILD)


async def only_failure(bench: Bench, run_id: RunId) -> Failure:
    (failure,) = await bench.batches.runs.failures(run_id, 9)
    return failure


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("segfault.wav", "internal", "SIGSEGV"),
        ("leaves.wav", "internal", "status 3"),
        ("starves.wav", "out_of_memory", "memory"),
    ],
)
async def test_a_file_that_ends_its_process_costs_one_child_and_says_why(
    bench: Bench, name: str, code: str, words: str
) -> None:
    ids = await bench.sounds(*(f"tone{at}.wav" for at in range(4)), name, "later.wav")
    # Leases and sweeps come too late for the patience of this test.
    bench.work(lease_seconds=600, sweep_seconds=600)
    run_id = await bench.start(ids)
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (5, 1)
    failure = await only_failure(bench, run_id)
    assert (failure.file_id, failure.code, failure.attempt) == (ids[4], code, MAX_ATTEMPTS)
    assert words in failure.error
    assert bench.heard()[name] == MAX_ATTEMPTS
    assert children_lost(bench) == 1


async def test_neighbours_of_a_file_that_crashes_lose_no_attempt(bench: Bench) -> None:
    ids = await bench.sounds("segfault.wav", *(f"tone{at}.wav" for at in range(30)))
    bench.work(chunk_seconds=20, lease_seconds=600, sweep_seconds=600)
    run_id = await bench.start(ids)
    assert (await bench.ended(run_id)).completed == 30
    heard = bench.heard()
    assert heard.pop("segfault.wav") == MAX_ATTEMPTS
    assert set(heard.values()) == {1}
    results = await bench.results(run_id)
    assert {results[file_id].attempt for file_id in ids[1:]} == {1}


async def test_a_decoder_that_keeps_the_interpreter_costs_one_child(bench: Bench) -> None:
    run_id = await bench.start(await bench.sounds("greedy.wav", "after.wav"))
    bench.work(file_seconds=0.5, grace_seconds=0.2)
    assert (await bench.ended(run_id)).completed == 1
    assert (await only_failure(bench, run_id)).code == "timed_out"
    assert children_lost(bench) == 1


async def test_a_defect_beside_the_listening_costs_one_child_and_not_the_run(
    bench: Bench,
) -> None:
    (bench.folder / "heard.log.defect").touch()
    run_id = await bench.start(await bench.sounds("tone0.wav", "tone1.wav"))
    bench.work()
    assert (await bench.ended(run_id)).completed == 2
    assert children_lost(bench) == 1


async def test_many_short_files_are_claimed_together_and_end_one_by_one(
    bench: Bench, queue_keys
) -> None:
    tones = await bench.sounds(*(f"tone{at}.wav" for at in range(120)))
    bad = await bench.sounds("stumbles.wav", "gone.wav", "segfault.wav", "fat.wav")
    (bench.folder / "gone.wav").unlink()
    run_id = await bench.start([*tones[:60], *bad, *tones[60:]])
    bench.work(chunk_seconds=60, child_bytes=1 << 30, lease_seconds=600, sweep_seconds=600)
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (120, 4)
    assert await bench.codes(run_id) == {
        "stumbles.wav": "internal",
        "gone.wav": "vanished",
        "segfault.wav": "internal",
        "fat.wav": "out_of_memory",
    }
    # One claim for each 64 files, and some more around the two that are heard apart.
    assert len(queue_keys.keys("celery-task-meta-*")) < 12


async def test_a_long_file_is_not_taken_from_who_hears_it(bench: Bench) -> None:
    run_id = await bench.start(await bench.sounds("long.wav"))
    for _ in range(2):
        bench.work(lease_seconds=1.2, sweep_seconds=0.2)
    assert (await bench.ended(run_id)).completed == 1
    assert bench.heard() == {"long.wav": 1}


def test_long_files_get_longer() -> None:
    limits = WorkLimits()
    hit = limits.seconds_for(20_000, 0.2)
    hour_of_mp3 = limits.seconds_for(28_000_000, 3_600.0)
    assert hit < 2 * limits.file_seconds
    assert hour_of_mp3 > hit + 360
    for claimed in (math.nan, -1.0, 0.0):
        assert limits.seconds_for(20_000, claimed) < hit
    assert limits.seconds_for(20_000, math.inf) < 3_600
