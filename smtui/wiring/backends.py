"""The two set-ups: the library embedded, with private servers, and the library on shared servers.

Embedded, servers start when they are first needed. On shared servers nothing is started here;
everything is reached by its address, and the similarity index may hold other libraries' sounds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from smtui import logs
from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.domain.address import redacted
from smtui.domain.errors import ServerUnavailable, StoreUnreachable
from smtui.domain.health import Condition, ServerHealth, Verdict, WorkerReport
from smtui.domain.ports.documents import AnalysisStore
from smtui.domain.ports.sessions import WorkerBoard
from smtui.domain.sample import FileId
from smtui.domain.text import shown
from smtui.domain.versions import numbers
from smtui.jobs.queue import CeleryQueue
from smtui.local.health import PrivateHealth
from smtui.local.refusals import prepared
from smtui.local.self_test import file_system
from smtui.paths import Places
from smtui.services.analysis_cache import CachedAnalyses
from smtui.services.index_upkeep import IndexUpkeep
from smtui.services.pauses import PausedQueue
from smtui.settings import Servers, Settings
from smtui.stores.bcrypt_passwords import BcryptPasswords
from smtui.stores.chroma.client import ChromaLine
from smtui.stores.chroma.collections import Owner
from smtui.stores.chroma.health import ChromaHealth
from smtui.stores.chroma.index import ChromaIndex
from smtui.stores.chroma.texts import ChromaTexts
from smtui.stores.redis.cache import RedisCache
from smtui.stores.redis.errors import SHARED
from smtui.stores.redis.health import RedisHealth
from smtui.stores.redis.link import RedisLink
from smtui.stores.redis.workers import RedisWorkers
from smtui.wiring.machine import pauses, private_servers
from smtui.wiring.set_up import Foundation, documents

if TYPE_CHECKING:
    from smtui.local.servers import PrivateServers
    from smtui.services.documents import Documents


_ANSWER_SECONDS = 5.0
NO_WORKER = "No worker is running"
ONE_VERSION = "Give all machines the same smtui; what one does not understand it leaves."
HOW_TO_LISTEN = "Start one with `smtui worker` on a machine that has the sounds."


@asynccontextmanager
async def embedded(here: Places, settings: Settings) -> AsyncIterator[Foundation]:
    """Open the documents; Valkey and the worker start when somebody first asks for them.

    Raises:
        StoreUnreachable: the folders or the documents cannot be used.
        StoreTooNew: a newer smtui has written the documents.
    """
    servers = private_servers(here, settings)
    async with servers.using():
        logs.start(here.log)
        await asyncio.to_thread(_refuse_network, here)
        async with documents(here, settings) as opened:
            link = RedisLink(servers.valkey)
            line = chroma_line(settings, servers)
            index = chroma_index(line, private=True)
            queue = CeleryQueue(servers.valkey, servers.worker)
            try:
                yield Foundation(
                    documents=opened,
                    link=link,
                    cache=RedisCache(link, opens=False),
                    index=index,
                    texts=ChromaTexts(line),
                    queue=PausedQueue(queue, pauses(here, settings)),
                    health=PrivateHealth(here, servers, opened.samples.generation),
                    passwords=BcryptPasswords(),
                    guarded=True,
                )
            finally:
                await index.close()
                await link.close()


@asynccontextmanager
async def on_servers(here: Places, settings: Settings) -> AsyncIterator[Foundation]:
    """Open the documents; the other servers are reached when somebody first asks for them.

    Raises:
        StoreUnreachable: MongoDB cannot be reached or used, or the folders of this machine.
        StoreTooNew: a newer smtui has written the documents.
    """
    prepared(here)
    logs.start(here.log)
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(documents(here, settings))
        link = shared_link(settings.servers)
        stack.push_async_callback(link.close)
        line = chroma_line(settings)
        owner = owner_of(opened)
        index = chroma_index(line, private=False, owner=owner)
        stack.push_async_callback(index.close)
        yield Foundation(
            documents=opened,
            link=link,
            cache=RedisCache(link),
            index=index,
            texts=ChromaTexts(line, owner=owner),
            queue=CeleryQueue(
                _SharedAddress(settings.servers.redis_url), ListeningWorkers(RedisWorkers(link))
            ),
            health=SharedHealth(settings.servers),
            passwords=BcryptPasswords(),
            guarded=False,
        )


@asynccontextmanager
async def indexing(here: Places, settings: Settings) -> AsyncIterator[IndexUpkeep]:
    """Open what fills the index, as worker children do; the index itself when it is asked."""
    private = None if settings.servers.given else private_servers(here, settings)
    async with documents(here, settings, for_worker=True) as opened:
        line = chroma_line(settings, private)
        index = chroma_index(line, private=private is not None, owner=owner_of(opened))
        try:
            yield IndexUpkeep(
                opened.samples, opened.embeddings, index, recipe_version=RECIPE_VERSION
            )
        finally:
            await index.close()


def chroma_line(settings: Settings, private: PrivateServers | None = None) -> ChromaLine:
    """Stand ready to ask Chroma; nothing is started or connected before."""
    shared = _SharedAddress(settings.servers.chroma_url)
    return ChromaLine(shared if private is None else _PrivateAddress(private))


def chroma_index(line: ChromaLine, *, private: bool, owner: Owner | None = None) -> ChromaIndex:
    """Return the index of what sounds alike; closing it closes the line.

    A private server asks nobody who they are, so it is told no names and no tags.
    """
    return ChromaIndex(line, recipe_version=RECIPE_VERSION, about=not private, owner=owner)


def owner_of(documents: Documents) -> Owner | None:
    """Say whose sounds may be in a Chroma that several libraries can reach."""
    if not documents.library_id:
        return None

    async def knows(file_ids: Sequence[FileId]) -> int:
        return len(await documents.samples.get(file_ids))

    return Owner(library_id=documents.library_id, knows=knows)


def shared_link(servers: Servers) -> RedisLink:
    """Make a line that speaks of the shared server in its refusals."""
    return RedisLink(_SharedAddress(servers.redis_url), refusals=SHARED.at(servers.redis_url or ""))


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


class SharedHealth:
    """HealthCheck over lines of its own, open no longer than it takes to ask.

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
        """Return the same, and the workers that live."""
        # Late imports, 0.3 s: an embedded library needs no MongoDB.
        from smtui.stores.mongo.client import MongoLine
        from smtui.stores.mongo.health import MongoHealth

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
        return (documents, sessions, index, _summed_up(sessions, workers)), workers or ()


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
            rests = dict.fromkeys(
                f"{shown(report.machine)} is {shown(report.rests)}" for report in reports
            )
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


class _SharedAddress:
    """Gives an address of the settings to whoever asks for one; it never changes."""

    def __init__(self, url: str | None) -> None:
        self._url = url or ""

    async def __call__(self) -> str:
        """Return the address, password and all."""
        return self._url


class _PrivateAddress:
    """Starts the private server where it does not run; its keeper sees that it is ours."""

    def __init__(self, servers: PrivateServers) -> None:
        self._servers = servers

    async def __call__(self) -> str:
        host, port = await self._servers.chroma()
        return f"http://{host}:{port}"


def _refuse_network(here: Places) -> None:
    """Refuse a data folder where locks do not hold; raises StoreUnreachable."""
    check = file_system(here)
    if check.verdict is Verdict.BROKEN:
        raise StoreUnreachable(check.seen, hint=check.mend)


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


def _summed_up(sessions: ServerHealth, reports: tuple[WorkerReport, ...] | None) -> ServerHealth:
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
