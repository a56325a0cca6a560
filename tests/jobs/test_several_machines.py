"""Two workers that pose as two machines: each does what it has, and nobody waits for nobody."""

from __future__ import annotations

import json
import signal
import sqlite3
from pathlib import Path
from typing import Any

import psutil

from smtui.domain.batch import FileResult, State

QUICK = {"report_seconds": 0.5, "absent_seconds": 0.0}


async def split(bench: Any, one: list[str], two: list[str]) -> tuple[list[Any], dict[str, Any]]:
    """Sounds on a share of which each machine has a part, and the map of each machine."""

    def shared(path: Path) -> Path:
        return Path("/nas/samples", path.parent.name, path.name)

    ids = await bench.sounds(*(f"a/{name}" for name in one), kept=shared)
    ids += await bench.sounds(*(f"b/{name}" for name in two), kept=shared)
    # Each machine has the share at its own place, and only a part of it.
    return ids, {
        "studio-a": {"/nas/samples/a": f"{bench.folder}/a"},
        "studio-b": {"/nas/samples/b": f"{bench.folder}/b"},
    }


async def test_each_machine_hears_what_it_has(bench, queue_keys):
    names = [f"tone{at}.wav" for at in range(12)]
    ids, maps = await split(bench, names, names)
    for machine, paths in maps.items():
        bench.work(machine=machine, paths=paths, **QUICK)
    await bench.until(lambda: len(missing(queue_keys)) == 2)
    run_id = await bench.start(ids)
    progress = await bench.ended(run_id)
    assert (progress.status, progress.completed) == (State.COMPLETED, 24)
    assert bench.heard().total() == 24
    results = await results_of(bench, run_id)
    assert {str(result.worker).partition(":")[0] for result in results} == {"studio-a", "studio-b"}
    assert all(not result.unseen_on and not result.error for result in results)
    for file_id in ids:
        assert (await bench.sample(file_id)).trouble is None


async def test_a_file_that_nobody_has_fails_as_vanished_and_says_what_is_missing(bench, queue_keys):
    ids, maps = await split(bench, ["one.wav"], ["two.wav"])
    lost = await bench.sounds("lost/kick.wav", kept=lambda path: Path("/gone/drums/kick.wav"))
    for machine, paths in maps.items():
        bench.work(machine=machine, paths=paths, **QUICK)
    await bench.until(lambda: len(missing(queue_keys)) == 2)
    run_id = await bench.start([*ids, *lost])
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (2, 1)
    (failure,) = await bench.batches.runs.failures(run_id, 10)
    assert failure.code == "vanished"
    assert "does not have /gone" in failure.error
    assert 'map = {"/gone" = "/its/name/there"}' in failure.error
    trouble = (await bench.sample(lost[0])).trouble
    assert (trouble.code, trouble.error) == ("vanished", failure.error)


async def test_the_board_tells_what_is_missing_until_it_is_there(bench, queue_keys):
    nas = bench.folder / "nas"
    ids = await bench.sounds("tone.wav", kept=lambda path: nas / "drums" / path.name)
    bench.work(machine="studio-a", **QUICK)
    run_id = await bench.start(ids)
    await bench.ended(run_id)
    assert await bench.codes(run_id) == {"tone.wav": "vanished"}
    await bench.until(lambda: missing(queue_keys) == {"studio-a": [str(nas)]})
    log = (bench.folder / "studio-a.log").read_text()
    assert log.count(f"studio-a does not have {nas}; ") == 1
    (nas / "drums").mkdir(parents=True)
    (bench.folder / "tone.wav").rename(nas / "drums" / "tone.wav")
    await bench.until(lambda: missing(queue_keys) == {"studio-a": []})
    assert (await bench.ended(await bench.start(ids))).completed == 1


async def test_what_is_there_and_cannot_be_read_fails_at_once(bench):
    ids = await bench.sounds("folder.wav", "good.wav")
    (bench.folder / "folder.wav").unlink()
    (bench.folder / "folder.wav").mkdir()
    # Another machine lives, that might be waited for.
    bench.work(machine="studio-b", paths={str(bench.folder): "/nowhere"}, **QUICK)
    bench.work(machine="studio-a", **QUICK)
    run_id = await bench.start(ids)
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (1, 1)
    assert await bench.codes(run_id) == {"folder.wav": "unsupported"}


