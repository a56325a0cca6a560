"""What a server says of itself: which it is, and whether it keeps what smtui gives it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smtui.stores.redis.refusals import Refusals

if TYPE_CHECKING:
    from redis.asyncio import Redis

OLDEST = 7
"""The Redis (or what speaks as one) that smtui is tried with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A server as it describes itself.

    Attributes:
        version: name and number, `Valkey 9.1.2`.
        evicts: what it does when its memory is full, where that is to drop keys: sessions and
            queued jobs would be lost (`allkeys-lru`); empty where it drops none.
        keeps: it writes every change to its disk (AOF), so a restart loses nothing.
    """

    version: str
    evicts: str
    keeps: bool

    @classmethod
    async def of(cls, client: Redis) -> About:
        """Ask."""
        facts = await client.info()
        policy = str(facts.get("maxmemory_policy", ""))
        return cls(
            version=_version(facts),
            evicts="" if policy in ("", "noeviction") else policy,
            keeps=bool(facts.get("aof_enabled")),
        )


async def refuse_old(client: Redis, refusals: Refusals) -> None:
    """Raise ServerUnavailable for a server that lacks what smtui needs."""
    from redis import exceptions

    try:
        facts = await client.info("server")
    except exceptions.NoPermissionError:
        # It tells not everybody; what it lacks will then be said when it is needed.
        return
    number = re.match(r"\d+", str(facts.get("redis_version", "")))
    if number is not None and int(number[0]) < OLDEST:
        raise refusals.too_old(str(facts["redis_version"]), OLDEST)


def _version(facts: dict[str, Any]) -> str:
    if "valkey_version" in facts:
        return f"Valkey {facts['valkey_version']}"
    return f"Redis {facts.get('redis_version', '')}".strip()
