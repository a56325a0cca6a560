"""The shared Redis or Valkey as it is reached: an address that does not change, and its words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import version

from smtui.domain.errors import ServerUnavailable
from smtui.domain.health import WorkerReport
from smtui.domain.ports.documents import AnalysisStore
from smtui.domain.ports.sessions import WorkerBoard
from smtui.domain.text import shown
from smtui.domain.versions import numbers
from smtui.services.cached_analyses import CachedAnalyses
from smtui.settings import Servers
from smtui.stores.redis.cache import RedisCache
from smtui.stores.redis.errors import SHARED
from smtui.stores.redis.link import RedisLink

NO_WORKER = "No worker is running"
ONE_VERSION = "Give all machines the same smtui; what one does not understand it leaves."
HOW_TO_LISTEN = "Start one with `smtui worker` on a machine that has the sounds."


class SharedAddress:
    """Gives the address of the settings to whoever asks for one; it never changes."""

    def __init__(self, servers: Servers) -> None:
        self._url = servers.redis_url or ""

    async def __call__(self) -> str:
        """Give the address, password and all."""
        return self._url


class ListeningWorkers:
    """Sees that a worker listens somewhere; a screen never starts one."""

    def __init__(self, board: WorkerBoard) -> None:
        self._board = board

    async def __call__(self) -> None:
        """Raise ServerUnavailable where no worker lives, or none that listens now.

        Where all that listen are of another smtui, that is said too: the work is saved, and one of
        them may do it or leave it.
        """
        reports = await self._board.reports()
        if not reports:
            raise ServerUnavailable(NO_WORKER, hint=HOW_TO_LISTEN)
        if all(report.rests for report in reports):
            rests = dict.fromkeys(f"{shown(one.machine)} is {shown(one.rests)}" for one in reports)
            raise ServerUnavailable(f"{NO_WORKER}: {', '.join(rests)}")
        listening = [report for report in reports if not report.rests]
        mine = version("smtui")
        if all(numbers(report.version) != numbers(mine) for report in listening):
            raise ServerUnavailable(of_other_versions(listening, mine), hint=ONE_VERSION)


def of_other_versions(reports: Iterable[WorkerReport], mine: str) -> str:
    """Say which machines' workers are of another smtui than this one; empty where none is."""
    others = {
        f"{shown(report.machine)} works with smtui {shown(report.version)}"
        for report in reports
        if numbers(report.version) != numbers(mine)
    }
    return f"{', '.join(sorted(others))}; this is {mine}" if others else ""


def shared_link(servers: Servers) -> RedisLink:
    """Make a line that speaks of the shared server in its refusals."""
    return RedisLink(SharedAddress(servers), refusals=SHARED.at(servers.redis_url or ""))


@asynccontextmanager
async def cached(analyses: AnalysisStore, servers: Servers) -> AsyncIterator[CachedAnalyses]:
    """Read analyses through the shared cache, over a line of its own that nothing else waits for.

    Embedded there is none: SQLite is nearer than any cache.
    """
    link = shared_link(servers)
    reading = CachedAnalyses(analyses, RedisCache(link))
    try:
        yield reading
    finally:
        await reading.close()
        await link.close()
