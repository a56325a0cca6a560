"""Sessions: `session:{id}` holds JSON with epoch seconds and lives 7 days from its last use."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from smtui.domain.account import SESSION_SECONDS, Session, SessionId, UserId
from smtui.stores.redis.link import RedisLink

if TYPE_CHECKING:
    from redis.asyncio import Redis

# The index and its sessions go together, or a session opened meanwhile would survive.
_CLOSE_ALL = """
local closed = 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    closed = closed + redis.call('DEL', ARGV[1] .. id)
end
redis.call('DEL', KEYS[1])
return closed
"""
_PREFIX = "session:"


class RedisSessions:
    """Implements SessionStore. `sessions:{user_id}` lists an account's ids by their last use."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def open(self, session: Session) -> None:
        """Keep a new session."""

        async def work(client: Redis) -> None:
            index = _index(session.user_id)
            ended = session.last_active.timestamp() - SESSION_SECONDS
            async with client.pipeline(transaction=True) as together:
                together.set(_key(session.session_id), _written(session), ex=SESSION_SECONDS)
                together.zadd(index, {session.session_id: session.last_active.timestamp()})
                together.zremrangebyscore(index, "-inf", ended)
                together.expire(index, SESSION_SECONDS)
                await together.execute()

        await self._link.ask(work)

    async def use(self, session_id: SessionId, *, at: datetime) -> Session | None:
        """Give the session and renew its life; None when it has ended."""

        async def work(client: Redis) -> Session | None:
            kept = _read(session_id, await client.get(_key(session_id)))
            if kept is None:
                return None
            used = replace(kept, last_active=at)
            index = _index(used.user_id)
            async with client.pipeline(transaction=True) as together:
                # XX: a session that was closed since the read must stay closed.
                together.set(_key(session_id), _written(used), ex=SESSION_SECONDS, xx=True)
                together.zadd(index, {session_id: at.timestamp()}, xx=True)
                together.expire(index, SESSION_SECONDS)
                renewed, *_ = await together.execute()
            return used if renewed else None

        return await self._link.ask(work)

    async def close(self, session_id: SessionId) -> None:
        """End one session; closing twice is fine."""

        async def work(client: Redis) -> None:
            kept = _read(session_id, await client.get(_key(session_id)))
            async with client.pipeline(transaction=True) as together:
                together.delete(_key(session_id))
                if kept is not None:
                    together.zrem(_index(kept.user_id), session_id)
                await together.execute()

        await self._link.ask(work)

    async def close_all(self, user_id: UserId) -> int:
        """End every session of an account; gives how many there were."""

        async def work(client: Redis) -> int:
            script = client.eval(_CLOSE_ALL, 1, _index(user_id), _PREFIX)
            return int(await cast("Awaitable[int]", script))

        return await self._link.ask(work)


def _key(session_id: SessionId) -> str:
    return f"{_PREFIX}{session_id}"


def _index(user_id: UserId) -> str:
    return f"sessions:{user_id}"


def _written(session: Session) -> str:
    return json.dumps(
        {
            "user_id": session.user_id,
            "email": session.email,
            "created_at": session.created_at.timestamp(),
            "last_active": session.last_active.timestamp(),
            "ip_address": session.ip_address,
        }
    )


def _read(session_id: SessionId, raw: bytes | str | None) -> Session | None:
    """Read a session; one that cannot be read counts as ended."""
    if raw is None:
        return None
    try:
        kept = json.loads(raw)
        return Session(
            session_id=session_id,
            user_id=UserId(str(kept["user_id"])),
            email=str(kept["email"]),
            created_at=_moment(kept["created_at"]),
            last_active=_moment(kept["last_active"]),
            ip_address=str(kept.get("ip_address") or ""),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(round(seconds, 3), tz=UTC)
