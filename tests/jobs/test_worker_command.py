"""`smtui worker` on shared servers, as it runs on a studio's machines and in containers."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import psutil
import pytest
import redis
import soundfile

from smtui import settings, wiring
from smtui.domain.account import Account
from smtui.domain.analysis import Level
from smtui.domain.batch import RunId, RunProgress
from smtui.paths import places
from smtui.services.box import Services
from tests.servers.mongo_server import MongoServer, fresh_database, running_mongo
from tests.servers.redis_tcp import RedisServer, running_redis
from tests.servers.tls_front import tls_front

RATE = 22_050
PATIENCE = 60.0


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while not (seen := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return seen


@pytest.fixture(scope="module")
def keeping() -> Iterator[MongoServer]:
    with running_mongo(keeping=True) as server:
        yield server


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


class Studio:
    """Shared servers, and the machines that work for them, each with a home of its own."""

    def __init__(self, folder: Path, mongo_url: str, redis_url: str) -> None:
        self.folder = folder
        self.addresses = {
            "SMTUI_SERVERS_MONGO_URL": mongo_url,
            "SMTUI_SERVERS_REDIS_URL": redis_url,
            "SMTUI_SERVERS_CHROMA_URL": "http://127.0.0.1:9",
        }
        self.workers: list[subprocess.Popen[bytes]] = []

    def environment(self, machine: str) -> dict[str, str]:
        home = {"SMTUI_HOME": f"{self.folder}/{machine}", "SMTUI_PATHS_MACHINE": machine}
        return os.environ | self.addresses | home

    def smtui(self, machine: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "smtui", *words],
            env=self.environment(machine),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def work(self, machine: str, *words: str, **more: str) -> subprocess.Popen[bytes]:
        """Start a worker and wait until it is seen on the board."""
        with self.log(machine).open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "smtui", "worker", *words],
                env=self.environment(machine) | more,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.workers.append(worker)
        until(lambda: self.listens(machine) or worker.poll() is not None)
        assert worker.poll() is None, self.log(machine).read_text()
        return worker

    def listens(self, machine: str) -> bool:
        return self.smtui(machine, "worker", "--check").returncode == 0

    def log(self, machine: str) -> Path:
        return self.folder / f"{machine}.log"

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[Services, Account]]:
        """The services as a screen has them, and the first account."""
        here = places(self.environment("screen"))
        loaded = settings.load(here, self.environment("screen")).settings
        async with wiring.services(here, loaded) as services:
            yield services, await services.accounts.first("anna", password="geheim-123")

    def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(PATIENCE)


@pytest.fixture
def studio(tmp_path: Path, keeping: MongoServer, redis_server: RedisServer) -> Iterator[Studio]:
    with fresh_database(keeping) as mongo_url:
        made = Studio(tmp_path, mongo_url, redis_server.url(3))
        yield made
        made.close()


def sounds(folder: Path, count: int, *, seconds: float = 0.2) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    times = np.arange(int(RATE * seconds)) / RATE
    for at in range(count):
        soundfile.write(folder / f"{at}.wav", 0.5 * np.sin(2 * np.pi * (99 + at) * times), RATE)
    return folder


async def scanned(services: Services, account: Account, folder: Path) -> RunId:
    """Take the folder in, and have it listened to."""
    async for _progress in services.scans.scan([folder], by=account):
        pass
    run_id = await services.batches.start_unheard(account, Level.BASIC)
    assert run_id is not None
    return run_id


async def ended(services: Services, run_id: RunId) -> RunProgress:
    async with asyncio.timeout(PATIENCE):
        async for progress in services.batches.watch(run_id):
            last = progress
    return last


async def test_a_worker_comes_to_the_board_works_and_leaves(studio: Studio) -> None:
    missing = studio.smtui("studio-a", "worker", "--check")
    assert missing.returncode == 1
    assert missing.stderr == "smtui: No worker of studio-a is running.\n"
    worker = studio.work("studio-a", "--children", "2")
    assert not studio.listens("studio-b")
    async with studio.opened() as (services, account):
        run_id = await scanned(services, account, sounds(studio.folder / "sounds", 12))
        assert (await ended(services, run_id)).completed == 12
    worker.terminate()
    assert worker.wait(PATIENCE) == 0
    assert not studio.listens("studio-a")
    first, *rest = studio.log("studio-a").read_text().splitlines()
    assert first.startswith("studio-a works for mongodb://")
    assert "redis://***@127.0.0.1" in first
    assert "with 2 processes" in first
    assert not [line for line in rest if "Traceback" in line or "Warning" in line]


async def test_no_password_is_seen_in_processes_and_logs(
    studio: Studio, redis_server: RedisServer
) -> None:
    worker = studio.work("studio-a", "--children", "2")
    processes = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
    assert len(processes) >= 3
    written = (redis_server.password, quote(redis_server.password, safe=""))
    for process in processes:
        assert not any(word in " ".join(process.cmdline()) for word in written)
        given = {name for name, value in process.environ().items() if written[1] in value}
        assert given == {"SMTUI_SERVERS_REDIS_URL"}
    redis_server.kill()
    until(lambda: "cannot be reached" in studio.log("studio-a").read_text())
    worker.terminate()
    worker.wait(PATIENCE)
    assert not any(word in studio.log("studio-a").read_text() for word in written)


async def test_a_run_goes_on_when_redis_and_mongodb_are_back(
    studio: Studio, redis_server: RedisServer, keeping: MongoServer
) -> None:
    studio.work("studio-a")
    async with studio.opened() as (services, account):
        folder = sounds(studio.folder / "sounds", 60, seconds=20)
        run_id = await scanned(services, account, folder)
        await _has_heard(services, run_id, 3)
        redis_server.kill()
        await asyncio.sleep(1)
        redis_server.start()
        heard = await _has_heard(services, run_id, 0)
        await _has_heard(services, run_id, heard + 3)
        if keeping.keeps_data:
            keeping.kill()
            await asyncio.sleep(1)
            keeping.start()
        progress = await ended(services, run_id)
    assert (progress.completed, progress.failed) == (60, 0)
    assert "Traceback" not in studio.log("studio-a").read_text()


async def test_two_workers_of_one_machine_keep_out_of_each_others_way(studio: Studio) -> None:
    first = studio.work("studio-a")
    second = studio.work("studio-a")
    kept = studio.folder / "studio-a" / "state" / "servers"
    until(lambda: len(list(kept.glob("*.claims"))) == 2)
    async with studio.opened() as (services, account):
        run_id = await scanned(services, account, sounds(studio.folder / "sounds", 20))
        assert (await ended(services, run_id)).completed == 20
    first.terminate()
    first.wait(PATIENCE)
    assert studio.listens("studio-a"), "the other one still does"
    second.send_signal(signal.SIGHUP)
    assert second.wait(PATIENCE) == 0
    assert not studio.listens("studio-a")


async def test_a_worker_reaches_redis_by_tls_with_a_password_and_a_database(
    studio: Studio, redis_server: RedisServer, tmp_path: Path
) -> None:
    with tls_front(redis_server.port, tmp_path) as front:
        secret = quote(redis_server.password, safe="")
        authority = quote(str(front.authority), safe="")
        url = f"valkeys://:{secret}@localhost:{front.port}/5?ssl_ca_certs={authority}"
        studio.addresses["SMTUI_SERVERS_REDIS_URL"] = url
        worker = studio.work("studio-a")
        async with studio.opened() as (services, account):
            run_id = await scanned(services, account, sounds(studio.folder / "sounds", 3))
            assert (await ended(services, run_id)).completed == 3
        with redis.Redis.from_url(redis_server.url(5)) as client:
            until(lambda: client.keys("celery-task-meta-*"))
        worker.terminate()
        worker.wait(PATIENCE)


async def test_two_machines_call_a_folder_otherwise(studio: Studio) -> None:
    folder = sounds(studio.folder / "nas", 6)
    studio.work("studio-b", SMTUI_PATHS_MAP=f"/Volumes/nas={folder}")
    async with studio.opened() as (services, account):
        run_id = await scanned(services, account, folder)
        async with asyncio.timeout(PATIENCE):
            while True:
                why = await services.batches.absent([run_id])
                if why.get(run_id, "").startswith("6 sounds"):
                    break
                await asyncio.sleep(0.1)
        assert "studio-b does not" in why[run_id], "another machine may have them, and come"
        (batch,) = [one async for one in services.batches.runs.documents(run_id)]
        assert batch.failed == 0
        for result in batch.results.values():
            assert (result.error or "").startswith("studio-b has another folder at ")


def test_a_worker_without_servers_says_what_it_needs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "smtui", "worker"],
        env=os.environ | {"SMTUI_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("smtui: `smtui worker` works for shared servers, and none")


async def _has_heard(services: Services, run_id: RunId, count: int) -> int:
    async with asyncio.timeout(PATIENCE):
        while True:
            progress = await services.batches.runs.progress(run_id)
            assert progress is not None
            if progress.completed >= count:
                return progress.completed
            await asyncio.sleep(0.05)
