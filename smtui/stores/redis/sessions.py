"""Sessions: `session:{id}` holds JSON with whole epoch seconds and lives 7 days from its last use.

How long anything lives is counted by the server alone: the clocks of the machines may differ.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from smtui.domain.account import SESSION_SECONDS, Session, SessionId, UserId
from smtui.stores.redis.link import RedisLink

if TYPE_CHECKING:
    from redis.asyncio import Redis

_PREFIX = "session:"
_AT_ONCE = 500

# Each script is one step on the server: a session and its place in the index go together, or one
# that is opened or used at the moment of `close_all` would survive it. The index has the server's
# time of the last use, so what has ended by itself is known by its age.
_KEEP = """
local kept
if ARGV[4] == 'renew' then
    kept = redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2], 'XX')
else
    kept = redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
end
if not kept then return 0 end
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[2], now, ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[2] - 1)
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1
"""
_CLOSE_ALL = """
local closed = 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    closed = closed + redis.call('DEL', ARGV[1] .. id)
end
redis.call('DEL', KEYS[1])
return closed
"""


class RedisSessions:
    """Implements SessionStore. `sessions:{user_id}` lists an account's ids by their last use.

    Sessions that other programs opened are in no index: they are found by looking at all.
    """

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def open(self, session: Session) -> None:
        await self._keep(session.session_id, session.user_id, _values(session), how="open")

    async def use(self, session_id: SessionId, *, at: datetime) -> Session | None:
        values = await self._values(session_id)
        kept = _session(session_id, values)
        if kept is None or values is None:
            return None
        # What another program keeps beside the fields that we know stays.
        used = values | {"last_active": int(at.timestamp())}
        renewed = await self._keep(session_id, kept.user_id, used, how="renew")
        return _session(session_id, used) if renewed else None

    async def alive(self, session_id: SessionId) -> bool:
        return _session(session_id, await self._values(session_id)) is not None

    async def of(self, user_id: UserId) -> tuple[Session, ...]:
        found = [session async for session in self._each() if session.user_id == user_id]
        found.sort(key=lambda session: (session.last_active, session.session_id), reverse=True)
        return tuple(found)

    async def close(self, session_id: SessionId) -> None:
        kept = _session(session_id, await self._values(session_id))

        async def work(client: Redis) -> None:
            async with client.pipeline(transaction=True) as together:
                together.delete(_key(session_id))
                if kept is not None:
                    together.zrem(_index(kept.user_id), session_id)
                await together.execute()

        await self._link.ask(work)

    async def close_all(self, user_id: UserId) -> int:

        async def indexed(client: Redis) -> int:
            script = client.eval(_CLOSE_ALL, 1, _index(user_id), _PREFIX)
            return int(await cast("Awaitable[int]", script))

        # Our own end at once; those of other programs as soon as they are found.
        closed = await self._link.ask(indexed)
        for session in await self.of(user_id):
            await self.close(session.session_id)
            closed += 1
        return closed

    async def _keep(
        self, session_id: SessionId, user_id: UserId, values: dict[str, Any], *, how: str
    ) -> bool:
        """Write a session and its place in the index; with `renew` only if it is still there."""
        keys = (_key(session_id), _index(user_id))
        said = (json.dumps(values), str(SESSION_SECONDS), session_id, how)

        async def work(client: Redis) -> bool:
            return bool(await cast("Awaitable[int]", client.eval(_KEEP, len(keys), *keys, *said)))

        return await self._link.ask(work)

    async def _values(self, session_id: SessionId) -> dict[str, Any] | None:
        return _parsed(await self._link.ask(lambda client: client.get(_key(session_id))))

    async def _each(self) -> AsyncIterator[Session]:
        """Look at every session on the server, some at a time, so that nobody else waits long."""
        seen: set[SessionId] = set()
        cursor = 0
        while True:
            cursor, ids, kept = await self._some(cursor)
            for session_id, raw in zip(ids, kept, strict=True):
                session = _session(session_id, _parsed(raw))
                # A key can be met twice while the server rearranges its table.
                if session is not None and session_id not in seen:
                    seen.add(session_id)
                    yield session
            if cursor == 0:
                return

    async def _some(self, begin: int) -> tuple[int, list[SessionId], list[Any]]:
        async def work(client: Redis) -> tuple[int, list[SessionId], list[Any]]:
            cursor, keys = await client.scan(begin, match=f"{_PREFIX}*", count=_AT_ONCE)
            names = [
                key if isinstance(key, str) else key.decode("utf-8", "replace") for key in keys
            ]
            kept = await client.mget(keys) if keys else []
            return cursor, [SessionId(name.removeprefix(_PREFIX)) for name in names], kept

        return await self._link.ask(work)


def _key(session_id: SessionId) -> str:
    return f"{_PREFIX}{session_id}"


def _index(user_id: UserId) -> str:
    return f"sessions:{user_id}"


def _values(session: Session) -> dict[str, Any]:
    return {
        "user_id": session.user_id,
        "email": session.email,
        "created_at": int(session.created_at.timestamp()),
        "last_active": int(session.last_active.timestamp()),
        "ip_address": session.ip_address,
    }


def _parsed(raw: bytes | str | None) -> dict[str, Any] | None:
    if raw is None:
        return None
    try:
        values = json.loads(raw)
    except ValueError:
        return None
    return values if isinstance(values, dict) else None


def _session(session_id: SessionId, kept: dict[str, Any] | None) -> Session | None:
    """Read a session; one that cannot be read counts as ended."""
    if kept is None:
        return None
    try:
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
