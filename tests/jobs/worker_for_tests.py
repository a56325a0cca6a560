"""A real worker whose listener misbehaves for files with certain names.

Called as `worker_for_tests.py DATABASE BROKER LOG LIMITS`, LIMITS being JSON of WorkLimits. With
SMTUI_PATHS_MACHINE it poses as a worker of that machine among others, its paths mapped by
SMTUI_PATHS_MAP. With CHROMA_FOR_TESTS it fills the index at that address. LOG.defect and
LOG.index-defect each ask for one defect where the documents, the index are opened.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from smtui.audio.recipe import Recipe
from smtui.domain.analysis import Level, Measurement
from smtui.domain.health import WorkerReport
from smtui.domain.ports.sessions import WorkerBoard
from smtui.jobs.app import WorkLimits, celery_app
from smtui.jobs.tasks import register
from smtui.jobs.wakeups import Wakeups
from smtui.jobs.worker import LastWords, run_worker
from smtui.jobs.worker_context import Membership, WorkerContext
from smtui.paths import places
from smtui.services.documents import Documents
from smtui.services.index_upkeep import IndexUpkeep
from smtui.services.worker_steps import WorkerSteps
from smtui.settings import load
from smtui.stores.chroma.client import ChromaLine
from smtui.stores.chroma.index import ChromaIndex
from smtui.stores.redis.link import RedisLink
from smtui.stores.redis.workers import RedisWorkers
from smtui.stores.sqlite.connections import Durability
from smtui.stores.sqlite.library import opened
from smtui.wiring import PresentPause, SystemClock


class CapriciousListener:
    """Hears with the real recipe, after doing what the file's name says."""

    recipe_version = Recipe.recipe_version

    def __init__(self, log: Path) -> None:
        self._log = log
        self._recipe = Recipe()
        self._level = Level.BASIC

    def prepare(self, level: Level) -> None:
        """Take long, or fail once, where a file asks for it."""
        if (asked := Path(f"{self._log}.slow-start")).exists():
            asked.unlink()
            end = time.process_time() + 1.5
            while time.process_time() < end:
                pass
        stumble_once(Path(f"{self._log}.broken-start"))
        self._recipe.prepare(level)

    def listen(self, path: Path, *, level: Level) -> Measurement:
        self._level = level
        if path.exists():
            with self._log.open("a") as log:
                log.write(f"{path.name}\n")
            misdeed = getattr(self, path.stem.partition("-")[0], None)
            if misdeed is not None:
                misdeed()
        return self._recipe.listen(path, level=level)

    def slow(self) -> None:
        time.sleep(0.2)

    def long(self) -> None:
        time.sleep(3.0)

    def hangs(self) -> None:
        while True:
            time.sleep(0.05)

    def deaf(self) -> None:
        """Wait in C for a lock that nobody gives back; a signal does not end it."""
        lock = ctypes.create_string_buffer(256)
        library = ctypes.CDLL(None)
        library.pthread_mutex_lock(lock)
        library.pthread_mutex_lock(lock)

    def busy(self) -> None:
        """Compute without end, where a signal lands."""
        while True:
            sum(range(1000))

    def deepens(self) -> None:
        """Compute without end where more than a glance is asked for."""
        if self._level is not Level.BASIC:
            self.busy()

    def waits(self) -> None:
        """Wait for its turn on a busy machine: much of the wall, little of the processor."""
        end = time.monotonic() + 2.0
        while time.monotonic() < end:
            time.sleep(0.01)
            sum(range(30_000))

    def imports(self) -> None:
        """Load a library that takes too long to load."""
        importlib.import_module("slow_library")

    def greedy(self) -> None:
        """Compute in C without ever giving up the interpreter's lock."""
        sum(itertools.repeat(0))

    def fat(self) -> None:
        bytearray(16 << 30)

    def segfault(self) -> None:
        ctypes.string_at(0)

    def leaves(self) -> None:
        os._exit(3)

    def starves(self) -> None:
        """End as the system ends what takes the last of its memory."""
        os.kill(os.getpid(), signal.SIGKILL)

    def stumbles(self) -> None:
        message = "a defect"
        raise ValueError(message)


def stumble_once(asked: Path) -> None:
    """Fail by a defect where a file asks for it, and never again."""
    if asked.exists():
        asked.unlink()
        message = "a defect beside the listening"
        raise ValueError(message)


def main(database: str, broker: str, log: str, given: str) -> int:
    limits = WorkLimits(**json.loads(given))
    app = celery_app(broker, broker, limits)
    settings = load(places()).settings
    machine = settings.paths.machine or ""

    async def address() -> str:
        return broker

    @contextlib.asynccontextmanager
    async def board() -> AsyncIterator[WorkerBoard]:
        link = RedisLink(address)
        try:
            yield RedisWorkers(link)
        finally:
            await link.close()

    @contextlib.asynccontextmanager
    async def open_steps(worker: str) -> AsyncIterator[WorkerSteps]:
        stumble_once(Path(f"{log}.defect"))
        async with opened(Path(database), Durability.NORMAL) as kept:
            documents = Documents(
                accounts=kept.accounts,
                samples=kept.samples,
                analyses=kept.analyses,
                batches=kept.batches,
                embeddings=kept.embeddings,
                searches=kept.searches,
                outcomes=kept.outcomes,
            )
            version = Recipe.recipe_version
            yield WorkerSteps(
                documents, SystemClock(), worker=worker, recipe_version=version, machine=machine
            )

    chroma = os.environ.get("CHROMA_FOR_TESTS", "")

    async def chroma_address() -> str:
        return chroma

    @contextlib.asynccontextmanager
    async def open_upkeep() -> AsyncIterator[IndexUpkeep]:
        stumble_once(Path(f"{log}.index-defect"))
        version = Recipe.recipe_version
        async with opened(Path(database), Durability.NORMAL) as kept:
            index = ChromaIndex(ChromaLine(chroma_address), recipe_version=version, about=False)
            try:
                yield IndexUpkeep(kept.samples, kept.embeddings, index, recipe_version=version)
            finally:
                await index.close()

    @contextlib.asynccontextmanager
    async def using() -> AsyncIterator[None]:
        held = Path(f"{log}.in-use")
        held.touch()  # noqa: ASYNC240 - one small file
        try:
            yield
        finally:
            held.unlink()  # noqa: ASYNC240 - one small file

    report = WorkerReport(
        name=f"{machine}:{os.getpid()}",
        machine=machine,
        version="0",
        children=limits.children,
        started_at=SystemClock().now(),
    )
    last = LastWords()
    means = WorkerContext(
        open_steps=open_steps,
        open_upkeep=open_upkeep if chroma else None,
        using=using,
        wakeups=lambda: Wakeups(app, broker),
        listener=CapriciousListener(Path(log)),
        limits=limits,
        journals=Path(log).parent,
        end=last.say if machine else None,
        paths=settings.paths.here,
        pause=PresentPause(places(), settings),
        membership=Membership(report=report, board=board) if machine else None,
    )
    register(app, means)
    status = run_worker(app, limits)
    if sentence := last.first():
        sys.stderr.write(f"ended: {sentence}\n")
        return 1
    return status


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
