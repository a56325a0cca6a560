"""What is in Redis: the four queues and small results, and what others may have put there."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import redis

from smtui.domain.batch import State
from smtui.jobs.app import (
    AUDIO_PROCESSING,
    DEFAULT,
    NOT_UNDERSTOOD,
    QUEUES,
    RESULT_SECONDS,
    WORK,
    WorkLimits,
    celery_app,
)
from smtui.jobs.wakeups import Wakeups
from tests.jobs.conftest import Bench

RESULT = "celery-task-meta-"
_EVENTS = "__keyspace@0__:"


@pytest.fixture
def touched(valkey: str, queue_keys: redis.Redis) -> Iterator[set[str]]:
    """Every key that anybody has touched, once `queue_keys` is asked no more."""
    queue_keys.config_set("notify-keyspace-events", "KA")
    seen: set[str] = set()
    with redis.Redis.from_url(valkey, decode_responses=True) as client, client.pubsub() as events:
        events.psubscribe(f"{_EVENTS}*")
        yield seen
        while (event := events.get_message(timeout=0.5)) is not None:
            if event["type"] == "pmessage":
                seen.add(event["channel"].removeprefix(_EVENTS))
        queue_keys.config_set("notify-keyspace-events", "")
    assert {key for key in seen if not key.startswith(RESULT)} <= {*QUEUES}
    assert {DEFAULT, AUDIO_PROCESSING} <= seen


async def test_nobody_else_who_uses_this_redis_finds_a_key_of_smtui_but_its_queues(
    bench: Bench, queue_keys: redis.Redis, touched: set[str]
) -> None:
    bench.work(children=2)
    long = await bench.start(await bench.sounds(*(f"slow-{at}.wav" for at in range(30))))
    own = await bench.start(await bench.sounds("own.wav"), urgent=True)
    assert (await bench.ended(own)).completed == 1
    owner = await bench.stores.accounts.by_id(bench.owner)
    await bench.batches.cancel(long, by=owner)
    assert (await bench.ended(long)).status is State.CANCELLED
    bench.workers[0].terminate()
    await bench.until(lambda: bench.workers[0].poll() is not None)
    left = [key for key in map(str, queue_keys.keys("*")) if key not in QUEUES]
    assert left
    assert all(key.startswith(RESULT) for key in left)
    assert all(0 < queue_keys.ttl(key) <= RESULT_SECONDS for key in left)


def messages_of_others(address: str) -> list[str]:
    """Messages as another smtui or program would leave them, made of a real one."""
    app = celery_app(address, None, WorkLimits())
    app.send_task(WORK, args=["no such run"], queue=AUDIO_PROCESSING)
    app.send_task("smtui.listen", args=["run", {"level": "full"}], queue=AUDIO_PROCESSING)
    app.send_task(WORK, args=["run", "desk"], kwargs={"slow": True}, queue=AUDIO_PROCESSING)
    app.send_task(WORK, args=[["one", "two"]], queue=DEFAULT)
    app.send_task(WORK, queue=DEFAULT)
    with redis.Redis.from_url(address, decode_responses=True) as client:
        (real,) = client.lrange(AUDIO_PROCESSING, -1, -1)
        packed = json.loads(real) | {"content-type": "application/x-python-serialize"}
        nameless = json.loads(real)
        del nameless["headers"]["task"]
        made = [json.dumps(packed), json.dumps(nameless)]
        client.lpush(AUDIO_PROCESSING, *made)
    return made


async def test_a_run_is_heard_though_another_smtui_has_left_messages_in_the_queue(
    bench: Bench, valkey: str, queue_keys: redis.Redis
) -> None:
    messages_of_others(valkey)
    run_id = await bench.start(await bench.sounds("one.wav", "two.wav", "three.wav"))
    worker = bench.work()
    progress = await bench.ended(run_id)
    await bench.until(lambda: not queue_keys.exists(AUDIO_PROCESSING, DEFAULT))
    assert (progress.completed, progress.failed) == (3, 0)
    assert worker.poll() is None
    log = (bench.folder / "worker.log").read_text()
    assert NOT_UNDERSTOOD in log
    assert "Traceback" not in log


async def test_a_run_waits_beside_messages_that_cannot_be_read(
    bench: Bench, queue_keys: redis.Redis
) -> None:
    wakeups_of_others = ["", "[]", '{"headers": 5}', '{"headers": {"run_id": ["x"]}}', "\x80"]
    queue_keys.rpush(AUDIO_PROCESSING, *wakeups_of_others)
    run_id = await bench.start(await bench.sounds("one.wav"))
    assert queue_keys.llen(AUDIO_PROCESSING) == len(wakeups_of_others) + 1

    wakeups = Wakeups(celery_app(bench.address, None, WorkLimits()), bench.address)
    assert wakeups.ensure([run_id])
    assert queue_keys.llen(AUDIO_PROCESSING) == len(wakeups_of_others) + 1
