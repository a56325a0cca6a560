"""What every Cache does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from smtui.domain.errors import ServerUnavailable
from smtui.domain.ports.sessions import Cache
from smtui.stores.redis.cache import RedisCache
from smtui.stores.redis.link import RedisLink
from tests.servers.valkey_server import ValkeyServer, running


@pytest.fixture
def own_valkey() -> Iterator[ValkeyServer]:
    with running() as server:
        yield server


@pytest.fixture
def cache(link: RedisLink) -> Cache:
    return RedisCache(link)


async def test_bytes_come_back_as_they_were(cache: Cache) -> None:
    value = bytes(range(256)) * 300
    await cache.put("cache:audio_features:a", value, seconds=100)
    assert await cache.get("cache:audio_features:a") == value


async def test_what_was_never_put_is_a_miss(cache: Cache) -> None:
    assert await cache.get("cache:audio_features:never") is None


async def test_the_key_and_its_life_are_those_asked_for(cache: Cache, raw: Any) -> None:
    await cache.put("cache:audio_features:b", b"x", seconds=86_400)
    assert 86_300 < await raw.ttl("cache:audio_features:b") <= 86_400


async def test_putting_again_replaces(cache: Cache) -> None:
    await cache.put("cache:audio_features:c", b"old", seconds=100)
    await cache.put("cache:audio_features:c", b"new", seconds=100)
    assert await cache.get("cache:audio_features:c") == b"new"


async def test_many_are_had_at_once_without_those_that_are_not_there(
    cache: Cache, raw: Any
) -> None:
    for name in "gh":
        await cache.put(f"cache:audio_features:{name}", name.encode(), seconds=100)
    await raw.lpush("cache:audio_features:list", "of another program")
    keys = [f"cache:audio_features:{name}" for name in ("h", "never", "list", "g")]
    assert await cache.get_many(keys) == {keys[0]: b"h", keys[3]: b"g"}
    assert await cache.get_many([]) == {}
    assert await cache.get(keys[2]) is None


async def test_dropped_keys_are_misses_and_others_stay(cache: Cache) -> None:
    for name in "def":
        await cache.put(f"cache:audio_features:{name}", b"x", seconds=100)
    await cache.drop("cache:audio_features:d", "cache:audio_features:e", "cache:never")
    await cache.drop()
    kept = [await cache.get(f"cache:audio_features:{name}") for name in "def"]
    assert kept == [None, None, b"x"]


async def test_a_server_that_is_away_is_a_miss_and_is_not_asked_for_every_row() -> None:
    asked = 0

    async def away() -> str:
        nonlocal asked
        asked += 1
        raise ServerUnavailable("Valkey cannot be had")

    cache = RedisCache(RedisLink(away))
    await cache.put("cache:a", b"x", seconds=10)
    assert [await cache.get("cache:a") for _ in range(20)] == [None] * 20
    await cache.drop("cache:a")
    assert asked == 1


async def test_a_server_that_is_back_is_used_again(own_valkey: ValkeyServer) -> None:
    link = RedisLink(own_valkey.address)
    cache = RedisCache(link)
    await cache.put("cache:a", b"x", seconds=100)
    own_valkey.kill()
    assert await cache.get("cache:a") is None
    own_valkey.start()
    async with asyncio.timeout(30):
        while await cache.get("cache:a") is None:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.05)
    assert await cache.get("cache:a") == b"x"
    await link.close()


async def test_a_cache_that_opens_nothing_waits_for_somebody_who_does(
    own_valkey: ValkeyServer,
) -> None:
    link = RedisLink(own_valkey.address)
    cache = RedisCache(link, opens=False)
    await cache.put("cache:a", b"x", seconds=100)
    assert await cache.get("cache:a") is None
    assert own_valkey.asked == 0
    await link.ask(lambda client: client.exists("nothing"))
    await cache.put("cache:a", b"x", seconds=100)
    assert await cache.get("cache:a") == b"x"
    await link.close()
