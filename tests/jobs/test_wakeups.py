"""Calling workers from a screen that outlives its Redis."""

from __future__ import annotations

import asyncio

import pytest
from redis import Redis

from smtui.domain.batch import RunId
from smtui.domain.errors import ServerUnavailable
from smtui.jobs.app import AUDIO_PROCESSING, DEFAULT
from smtui.jobs.queue import CeleryQueue
from tests.servers.redis_tcp import running_redis


async def test_a_screen_calls_workers_through_every_restart_and_waits_for_no_results() -> None:
    with running_redis() as server:

        async def address() -> str:
            return server.url(3)

        async def somebody_listens() -> None:
            pass

        queue = CeleryQueue(address, somebody_listens)
        called = 0
        for _ in range(2):
            called += await calls(queue)
            with Redis.from_url(server.url(3)) as client:
                assert client.llen(AUDIO_PROCESSING) + client.llen(DEFAULT) == called
                assert client.pubsub_channels() == []
            server.kill()
            with pytest.raises(ServerUnavailable):
                await calls(queue)
            server.start()
        assert await calls(queue)


async def calls(queue: CeleryQueue) -> int:
    """Call as several screens of one process would, at once; gives how often."""
    runs = [RunId(f"run {number}") for number in range(4)]
    waking = (queue.wake(run, urgent=run == runs[0]) for run in runs)
    await asyncio.gather(*waking)
    return len(runs)
