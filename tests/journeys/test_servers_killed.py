"""Servers and worker are killed and come back while screens and runs go on; nothing is lost."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile
from textual.pilot import Pilot

from smtui import wiring
from smtui.domain.account import Account
from smtui.domain.analysis import Level
from smtui.domain.batch import RunId
from smtui.domain.errors import SmtuiError
from smtui.domain.question import Question
from smtui.domain.sample import FileId
from smtui.services.box import Services
from smtui.ui.library.screen import LibraryScreen
from tests.journeys.machine import Machine, SharedServers, enter, working
from tests.servers.mongo_server import MongoServer
from tests.servers.redis_tcp import RedisServer
from tests.ui.screen_home import press, seen, until

SOUNDS = 60
RATE = 22_050
PATIENCE = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sounds of some seconds, each of its own bytes, so that a run is hit in its midst."""
    made = tmp_path / "sounds"
    made.mkdir()
    time = np.arange(RATE * 8) / RATE
    for number in range(SOUNDS):
        tone = 0.5 * np.sin(2 * np.pi * (110 + 4 * number) * time) * np.exp(-time)
        soundfile.write(made / f"sound {number:03d}.wav", tone, RATE)
    return made


@pytest.fixture
def attic(servers: SharedServers, tmp_path: Path) -> Iterator[Machine]:
    """A machine of a studio, without a worker."""
    with servers.library() as variables:
        yield Machine(home=tmp_path / "attic", variables=variables)


@asynccontextmanager
async def opened(machine: Machine) -> AsyncIterator[Services]:
    async with wiring.services(machine.places, machine.loaded.settings) as services:
        yield services


@contextmanager
def away(server: MongoServer | RedisServer) -> Iterator[None]:
    """Kill a server and start it again, whatever happens meanwhile: others use it, too."""
    server.kill()
    try:
        yield
    finally:
        server.start()


@dataclass
class Tagger:
    """Tags sounds one after the other, and knows what was acknowledged and what was tried."""

    services: Services
    by: Account
    ids: tuple[FileId, ...]
    tried: dict[FileId, set[str]] = field(default_factory=dict)
    acknowledged: dict[FileId, set[str]] = field(default_factory=dict)
    refusals: list[SmtuiError] = field(default_factory=list)
    count: int = 0

    async def tag_on(self) -> None:
        for number, file_id in enumerate(itertools.cycle(self.ids)):
            tag = f"t{number}"
            self.tried.setdefault(file_id, set()).add(tag)
            try:
                await self.services.library.tag([file_id], by=self.by, add=[tag])
            except SmtuiError as refusal:
                self.refusals.append(refusal)
            else:
                self.acknowledged.setdefault(file_id, set()).add(tag)
                self.count += 1
            await asyncio.sleep(0.02)

    async def goes_on(self) -> None:
        """Wait until some more were acknowledged."""
        before = self.count
        await until(lambda: self.count > before + 2, PATIENCE)


@asynccontextmanager
async def beside(work: asyncio.Task[None]) -> AsyncIterator[None]:
    """Let something go on meanwhile; what it raises is raised here."""
    try:
        yield
        assert not work.done()
    finally:
        work.cancel()
        await asyncio.wait({work})
        if not work.cancelled():
            work.result()


async def scanned(services: Services, folder: Path) -> tuple[Account, tuple[FileId, ...]]:
    signed_in = await services.accounts.sessions.resume()
    assert signed_in is not None
    owner = signed_in.account
    async for _ in services.scans.scan([folder], by=owner):
        pass
    question = Question(viewer=owner.user_id)
    ids = [file_id async for some in services.library.ids(question) for file_id in some]
    return owner, tuple(ids)


async def some_more_heard(services: Services, run_id: RunId, more: int = 3) -> None:
    """Wait until a run has moved on."""
    began: int | None = None
    async with asyncio.timeout(PATIENCE):
        while True:
            progress = await services.batches.runs.progress(run_id)
            assert progress is not None
            began = progress.ended_files if began is None else began
            if progress.ended_files >= min(began + more, progress.total):
                return
            await asyncio.sleep(0.05)


