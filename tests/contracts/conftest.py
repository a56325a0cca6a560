"""A look at the bare keys in the Valkey that the suites of a module share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.servers.valkey_server import ValkeyServer


@pytest.fixture
async def raw(valkey: ValkeyServer) -> AsyncIterator[Any]:
    client = Redis.from_url(await valkey.address())
    yield client
    await client.aclose()
