"""A worker on a machine that is paused: it finishes one file, and hands the others back."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from smtui.domain.batch import State
from smtui.domain.pause import Word
from smtui.jobs.app import AUDIO_PROCESSING
from smtui.paths import places
from smtui.stores.pause_file import PauseFile
from smtui.wiring import SystemClock


@pytest.fixture
def note() -> PauseFile:
    here = places()
    here.prepare()
    return PauseFile(here.pause)


async def test_a_pause_in_mid_run_hands_back_what_was_claimed_and_loses_nothing(bench, note):
    ids = await bench.sounds(*(f"slow-{at}.wav" for at in range(12)))
    run_id = await bench.start(ids)
    bench.work(children=2, chunk_seconds=5.0)
    await bench.until(lambda: bench.heard().total() >= 2)
    await note.keep(Word(pause=True))
    await bench.until(lambda: _nothing_is_claimed(bench, run_id))
    begun = bench.heard().total()
    assert begun < 12
    attempts = [result.attempt for result in (await bench.results(run_id)).values()]
    assert attempts.count(0) == 12 - begun, "what was not begun cost no try"
    await note.remove()
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (12, 0)
    assert set(bench.heard().values()) == {1}
    assert {result.attempt for result in (await bench.results(run_id)).values()} == {1}


async def test_a_worker_that_starts_in_a_pause_waits_for_its_end(bench, note, queue_keys):
    await note.keep(Word(pause=True, until=SystemClock().now() + timedelta(seconds=4)))
    run_id = await bench.start(await bench.sounds("one.wav", "two.wav"))
    bench.work()
    in_use = bench.folder / "heard.log.in-use"
    # It keeps the servers for the end of the pause, and has heard nothing so far.
    await bench.until(in_use.exists)
    assert not bench.heard()
    progress = await bench.ended(run_id)
    assert progress.status is State.COMPLETED
    assert set(bench.heard().values()) == {1}
    await bench.until(lambda: not in_use.exists())


async def test_a_persons_own_request_waits_too(bench, note):
    await note.keep(Word(pause=True))
    run_id = await bench.start(await bench.sounds("mine.wav"), urgent=True)
    bench.work(children=2)
    await bench.until((bench.folder / "heard.log.in-use").exists)
    assert not bench.heard()
    await note.remove()
    assert (await bench.ended(run_id)).completed == 1


async def test_quiet_hours_count_as_soon_as_they_are_written(bench, note, queue_keys):
    run_id = await bench.start(await bench.sounds(*(f"slow-{at}.wav" for at in range(30))))
    bench.work()
    await bench.until(lambda: bench.heard().total() >= 1)
    now = datetime.now(UTC).astimezone()
    begin, end = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-1, 2))
    places().settings_file.write_text(f'[work]\nquiet = "{begin}-{end}"\n')
    await bench.until(lambda: _nothing_is_claimed(bench, run_id))
    assert (await bench.batches.runs.progress(run_id)).status is State.PROCESSING
    places().settings_file.write_text("")
    os.utime(places().settings_file, (0, 0))
    assert (await bench.ended(run_id)).completed == 30


async def test_a_paused_machine_leaves_the_run_to_others(bench, note, queue_keys):
    await note.keep(Word(pause=True))
    run_id = await bench.start(await bench.sounds(*(f"tone-{at}.wav" for at in range(6))))
    bench.work(machine="studio-a", report_seconds=0.5)
    await bench.until(lambda: queue_keys.keys("worker:studio-a:*"))
    await bench.until(lambda: queue_keys.exists(AUDIO_PROCESSING))
    elsewhere = bench.folder / "elsewhere"
    bench.work(machine="studio-b", home=elsewhere, report_seconds=0.5)
    assert (await bench.ended(run_id)).completed == 6
    assert {
        result.worker.partition(":")[0] for result in (await bench.results(run_id)).values()
    } == {"studio-b"}


async def _nothing_is_claimed(bench, run_id) -> bool:
    return not (await bench.batches.runs.progress(run_id)).processing
