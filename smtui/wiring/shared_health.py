"""How the shared servers are, all asked side by side; and which workers live."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib.metadata import version

from smtui.domain.address import redacted
from smtui.domain.errors import ServerUnavailable
from smtui.domain.health import Condition, ServerHealth, WorkerReport
from smtui.settings import Servers
from smtui.stores.chroma.health import ChromaHealth
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.health import MongoHealth
from smtui.stores.redis.health import RedisHealth
from smtui.stores.redis.link import RedisLink
from smtui.stores.redis.workers import RedisWorkers
from smtui.wiring.shared_redis import (
    HOW_TO_LISTEN,
    NO_WORKER,
    ONE_VERSION,
    of_other_versions,
    shared_link,
)

_ANSWER_SECONDS = 5.0


class SharedHealth:
    """Implements HealthCheck over lines of its own, open no longer than it takes to ask.

    So a busy line does not look broken, and twenty screens that were once asked hold no line.
    """

    def __init__(self, servers: Servers) -> None:
        self._mongo = servers.mongo_url or ""
        self._redis = servers.redis_url or ""
        self._chroma = servers.chroma_url or ""
        self._servers = servers

    async def check(self) -> tuple[ServerHealth, ...]:
        """Ask each, side by side, for at most 5 s; failures are answers, never errors."""
        servers, _ = await self.look()
        return servers

    async def look(self) -> tuple[tuple[ServerHealth, ...], tuple[WorkerReport, ...]]:
        """The same, and the workers that live."""
        async with AsyncExitStack() as stack:
            line, link = MongoLine(self._mongo), shared_link(self._servers)
            stack.push_async_callback(line.close)
            stack.push_async_callback(link.close)
            documents, sessions, index, workers = await asyncio.gather(
                _in_time("documents", self._mongo, MongoHealth(line)),
                _in_time("sessions", self._redis, RedisHealth(link, self._redis)),
                _in_time("index", self._chroma, ChromaHealth(self._chroma)),
                _living(link),
            )
        return (documents, sessions, index, _workers(sessions, workers)), workers or ()


async def _living(link: RedisLink) -> tuple[WorkerReport, ...] | None:
    """The workers that live; None where nobody can tell."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await RedisWorkers(link).reports()
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
            trouble=NO_WORKER,
            hint=HOW_TO_LISTEN,
        )
    missing = sorted({folder for report in reports for folder in report.missing})
    troubles = [f"Some do not have {', '.join(missing)}"] if missing else []
    hints = ["Mount it there, or map it: [paths] map in the settings."] if missing else []
    if others := of_other_versions(reports, version("smtui")):
        troubles.append(others)
        hints.append(ONE_VERSION)
    listening = sum(not report.rests for report in reports)
    return ServerHealth(
        name="workers",
        condition=Condition.OK,
        version=f"{listening} listening",
        trouble=". ".join(troubles),
        hint=" ".join(hints),
    )
