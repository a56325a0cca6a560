"""What a worker stands on: a person's own library, or the shared servers of the settings.

Nothing is opened before the children are forked; what they need is loaded before, once for all.
All that loads numbers is imported late: this process makes room for others first, which numpy reads
while it is loaded.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from smtui import logs
from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.domain.address import redacted
from smtui.domain.errors import ServerUnavailable, SettingInvalid, StoreTooNew
from smtui.domain.health import WorkerReport
from smtui.domain.ports.sessions import WorkerBoard
from smtui.local.locks import InUse, UntilSettled
from smtui.local.process_priority import be_polite, cores, share_of_memory
from smtui.local.refusals import prepared
from smtui.paths import Places
from smtui.services.worker_steps import WorkerSteps
from smtui.settings import Servers, Settings, load
from smtui.wiring.machine import PresentPause, SystemClock, see_to_watcher
from smtui.wiring.set_up import documents

if TYPE_CHECKING:
    from smtui.jobs.app import WorkLimits
    from smtui.jobs.worker_context import Membership

# Lost work is looked for more often where more can lose it, s.
_SWEEP_SECONDS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What a worker works with in one set-up or the other."""

    here: Places
    settings: Settings
    broker: str
    limits: WorkLimits
    using: Callable[[], AbstractAsyncContextManager[None]]
    membership: Membership | None = None
    settled: Callable[[], None] = lambda: None
    queues: tuple[str, ...] = ()

    def run(self) -> int:
        """Work until told to stop; raises StoreTooNew where a newer smtui has the library."""
        from smtui.audio.recipe import Recipe
        from smtui.jobs.app import QUEUES, celery_app
        from smtui.jobs.tasks import register
        from smtui.jobs.wakeups import Wakeups
        from smtui.jobs.worker import LastWords, run_worker
        from smtui.jobs.worker_context import WorkerContext
        from smtui.wiring.backends import indexing

        listener = Recipe()
        # What librosa compiles is compiled once, before there are children.
        listener.prepare(self.settings.work.level)
        app = celery_app(self.broker, self.broker, self.limits)
        last = LastWords()
        means = WorkerContext(
            open_steps=self._steps,
            open_upkeep=partial(indexing, self.here, self.settings),
            using=self.using,
            wakeups=lambda: Wakeups(app, self.broker),
            listener=listener,
            limits=self.limits,
            journals=self._slates(),
            paths=self.settings.paths.here,
            membership=self.membership,
            settled=self.settled,
            pause=PresentPause(self.here, self.settings),
            # The private one is replaced by the newer smtui's keeper.
            end=None if self.membership is None else last.say,
        )
        register(app, means)
        status = run_worker(app, self.limits, self.queues or QUEUES)
        if sentence := last.first():
            raise StoreTooNew(sentence)
        return status

    def _slates(self) -> Path:
        """Return the folder in which children leave word, apart for each set-up."""
        folder = self.here.state if self.membership is None else self.here.state / "servers"
        with suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    @asynccontextmanager
    async def _steps(self, worker: str) -> AsyncIterator[WorkerSteps]:
        machine = "" if self.membership is None else self.membership.report.machine
        async with documents(self.here, self.settings, for_worker=True) as opened:
            yield WorkerSteps(
                opened,
                SystemClock(),
                worker=worker,
                recipe_version=RECIPE_VERSION,
                machine=machine,
            )


def work_privately(here: Places, children: int) -> int:
    """Work for a person's own library, as the keeper asks, until told to; return the status."""
    broker = os.environ.get("SMTUI_PRIVATE_VALKEY", "")
    if not broker:
        raise ServerUnavailable(
            "No queue to work for", hint="`smtui services start` starts the worker."
        )
    from smtui.jobs.app import WorkLimits

    return _Work(
        here=here,
        settings=load(here).settings,
        broker=broker,
        limits=WorkLimits(children=children, child_bytes=share_of_memory(children)),
        using=InUse(here).using,
        settled=UntilSettled(here).let_go,
    ).run()


class SharedWorker:
    """A worker for the shared servers, in the foreground of this process.

    Attributes:
        report: what it says of itself on the board.
        serves: the servers' addresses, without passwords.
    """

    def __init__(
        self, here: Places, *, children: int | None = None, queues: tuple[str, ...] = ()
    ) -> None:
        """Make room for others on this machine, and say who works.

        Raises:
            SettingInvalid: no shared servers are set.
            ServerUnavailable: the folders of this machine cannot be used.
        """
        settings = shared_settings(here)
        processes = children or settings.work.processes(cores())
        be_polite(settings.work.nice)
        from smtui.jobs.app import WorkLimits
        from smtui.jobs.worker_context import Membership

        prepared(here)
        logs.start_on(sys.stderr)
        servers, board = settings.servers, _board(settings.servers)
        self.report = _report(settings.paths.name, processes)
        self.serves = f"{redacted(servers.mongo_url or '')} and {redacted(servers.redis_url or '')}"
        self._board = board
        self._work = _Work(
            here=here,
            settings=settings,
            broker=servers.redis_url or "",
            limits=WorkLimits(
                children=processes,
                child_bytes=share_of_memory(processes),
                sweep_seconds=_SWEEP_SECONDS,
            ),
            using=_nothing_to_keep,
            membership=Membership(report=self.report, board=board),
            queues=queues,
        )

    def obstacle(self) -> str:
        """Return what keeps it from working now; empty where it may begin."""
        try:
            asyncio.run(self._leave())
        except ServerUnavailable as error:
            return str(error)
        return ""

    def run(self) -> int:
        """Work until told to stop; folders are watched meanwhile. Return the exit status."""
        asyncio.run(see_to_watcher(self._work.here, self._work.settings))
        try:
            return self._work.run()
        finally:
            # With Redis away the report vanishes by itself.
            with suppress(ServerUnavailable):
                asyncio.run(self._leave())

    async def _leave(self) -> None:
        async with self._board() as board:
            await board.leave(self.report.name)


def shared_settings(here: Places) -> Settings:
    """Load the settings; raises SettingInvalid where no shared servers are set."""
    loaded = load(here).settings
    if not loaded.servers.given:
        raise SettingInvalid(
            "`smtui worker` works for shared servers, and none are set",
            hint="Your own library needs no such worker: smtui starts one by itself. "
            "`smtui settings` shows servers.mongo_url and the others.",
        )
    return loaded


async def works_here(settings: Settings) -> bool:
    """True if a worker of this machine lives on the shared servers."""
    async with _board(settings.servers)() as board:
        return any(report.machine == settings.paths.name for report in await board.reports())


def _report(machine: str, processes: int) -> WorkerReport:
    return WorkerReport(
        name=f"{machine}:{os.getpid()}:{uuid4().hex[:8]}",
        machine=machine,
        version=version("smtui"),
        children=processes,
        started_at=SystemClock().now(),
    )


def _board(servers: Servers) -> Callable[[], AbstractAsyncContextManager[WorkerBoard]]:
    from smtui.stores.redis.workers import RedisWorkers
    from smtui.wiring.backends import shared_link

    @asynccontextmanager
    async def opened() -> AsyncIterator[WorkerBoard]:
        link = shared_link(servers)
        try:
            yield RedisWorkers(link)
        finally:
            await link.close()

    return opened


@asynccontextmanager
async def _nothing_to_keep() -> AsyncIterator[None]:
    """Shared servers run whether they are used or not."""
    yield
