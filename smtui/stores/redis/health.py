"""How a shared Redis or Valkey is: version, whether it keeps what it is given, what is missing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import uuid4

from smtui.domain.address import redacted
from smtui.domain.errors import ServerUnavailable
from smtui.domain.health import Condition, ServerHealth
from smtui.domain.text import shown
from smtui.stores.redis.link import About, RedisLink

if TYPE_CHECKING:
    from redis.asyncio import Redis


class RedisHealth:
    """Looks at the server of one address; `link` refuses one that is too old by itself."""

    def __init__(self, link: RedisLink, url: str) -> None:
        self._link = link
        self._url = url

    async def __call__(self) -> ServerHealth:
        """Ask it, and see that it takes a write; failures are answers, never errors."""
        address = redacted(self._url)
        try:
            # First what it tells of itself: that also opens the line.
            about = await self._link.ask(_about)
            began = time.perf_counter()
            await self._link.ask(_write)
        except ServerUnavailable as error:
            return ServerHealth(
                name="sessions",
                condition=Condition.BROKEN,
                address=address,
                trouble=error.title,
                hint=error.hint,
            )
        milliseconds = (time.perf_counter() - began) * 1000
        trouble, hint = _missing(about)
        return ServerHealth(
            name="sessions",
            condition=Condition.OK,
            version=shown(about.version) if about else "",
            address=address,
            milliseconds=milliseconds,
            trouble=trouble,
            hint=hint,
        )


async def _about(client: Redis) -> About | None:
    """What it tells of itself; None where the account may not ask, which is no obstacle."""
    # A late import: who never asks the server does not load its library.
    from redis.exceptions import NoPermissionError

    try:
        return await About.of(client)
    except NoPermissionError:
        return None


async def _write(client: Redis) -> None:
    """Write what vanishes by itself, as a session would be written."""
    await client.set(f"cache:health:{uuid4()}", b"", ex=1)


def _missing(about: About | None) -> tuple[str, str]:
    """Say what would lose sessions and queued work some day, with the mend."""
    if about is not None and about.evicts:
        return (
            f"It drops sessions and queued work when its memory is full ({shown(about.evicts)})",
            "Set its maxmemory-policy to noeviction.",
        )
    if about is not None and not about.keeps:
        return (
            "It forgets sessions and queued work when it is restarted",
            "Set its appendonly to yes.",
        )
    return "", ""
