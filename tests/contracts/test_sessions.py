"""What every SessionStore does."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from smtui.domain.account import Session, SessionId, UserId
from smtui.domain.ports.sessions import SessionStore
from smtui.stores.redis.link import RedisLink
from smtui.stores.redis.sessions import RedisSessions

NOW = datetime(2025, 3, 1, 12, 0, 0, tzinfo=UTC)
WEEK = 604_800


@pytest.fixture
def sessions(link: RedisLink) -> SessionStore:
    return RedisSessions(link)


def of(user_id: str, **changes: Any) -> Session:
    facts: dict[str, Any] = {
        "session_id": SessionId(str(uuid4())),
        "user_id": UserId(user_id),
        "email": "anna@example.org",
        "created_at": NOW,
        "last_active": NOW,
        "ip_address": "10.0.0.7",
    }
    return Session(**(facts | changes))


def somebody() -> str:
    return str(uuid4())


async def test_a_session_comes_back_as_it_was_opened(sessions: SessionStore) -> None:
    session = of(somebody())
    await sessions.open(session)
    assert await sessions.use(session.session_id, at=NOW) == session


async def test_use_moves_last_active_and_nothing_else(sessions: SessionStore) -> None:
    session = of(somebody())
    await sessions.open(session)
    later = NOW + timedelta(hours=5)
    await sessions.use(session.session_id, at=later)
    used = await sessions.use(session.session_id, at=later)
    assert used is not None
    assert (used.last_active, used.created_at) == (later, NOW)


async def test_a_session_that_was_never_opened_is_none(sessions: SessionStore) -> None:
    assert await sessions.use(SessionId(str(uuid4())), at=NOW) is None


async def test_a_closed_session_stays_closed(sessions: SessionStore) -> None:
    session = of(somebody())
    await sessions.open(session)
    await sessions.close(session.session_id)
    await sessions.close(session.session_id)
    assert await sessions.use(session.session_id, at=NOW) is None


async def test_close_all_ends_the_accounts_sessions_and_no_others(sessions: SessionStore) -> None:
    anna, bert = somebody(), somebody()
    mine = [of(anna) for _ in range(3)]
    other = of(bert)
    for session in (*mine, other):
        await sessions.open(session)
    await sessions.close(mine[0].session_id)
    assert await sessions.close_all(UserId(anna)) == 2
    assert [await sessions.use(one.session_id, at=NOW) for one in mine] == [None] * 3
    assert await sessions.use(other.session_id, at=NOW) == other
    assert await sessions.close_all(UserId(anna)) == 0


async def test_use_at_the_moment_of_close_does_not_bring_a_session_back(
    sessions: SessionStore,
) -> None:
    for _ in range(20):
        session = of(somebody())
        await sessions.open(session)
        uses = [sessions.use(session.session_id, at=NOW) for _ in range(5)]
        await asyncio.gather(*uses, sessions.close(session.session_id))
        assert await sessions.use(session.session_id, at=NOW) is None


async def test_the_key_is_the_one_other_programs_know(sessions: SessionStore, raw: Any) -> None:
    session = of(somebody())
    await sessions.open(session)
    key = f"session:{session.session_id}"
    assert json.loads(await raw.get(key)) == {
        "user_id": session.user_id,
        "email": "anna@example.org",
        "created_at": NOW.timestamp(),
        "last_active": NOW.timestamp(),
        "ip_address": "10.0.0.7",
    }
    assert WEEK - 60 < await raw.ttl(key) <= WEEK


async def test_use_renews_the_life(sessions: SessionStore, raw: Any) -> None:
    session = of(somebody())
    await sessions.open(session)
    key = f"session:{session.session_id}"
    await raw.expire(key, 100)
    await sessions.use(session.session_id, at=NOW)
    assert await raw.ttl(key) > WEEK - 60


async def test_a_session_of_another_program_is_understood(sessions: SessionStore, raw: Any) -> None:
    kept = {
        "user_id": "u",
        "email": "e@x",
        "created_at": 1_700_000_000,
        "last_active": 1_700_000_000.5,
        "ip_address": None,
    }
    await raw.set("session:theirs", json.dumps(kept))
    used = await sessions.use(SessionId("theirs"), at=NOW)
    assert used is not None
    assert used.created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert used.ip_address == ""


@pytest.mark.parametrize("rubbish", [b"", b"{", b"[]", b'"x"', b'{"user_id": 1}', b"\xff\xfe"])
async def test_a_session_that_cannot_be_read_has_ended(
    sessions: SessionStore, raw: Any, rubbish: bytes
) -> None:
    await raw.set("session:rubbish", rubbish)
    assert await sessions.use(SessionId("rubbish"), at=NOW) is None
    await sessions.close(SessionId("rubbish"))
    assert await raw.get("session:rubbish") is None


async def test_alive_tells_without_renewing(sessions: SessionStore, raw: Any) -> None:
    session = of(somebody())
    assert not await sessions.alive(session.session_id)
    await sessions.open(session)
    key = f"session:{session.session_id}"
    await raw.expire(key, 100)
    assert await sessions.alive(session.session_id)
    assert await raw.ttl(key) <= 100
    used = await sessions.use(session.session_id, at=NOW)
    assert used == session
    await sessions.close(session.session_id)
    assert not await sessions.alive(session.session_id)


async def test_every_session_of_an_account_is_listed_the_last_used_first(
    sessions: SessionStore,
) -> None:
    anna, bert = somebody(), somebody()
    mine = [of(anna, ip_address=f"10.0.0.{number}") for number in range(3)]
    for session in (*mine, of(bert)):
        await sessions.open(session)
    later = NOW + timedelta(hours=1)
    await sessions.use(mine[1].session_id, at=later)
    await sessions.close(mine[2].session_id)
    listed = await sessions.of(UserId(anna))
    assert listed == (replace(mine[1], last_active=later), mine[0])
    assert await sessions.of(UserId(somebody())) == ()


async def test_a_session_that_ended_by_itself_is_not_listed(
    sessions: SessionStore, raw: Any
) -> None:
    anna = somebody()
    session = of(anna)
    await sessions.open(session)
    await raw.delete(f"session:{session.session_id}")
    assert await sessions.of(UserId(anna)) == ()
    assert await sessions.close_all(UserId(anna)) == 0


async def test_sessions_that_other_programs_opened_are_listed_and_ended(
    sessions: SessionStore, raw: Any
) -> None:
    anna = somebody()
    theirs = {"user_id": anna, "email": "e@x", "created_at": 1, "last_active": 2, "role": "dj"}
    ids = sorted(SessionId(str(uuid4())) for _ in range(3))
    for session_id in ids:
        await raw.set(f"session:{session_id}", json.dumps(theirs))
    # More keys than one look at the server takes.
    await raw.mset({f"session:noise {number}": b"{}" for number in range(1500)})
    assert sorted(one.session_id for one in await sessions.of(UserId(anna))) == ids
    await sessions.use(ids[0], at=NOW)
    assert json.loads(await raw.get(f"session:{ids[0]}"))["role"] == "dj"
    assert await sessions.close_all(UserId(anna)) == 3
    assert [await sessions.alive(session_id) for session_id in ids] == [False] * 3


async def test_a_clock_that_is_wrong_by_weeks_ends_no_session_and_hides_none(
    sessions: SessionStore, raw: Any
) -> None:
    anna = somebody()
    first = of(anna)
    await sessions.open(first)
    for weeks in (-8, 8):
        wrong = NOW + timedelta(weeks=weeks)
        await sessions.open(of(anna, created_at=wrong, last_active=wrong))
    assert WEEK - 60 < await raw.ttl(f"session:{first.session_id}") <= WEEK
    assert len(await sessions.of(UserId(anna))) == 3
    assert await sessions.close_all(UserId(anna)) == 3
    assert await sessions.use(first.session_id, at=NOW) is None


async def test_use_at_the_moment_of_close_all_does_not_bring_a_session_back(
    sessions: SessionStore,
) -> None:
    for _ in range(20):
        anna = somebody()
        session = of(anna)
        await sessions.open(session)
        uses = [sessions.use(session.session_id, at=NOW) for _ in range(5)]
        await asyncio.gather(*uses, sessions.close_all(UserId(anna)))
        assert not await sessions.alive(session.session_id)