async def test_a_machine_that_has_nothing_leaves_the_work_to_a_busy_one_and_idles(
    bench, queue_keys
):
    ids, maps = await split(bench, [f"slow-{at}.wav" for at in range(40)], [])
    bench.work(machine="studio-a", paths=maps["studio-a"], **QUICK)
    idle = bench.work(machine="studio-b", paths=maps["studio-b"], children=2, **QUICK)
    await bench.until(lambda: len(missing(queue_keys)) == 2)
    run_id = await bench.start(ids)
    await bench.until(lambda: handed_back(bench, "studio-b"))
    before, began = cpu(idle), seconds(queue_keys)
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (40, 0)
    assert cpu(idle) - before < 0.25 * (seconds(queue_keys) - began)
    assert not any(result.error for result in await results_of(bench, run_id))


async def test_a_machine_that_starts_again_is_waited_for(bench, queue_keys):
    ids, maps = await split(bench, [f"slow-{at}.wav" for at in range(20)], [])
    first = bench.work(machine="studio-a", paths=maps["studio-a"], **QUICK)
    bench.work(machine="studio-b", paths=maps["studio-b"], **QUICK)
    await bench.until(lambda: len(missing(queue_keys)) == 2)
    run_id = await bench.start(ids)
    await bench.until(lambda: bench.heard().total() >= 2)
    first.kill()
    await bench.until(lambda: len(missing(queue_keys)) == 1)
    bench.work(machine="studio-a", paths=maps["studio-a"], **QUICK)
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (20, 0)


async def test_other_work_does_not_wait_behind_what_a_machine_does_not_have(bench):
    ids, maps = await split(bench, ["slow-1.wav"], [f"tone{at}.wav" for at in range(8)])
    bench.work(machine="studio-b", paths=maps["studio-b"], **QUICK)
    # As if studio-a lived and were busy with something long.
    for queue in (False, True):
        await bench.start(ids[:1], urgent=queue)
    posing = bench.work(machine="studio-a", paths=maps["studio-a"], **QUICK)
    posing.send_signal(signal.SIGSTOP)
    try:
        progress = await bench.ended(await bench.start(ids[1:]))
    finally:
        posing.send_signal(signal.SIGCONT)
    assert progress.completed == 8


def handed_back(bench: Any, machine: str) -> int:
    with sqlite3.connect(bench.folder / "library.sqlite3") as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM batch_files WHERE unseen_on LIKE ?", (f"%{machine}%",)
        ).fetchone()
    return int(count)


def missing(queue_keys: Any) -> dict[str, list[str]]:
    kept = [json.loads(queue_keys.get(name)) for name in queue_keys.keys("worker:*")]
    return {report["machine"]: report["missing"] for report in kept}


def seconds(queue_keys: Any) -> float:
    """The time of the server, s."""
    whole, micro = queue_keys.time()
    return float(whole + micro / 1e6)


def cpu(worker: Any) -> float:
    """CPU seconds of a worker and all its children so far."""
    processes = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in processes)


async def results_of(bench: Any, run_id: str) -> list[FileResult]:
    with sqlite3.connect(bench.folder / "library.sqlite3") as connection:
        (batch_id,) = connection.execute(
            "SELECT batch_id FROM batch_jobs WHERE run_id = ?", (run_id,)
        ).fetchone()
    batch = await bench.stores.batches.get(batch_id)
    return list(batch.results.values())


async def test_a_run_waits_for_the_worker_that_is_only_starting_again(bench, queue_keys):
    ids, maps = await split(bench, [], [f"tone{at}.wav" for at in range(6)])
    bench.work(machine="studio-a", paths=maps["studio-a"], report_seconds=0.5, absent_seconds=60.0)
    await bench.until(lambda: len(missing(queue_keys)) == 1)
    run_id = await bench.start(ids)
    await bench.until(lambda: missing(queue_keys)["studio-a"])
    await bench.until(lambda: waits(bench, run_id))
    why = (await bench.batches.absent([run_id]))[run_id]
    assert why.startswith("6 sounds wait for a machine that has them; studio-a does not.")
    progress = await bench.stores.batches.progress(run_id)
    assert (progress.failed, progress.total) == (0, 6)
    bench.work(machine="studio-b", paths=maps["studio-b"], report_seconds=0.5)
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (6, 0)
    assert await bench.batches.absent([run_id]) == {}


async def waits(bench: Any, run_id: Any) -> bool:
    unseen = await bench.stores.batches.unseen([run_id])
    return bool(unseen.get(run_id, {}).get("studio-a") == 6)
