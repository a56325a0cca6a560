"""What becomes of the files of a run: each ends exactly once, whatever happens to the worker."""

from __future__ import annotations

import asyncio
import os
import signal

from smtui.domain.analysis import Level
from smtui.domain.batch import State


async def test_a_run_is_heard_to_its_end(bench, queue_keys):
    ids = await bench.sounds(*(f"tone{at}.wav" for at in range(30)))
    bench.work()
    run_id = await bench.start(ids)
    progress = await bench.ended(run_id)
    assert (progress.status, progress.completed) == (State.COMPLETED, 30)
    assert set(bench.heard().values()) == {1}
    sample = await bench.sample(ids[7])
    analysis = await bench.stores.analyses.newest(ids[7])
    assert sample.heard.level == analysis.measured.level == Level.BASIC
    assert sample.heard.loudness_lufs == analysis.measured.loudness_lufs
    account = await bench.stores.accounts.by_id(bench.owner)
    assert account.total_analyses == 30


async def test_doubled_wake_ups_change_nothing(bench):
    ids = await bench.sounds(*(f"tone{at}.wav" for at in range(20)))
    run_id = await bench.start(ids)
    for _ in range(30):
        await bench.batches._queue.wake(run_id, urgent=False)
    bench.work()
    progress = await bench.ended(run_id)
    assert progress.completed == 20
    assert bench.heard().total() == 20


async def test_a_lost_wake_up_is_made_good_by_the_sweep(bench, queue_keys):
    run_id = await bench.start(await bench.sounds("one.wav", "two.wav"))
    queue_keys.flushall()
    bench.work()
    assert (await bench.ended(run_id)).completed == 2


async def test_a_run_goes_on_after_its_worker_was_killed(bench):
    ids = await bench.sounds(*(f"slow-{at}.wav" for at in range(12)))
    run_id = await bench.start(ids)
    worker = bench.work()
    await bench.until(lambda: bench.heard().total() >= 3)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    bench.work()
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (12, 0)
    results = await bench.results(run_id)
    assert {result.status for result in results.values()} == {State.COMPLETED}
    for file_id in ids:
        assert (await bench.sample(file_id)).heard is not None


async def test_a_run_goes_on_after_its_child_was_killed(bench):
    ids = await bench.sounds(*(f"slow-{at}.wav" for at in range(12)))
    run_id = await bench.start(ids)
    worker = bench.work()
    await bench.until(lambda: bench.heard().total() >= 3)
    for child in bench.children(worker):
        child.kill()
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (12, 0)
    assert worker.poll() is None


async def test_a_run_goes_on_after_the_queue_was_lost(bench, valkey_server):
    run_id = await bench.start(await bench.sounds(*(f"slow-{at}.wav" for at in range(20))))
    bench.work()
    await bench.until(lambda: bench.heard().total() >= 2)
    valkey_server.stop()
    valkey_server.start()
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (20, 0)
    assert bench.heard().total() == 20


async def test_a_file_that_kills_the_process_fails_alone_and_soon(bench):
    names = ["segfault.wav", *(f"tone{at}.wav" for at in range(8))]
    run_id = await bench.start(await bench.sounds(*names))
    # Leases and sweeps come too late for the patience of this test.
    bench.work(lease_seconds=600, sweep_seconds=600)
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (8, 1)
    assert await bench.codes(run_id) == {"segfault.wav": "internal"}
    assert bench.heard()["segfault.wav"] == 3


async def test_a_crash_is_told_in_the_library(bench):
    (file_id,) = await bench.sounds("leaves.wav")
    bench.work()
    await bench.ended(await bench.start([file_id]))
    trouble = (await bench.sample(file_id)).trouble
    assert trouble.code == "internal"


async def test_a_file_that_hangs_reaches_its_limit(bench):
    run_id = await bench.start(await bench.sounds("hangs.wav", "after.wav"))
    worker = bench.work(file_seconds=0.5)
    (child,) = await bench.until(lambda: bench.children(worker))
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (1, 1)
    assert await bench.codes(run_id) == {"hangs.wav": "timed_out"}
    assert child.is_running(), "the child lives on"


async def test_a_decoder_that_does_not_come_back_costs_only_its_file(bench):
    run_id = await bench.start(await bench.sounds("deaf.wav", "after.wav"))
    bench.work(file_seconds=0.5, grace_seconds=0.5)
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (1, 1)
    assert await bench.codes(run_id) == {"deaf.wav": "timed_out"}


async def test_a_decoder_that_keeps_the_interpreter_costs_only_its_file(bench):
    run_id = await bench.start(await bench.sounds("greedy.wav", "after.wav"))
    bench.work(file_seconds=0.5, grace_seconds=0.2)
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (1, 1)
    assert await bench.codes(run_id) == {"greedy.wav": "timed_out"}


async def test_a_file_that_needs_too_much_memory(bench):
    run_id = await bench.start(await bench.sounds("fat.wav", "after.wav"))
    worker = bench.work(child_bytes=1 << 30)
    (child,) = await bench.until(lambda: bench.children(worker))
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (1, 1)
    assert await bench.codes(run_id) == {"fat.wav": "out_of_memory"}
    assert child.is_running()


