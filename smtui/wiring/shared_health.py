"""How the shared servers are, all asked side by side; and which workers live."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from smtui.domain.address import redacted
from smtui.domain.errors import ServerUnavailable
from smtui.domain.health import Condition, ServerHealth, WorkerReport
from smtui.settings import Servers
from smtui.stores.chroma.health import ChromaHealth
from smtui.stores.mongo.health import MongoHealth
from smtui.stores.mongo.line import MongoLine
from smtui.stores.redis.health import RedisHealth
from smtui.stores.redis.link import RedisLink
from smtui.stores.redis.workers import RedisWorkers
from smtui.wiring.shared_redis import shared_link

_ANSWER_SECONDS = 5.0
_NO_WORKER = "No worker is listening"
_HOW_TO_LISTEN = "Start one with `smtui worker` on a machine that has the sounds."


class SharedHealth:
    """Implements HealthCheck over lines of its own, so that a busy one does not look broken."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._line = MongoLine(servers.mongo_url or "")
        self._link: RedisLink = shared_link(servers)

    async def check(self) -> tuple[ServerHealth, ...]:
        """Ask each, side by side, for at most 5 s; failures are answers, never errors."""
        servers, _ = await self.look()
        return servers

    async def look(self) -> tuple[tuple[ServerHealth, ...], tuple[WorkerReport, ...]]:
        """The same, and the workers that live."""
        mongo, redis, chroma = (
            self._servers.mongo_url or "",
            self._servers.redis_url or "",
            self._servers.chroma_url or "",
        )
        asked = await asyncio.gather(
            _in_time("documents", mongo, MongoHealth(self._line)),
            _in_time("sessions", redis, RedisHealth(self._link, redis)),
            _in_time("index", chroma, ChromaHealth(chroma)),
            self._living(),
        )
        workers = asked[3]
        return (*asked[:3], _workers(asked[1], workers)), workers or ()

    async def close(self) -> None:
        """Close the lines."""
        await self._link.close()
        await self._line.close()

    async def _living(self) -> tuple[WorkerReport, ...] | None:
        """The workers that live; None where nobody can tell."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await RedisWorkers(self._link).reports()
        except (ServerUnavailable, TimeoutError):
            return None


async def _in_time(name: str, url: str, ask: Callable[[], Awaitable[ServerHealth]]) -> ServerHealth:
    """Ask one server; what does not answer in time is broken."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await ask()
    except TimeoutError:
        return ServerHealth(
            name=name,
            condition=Condition.BROKEN,
            address=redacted(url),
            trouble="It does not answer",
            hint="A name server or a firewall on the way may be silent too.",
        )


def _workers(sessions: ServerHealth, reports: tuple[WorkerReport, ...] | None) -> ServerHealth:
    """Sum up the workers in a line of their own."""
    if reports is None:
        broken = sessions.condition is Condition.BROKEN
        return ServerHealth(
            name="workers",
            condition=Condition.BROKEN,
            trouble="Nobody can tell which workers live",
            hint="They are known by Redis, which must be mended first." if broken else "Try again.",
        )
    if not reports:
        return ServerHealth(
            name="workers",
            condition=Condition.NOT_STARTED,
            trouble=_NO_WORKER,
            hint=_HOW_TO_LISTEN,
        )
    missing = sorted({folder for report in reports for folder in report.missing})
    return ServerHealth(
        name="workers",
        condition=Condition.OK,
        version=f"{len(reports)} listening",
        trouble=f"Some do not have {', '.join(missing)}" if missing else "",
        hint="Mount it there, or map it: [paths] map in the settings." if missing else "",
    )
