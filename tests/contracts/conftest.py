"""A real Valkey for the suites of what lives there, and a look at its bare keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis.asyncio import Redis

from smtui.stores.redis.link import RedisLink
from tests.servers.valkey_server import ValkeyServer, running


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    with running() as server:
        yield server


@pytest.fixture
async def link(valkey: ValkeyServer) -> AsyncIterator[RedisLink]:
    line = RedisLink(valkey.address)
    yield line
    await line.close()


@pytest.fixture
async def raw(valkey: ValkeyServer) -> AsyncIterator[Any]:
    client = Redis.from_url(await valkey.address())
    yield client
    await client.aclose()
