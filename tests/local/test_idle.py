"""The keeper stops what nobody needs, and never a run: shown with a clock that races.

The keeper runs in the test, with a real Valkey and a real worker. Between any two of its looks the
clock goes on by an hour, so whoever is not known to need the servers at that moment loses them.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from smtui import wiring
from smtui.domain.analysis import Level
from smtui.domain.batch import RunId, RunProgress, State
from smtui.local.locks import FileLock
from smtui.local.setup import Manners, Setup, Versions, present_versions
from smtui.local.supervisor import Keeper
from smtui.settings import Settings
from smtui.stores.sqlite.library import opened
from smtui.stores.sqlite.schema import steps
from tests.local.private_home import Private, home_of_its_own, until

HOUR = 3_600.0
RATE = 22_050
SOUNDS = 12


class Racing:
    """A clock that is an hour further at each look, once it races."""

    def __init__(self) -> None:
        self.races = False
        self._looks = itertools.count()

    def __call__(self) -> float:
        return HOUR * next(self._looks) if self.races else 0.0


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Private]:
    monkeypatch.setenv("SMTUI_HOME", str(tmp_path / "home"))
    yield from home_of_its_own(tmp_path)


@asynccontextmanager
async def keeping(private: Private, clock: Racing) -> AsyncIterator[asyncio.Task[None]]:
    """Be the keeper of these folders, as its own process would."""
    private.places.prepare()
    lock = FileLock.take(private.files.keeper_lock, exclusive=True)
    assert lock is not None
    setup = Setup(
        places=private.places,
        versions=_versions(),
        manners=Manners(children=1),
    )
    ready = asyncio.Event()
    keeper = Keeper(setup, lock, clock=clock)
    task = asyncio.create_task(keeper.serve(lambda _said: ready.set()))
    await ready.wait()
    try:
        yield task
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        await task


def _versions() -> Versions:
    return present_versions(schema=len(steps()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Long sounds."""
    made = tmp_path / "sounds"
    made.mkdir()
    time = np.arange(RATE * 30) / RATE
    for number in range(SOUNDS):
        tone = 0.5 * np.sin(2 * np.pi * (110 + number) * time)
        soundfile.write(made / f"{number}.wav", tone, RATE)
    return made


async def begun(private: Private, folder: Path) -> RunId:
    """Have sounds listened to, and leave, as who closes the lid."""
    async with wiring.services(private.places, Settings()) as services:
        owner = await services.accounts.for_command_line()
        async for _ in services.scans.scan([folder], by=owner):
            pass
        run_id = await services.batches.start_unheard(owner, Level.ADVANCED)
        assert run_id is not None
        return run_id


def in_use(private: Private) -> bool:
    lock = FileLock.take(private.files.in_use, exclusive=True)
    if lock is not None:
        lock.release()
    return lock is None


async def seen(private: Private, run_id: RunId) -> RunProgress:
    """Look at a run without being somebody who uses the servers."""
    async with opened(private.places.database) as documents:
        progress = await documents.batches.progress(run_id)
    assert progress is not None
    return progress


async def test_a_run_goes_on_to_its_end_however_long_nobody_looked(
    private: Private, folder: Path
) -> None:
    clock = Racing()
    async with keeping(private, clock) as keeper:
        run_id = await begun(private, folder)
        await until(lambda: in_use(private))
        clock.races = True
        killed = False
        while not (progress := await seen(private, run_id)).status.ended:
            assert not keeper.done(), f"stopped at {progress}"
            if progress.completed >= 3 and not killed and private.pid("worker"):
                # Nobody holds the lock until the next worker has started.
                killed = bool(private.kill("worker"))
            await asyncio.sleep(0.05)
        assert killed
        assert (progress.status, progress.completed) == (State.COMPLETED, SOUNDS)
        await until(keeper.done)
    assert not private.all_running()


async def test_a_worker_without_work_keeps_nothing_running(private: Private) -> None:
    clock = Racing()
    async with keeping(private, clock) as keeper:
        servers = private.servers(versions=_versions())
        async with servers.using():
            await servers.worker()
        await until(lambda: in_use(private))
        clock.races = True
        await until(keeper.done)
    assert not private.all_running()