async def answered(pilot: Pilot[None], typed: str, answer: str) -> None:
    """Type a filter; its answer is seen without another key."""
    await pilot.press("slash", *typed)
    await until(lambda: answer in seen(pilot.app), PATIENCE)
    await pilot.press("escape")
    await until(lambda: f"{SOUNDS} of {SOUNDS}" in seen(pilot.app), PATIENCE)


async def tagged(pilot: Pilot[None], tag: str) -> None:
    """Tag the sound under the cursor and see it said."""
    await until(lambda: "Tagged 1 sound" not in seen(pilot.app), PATIENCE)
    await pilot.press("t")
    await until(lambda: "tags for this sound" in seen(pilot.app), PATIENCE)
    await press(pilot, *tag, "enter")
    await until(lambda: "Tagged 1 sound" in seen(pilot.app), PATIENCE)


async def test_servers_and_workers_are_killed_and_nothing_acknowledged_is_lost(
    servers: SharedServers, attic: Machine, folder: Path
) -> None:
    cellar, porch = attic.worker("cellar"), attic.worker("porch")
    app = attic.app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot, opened(attic) as services:
        await enter(pilot)
        owner, ids = await scanned(services, folder)
        assert len(ids) == SOUNDS
        await until(lambda: f"{SOUNDS} of {SOUNDS}" in seen(app))
        tagger = Tagger(services, owner, ids)
        with working(cellar, porch):
            async with beside(asyncio.create_task(tagger.tag_on())):
                run_id = await services.batches.start(ids, Level.ADVANCED, by=owner)
                await some_more_heard(services, run_id)

                with away(servers.redis):
                    # Who is signed in goes on reading and editing.
                    await tagger.goes_on()
                    await answered(pilot, "sound 007", f"1 of {SOUNDS}")
                    await tagged(pilot, "without redis")
                    assert not tagger.refusals
                await some_more_heard(services, run_id)

                cellar.kill()
                await some_more_heard(services, run_id)
                cellar.start()
                cellar.wait()

                if servers.mongo.ours:
                    await mongo_dies(servers, tagger, pilot)
                await some_more_heard(services, run_id)
            async with asyncio.timeout(PATIENCE):
                async for progress in services.batches.watch(run_id):
                    last = progress
        assert (last.total, last.completed, last.failed) == (SOUNDS, SOUNDS, 0)
        assert isinstance(app.screen, LibraryScreen)
        await all_is_kept(services, tagger)
        for tag in ("without redis", "after mongodb"):
            if servers.mongo.ours or tag == "without redis":
                await answered(pilot, f'tag:"{tag}"', f"1 of {SOUNDS}")
    for worker in (cellar, porch):
        assert "Traceback" not in worker.log.read_text()
    assert "Traceback" not in attic.places.log.read_text()


async def mongo_dies(servers: SharedServers, tagger: Tagger, pilot: Pilot[None]) -> None:
    with away(servers.mongo):
        await until(lambda: tagger.refusals, PATIENCE)
        # Asked in vain; the answer comes by itself when the server is back.
        await pilot.press("slash", *"sound 011")
        await until(lambda: "Is MongoDB running there?" in seen(pilot.app), PATIENCE)
        # By now the screen was refused, too, which asks as long as anybody.
        refused = len(tagger.refusals)
        await until(lambda: len(tagger.refusals) >= refused + 2, PATIENCE)
    await until(lambda: f"1 of {SOUNDS}" in seen(pilot.app), PATIENCE)
    await pilot.press("escape")
    await until(lambda: f"{SOUNDS} of {SOUNDS}" in seen(pilot.app), PATIENCE)
    await tagger.goes_on()
    await tagged(pilot, "after mongodb")


async def all_is_kept(services: Services, tagger: Tagger) -> None:
    """Every sound was heard; it has each tag that was acknowledged, and none that was not tried."""
    for sample in await services.library.samples(tagger.ids):
        assert sample.heard is not None
        there = {tag for tag in sample.tags if tag.startswith("t")}
        assert tagger.acknowledged.get(sample.file_id, set()) <= there
        assert there <= tagger.tried.get(sample.file_id, set())