async def test_a_defect_of_ours_costs_only_its_file(bench):
    run_id = await bench.start(await bench.sounds("stumbles.wav", "after.wav"))
    bench.work()
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (1, 1)
    assert await bench.codes(run_id) == {"stumbles.wav": "internal"}


async def test_files_that_cannot_be_heard_are_named_with_their_reason(bench):
    ids = await bench.sounds("good.wav", "gone.wav", "changed.wav")
    broken = bench.folder / "broken.wav"
    broken.write_text("this is no sound")
    ids += await bench.stores.samples.add_found(
        [bench.found(broken)], user_id=bench.owner, at=(await bench.sample(ids[0])).uploaded_at
    )
    (bench.folder / "gone.wav").unlink()
    whole = (bench.folder / "good.wav").read_bytes()
    (bench.folder / "changed.wav").write_bytes(whole)
    run_id = await bench.start(ids)
    bench.work()
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (1, 3)
    assert await bench.codes(run_id) == {
        "gone.wav": "vanished",
        "changed.wav": "vanished",
        "broken.wav": "unsupported",
    }
    assert (await bench.sample(ids[1])).trouble.code == "vanished"


async def test_a_cancel_stops_what_has_not_begun(bench):
    ids = await bench.sounds(*(f"slow-{at}.wav" for at in range(40)))
    run_id = await bench.start(ids)
    bench.work()
    await bench.until(lambda: bench.heard().total() >= 2)
    owner = await bench.stores.accounts.by_id(bench.owner)
    await bench.batches.cancel(run_id, by=owner)
    progress = await bench.ended(run_id)
    assert progress.status == State.CANCELLED
    assert progress.completed + progress.cancelled == 40
    assert progress.completed == bench.heard().total() < 40


async def test_the_same_bytes_are_heard_once(bench):
    first = await bench.sounds("one.wav", same=True)
    bench.work()
    await bench.ended(await bench.start(first))
    twins = await bench.sounds("two.wav", "three.wav", same=True)
    assert (await bench.ended(await bench.start(twins))).completed == 2
    assert bench.heard() == {"one.wav": 1}
    one, two = await bench.sample(first[0]), await bench.sample(twins[0])
    assert one.heard.loudness_lufs == two.heard.loudness_lufs
    higher = await bench.start(twins, level=Level.ADVANCED)
    assert (await bench.ended(higher)).completed == 2
    assert bench.heard().total() > 1, "a higher level is listened for"


async def test_two_workers_share_a_run(bench):
    ids = await bench.sounds(*(f"slow-{at}.wav" for at in range(16)))
    run_id = await bench.start(ids)
    bench.work()
    bench.work()
    progress = await bench.ended(run_id)
    assert progress.completed == 16
    assert bench.heard().total() == 16
    assert len({result.worker for result in (await bench.results(run_id)).values()}) == 2


async def test_several_children_share_a_run(bench):
    ids = await bench.sounds(*(f"slow-{at}.wav" for at in range(16)))
    run_id = await bench.start(ids)
    bench.work(children=2)
    assert (await bench.ended(run_id)).completed == 16
    assert len({result.worker for result in (await bench.results(run_id)).values()}) == 2


async def test_a_persons_own_file_does_not_wait_behind_a_long_run(bench):
    ids = await bench.sounds(*(f"slow-{at}.wav" for at in range(40)))
    (own,) = await bench.sounds("own.wav")
    long = await bench.start(ids)
    bench.work()
    await bench.until(lambda: bench.heard().total() >= 2)
    await bench.ended(await bench.start([own], urgent=True))
    assert not (await bench.batches.runs.progress(long)).status.ended


async def test_a_persons_own_file_does_not_wait_behind_long_files(bench):
    ids = await bench.sounds("hangs-1.wav", "hangs-2.wav", "own.wav")
    long = [await bench.start([file_id]) for file_id in ids[:2]]
    bench.work(children=2, file_seconds=8.0)
    await bench.until(lambda: bench.heard().total() >= 2)
    await bench.ended(await bench.start(ids[2:], urgent=True))
    assert [(await bench.batches.runs.progress(run_id)).ended_files for run_id in long] == [0, 0]


async def test_the_servers_are_in_use_while_there_is_work(bench):
    held = bench.log.with_name(f"{bench.log.name}.in-use")
    run_id = await bench.start(await bench.sounds("slow-1.wav", "slow-2.wav", "slow-3.wav"))
    bench.work(linger_seconds=0.5)
    await bench.until(lambda: bench.heard().total() >= 1)
    assert held.exists()
    await bench.ended(run_id)
    await bench.until(lambda: not held.exists())


async def test_a_worker_told_to_stop_finishes_and_leaves_nothing_behind(bench):
    ids = await bench.sounds(*(f"slow-{at}.wav" for at in range(40)))
    run_id = await bench.start(ids)
    worker = bench.work()
    await bench.until(lambda: bench.heard().total() >= 2)
    children = bench.children(worker)
    worker.terminate()
    assert await asyncio.to_thread(worker.wait, 30) == os.EX_OK
    assert not any(child.is_running() for child in children)
    progress = await bench.batches.runs.progress(run_id)
    assert progress.completed == bench.heard().total(), "what was begun was finished"
    assert progress.processing == 0, "and what was not begun was given back"
