"""A queue that answers and takes no write: workers say so, wait, and go on by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import redis

from tests.jobs.conftest import Bench

WAITS = "The queue for the workers "


def becomes_a_copy(server: redis.Redis) -> None:
    # Nobody is at that port; what it has is kept.
    server.replicaof("127.0.0.1", 1)


def wants_copies(server: redis.Redis) -> None:
    server.config_set("min-replicas-to-write", 1)


REFUSALS = pytest.mark.parametrize(
    ("refuse", "words"),
    [(becomes_a_copy, "a copy that can only be read"), (wants_copies, "NOREPLICAS")],
    ids=["copy", "no-copies"],
)


@pytest.fixture
def server(queue_keys: redis.Redis) -> Iterator[redis.Redis]:
    yield queue_keys
    takes_writes_again(queue_keys)


def takes_writes_again(server: redis.Redis) -> None:
    server.replicaof("NO", "ONE")
    server.config_set("min-replicas-to-write", 0)


def log_of(bench: Bench) -> str:
    return (bench.folder / "worker.log").read_text()


@REFUSALS
async def test_a_run_goes_on_after_a_failover_without_anybody(
    bench: Bench, server: redis.Redis, refuse: Callable[[redis.Redis], None], words: str
) -> None:
    run_id = await bench.start(await bench.sounds(*(f"slow-{at}.wav" for at in range(20))))
    worker = bench.work(children=2)
    await bench.until(lambda: bench.heard().total() >= 3)
    refuse(server)
    await bench.until(lambda: words in log_of(bench))
    assert worker.poll() is None
    takes_writes_again(server)
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (20, 0)
    # The last sound may end before the watch of the queue comes round to it.
    await bench.until(lambda: f"{WAITS}is back" in log_of(bench))
    log = log_of(bench)
    assert "Traceback" not in log
    assert log.count(f"{WAITS}is back") == 1


async def test_a_worker_that_is_started_against_a_copy_says_so_once_and_waits(
    bench: Bench, server: redis.Redis
) -> None:
    run_id = await bench.start(await bench.sounds("tone0.wav"))
    becomes_a_copy(server)
    worker = bench.work(sweep_seconds=0.2)
    await bench.until(lambda: "a copy that can only be read" in log_of(bench))
    # Long enough for several tries.
    for _ in range(3):
        await bench.until(lambda: server.ping())
    assert worker.poll() is None
    takes_writes_again(server)
    assert (await bench.ended(run_id)).completed == 1
    log = log_of(bench)
    assert len(re.findall("can only be read", log)) == 1
    assert log.count(f"{WAITS}is back") == 1
    assert "Traceback" not in log
