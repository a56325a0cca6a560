"""What every Cache does."""

from __future__ import annotations

from typing import Any

import pytest

from smtui.domain.errors import ServerUnavailable
from smtui.domain.ports.sessions import Cache
from smtui.stores.redis.cache import RedisCache
from smtui.stores.redis.link import RedisLink


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
