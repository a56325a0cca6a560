"""What every RateLimits does."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from smtui.domain.errors import TooManyTries
from smtui.domain.ports.sessions import RateLimits
from smtui.stores.redis.limits import RedisLimits
from smtui.stores.redis.link import RedisLink


@pytest.fixture
def limits(link: RedisLink) -> RateLimits:
    return RedisLimits(link)


async def test_the_limit_itself_is_allowed_and_one_more_is_not(limits: RateLimits) -> None:
    who = str(uuid4())
    for _ in range(3):
        await limits.hit(who, "auth_login", limit=3)
    with pytest.raises(TooManyTries) as refused:
        await limits.hit(who, "auth_login", limit=3)
    assert 1 <= refused.value.seconds <= 60
    assert str(refused.value.seconds) in refused.value.hint


async def test_others_and_other_intents_are_counted_apart(limits: RateLimits) -> None:
    who = str(uuid4())
    await limits.hit(who, "auth_login", limit=1)
    await limits.hit(who, "audio_upload", limit=1)
    await limits.hit(str(uuid4()), "auth_login", limit=1)
    with pytest.raises(TooManyTries):
        await limits.hit(who, "auth_login", limit=1)


async def test_tries_at_the_same_moment_are_all_counted(limits: RateLimits) -> None:
    who = str(uuid4())
    tries = [limits.hit(who, "auth_login", limit=10) for _ in range(40)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert results.count(None) == 10


async def test_the_counter_lives_a_minute_from_its_first_try(limits: RateLimits, raw: Any) -> None:
    who = str(uuid4())
    key = f"ratelimit:{who}:auth_login"
    await limits.hit(who, "auth_login", limit=5)
    assert 50 < await raw.ttl(key) <= 60
    await raw.expire(key, 20)
    await limits.hit(who, "auth_login", limit=5)
    assert await raw.ttl(key) <= 20
    assert await raw.get(key) == b"2"


async def test_when_the_minute_is_over_it_counts_afresh(limits: RateLimits, raw: Any) -> None:
    who = str(uuid4())
    await limits.hit(who, "auth_login", limit=1)
    await raw.delete(f"ratelimit:{who}:auth_login")
    await limits.hit(who, "auth_login", limit=1)


async def test_a_counter_without_an_end_does_not_lock_out_for_ever(
    limits: RateLimits, raw: Any
) -> None:
    who = str(uuid4())
    await raw.set(f"ratelimit:{who}:auth_login", 99)
    with pytest.raises(TooManyTries):
        await limits.hit(who, "auth_login", limit=1)
    assert 0 < await raw.ttl(f"ratelimit:{who}:auth_login") <= 60
