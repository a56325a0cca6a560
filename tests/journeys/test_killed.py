"""Everything is killed again and again while sounds are heard; nothing acknowledged is lost.

Embedded only: on servers there is neither a keeper that starts anew what died nor a file of
documents; `test_servers_killed.py` does the same there.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtui import wiring
from smtui.domain.account import Account
from smtui.domain.analysis import Level
from smtui.domain.batch import RunId
from smtui.domain.question import Question
from smtui.domain.sample import FileId
from smtui.services.batches import Batches
from smtui.services.box import Services
from smtui.settings import Settings
from tests.journeys.killing import Audit, Hunter, short_sounds
from tests.journeys.terminal import Terminal
from tests.local.private_home import Private, home_of_its_own, until

SOUNDS = 150
MANY_TIMES = ("keeper", "valkey", "worker", "child")
VICTIMS = (*MANY_TIMES, "screen")
# The keeper waits longer and longer before it starts anew what dies young: not too many.
MORE = 3


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Private]:
    monkeypatch.setenv("SMTUI_HOME", str(tmp_path / "home"))
    yield from home_of_its_own(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return short_sounds(tmp_path / "sounds", SOUNDS, seconds=0.5)


class Death:
    """Kills what listens, once for each step forward, so that no sound is hit for ever."""

    def __init__(self, hunter: Hunter, chance: random.Random) -> None:
        self._hunter = hunter
        self._chance = chance
        # One of each, then more in any order.
        self._victims = self._chance.sample(VICTIMS, len(VICTIMS)) + self._chance.choices(
            MANY_TIMES, k=MORE
        )
        self.killed: list[str] = []

    async def at_work(self, batches: Batches, run_id: RunId) -> None:
        """Strike each time when some files have ended, until all victims are dead."""
        survived = 0
        while self._victims:
            await asyncio.sleep(self._chance.uniform(0.0, 0.05))
            progress = await batches.runs.progress(run_id)
            assert progress is not None
            if progress.status.ended:
                return
            if progress.ended_files >= survived and self._struck():
                survived = progress.ended_files + self._chance.randint(1, 6)

    def _struck(self) -> bool:
        """Kill the next one that lives; False where all that are left are only being started."""
        for victim in self._victims:
            if self._hunter.strike(victim):
                self.killed.append(victim)
                self._victims.remove(victim)
                return True
        return False


async def scanned(services: Services, folder: Path, owner: Account) -> tuple[FileId, ...]:
    async for _ in services.scans.scan([folder], by=owner):
        pass
    question = Question(viewer=owner.user_id)
    return tuple([file_id async for some in services.library.ids(question) for file_id in some])


async def tags_written(
    services: Services, owner: Account, ids: tuple[FileId, ...], done: asyncio.Event
) -> dict[FileId, set[str]]:
    """Tag sounds one after the other until it is enough; gives what was acknowledged."""
    written: dict[FileId, set[str]] = {file_id: set() for file_id in ids}
    for number, file_id in enumerate(itertools.cycle(ids)):
        if done.is_set():
            return written
        assert await services.library.tag([file_id], by=owner, add=[f"t{number}"]) == 1
        written[file_id].add(f"t{number}")
        await asyncio.sleep(0.01)
    return written


async def test_whoever_is_killed_whenever_every_sound_is_heard_once_and_every_tag_kept(
    private: Private, folder: Path
) -> None:
    chance = random.Random(5)
    screen = Terminal(os.environ)
    death = Death(Hunter(private, chance, screen), chance)
    async with wiring.services(private.places, Settings()) as services:
        owner = await services.accounts.for_command_line()
        ids = await scanned(services, folder, owner)
        assert len(ids) == SOUNDS
        run_id = await services.batches.start_unheard(owner, Level.ADVANCED)
        assert run_id is not None
        screen.start()
        done = asyncio.Event()
        tagging = asyncio.create_task(tags_written(services, owner, ids, done))
        killing = asyncio.create_task(death.at_work(services.batches, run_id))
        async for progress in services.batches.watch(run_id):
            last = progress
        await killing
        await screen.leave()
        done.set()
        written = await tagging
    assert set(death.killed) == set(VICTIMS)
    assert (last.total, last.completed, last.failed) == (SOUNDS, SOUNDS, 0)
    assert Audit.of(private.places.database, run_id) == Audit()

    await wiring.private_servers(private.places, Settings()).stop()
    await until(lambda: not private.all_running())
    async with wiring.services(private.places, Settings()) as services:
        for file_id in ids:
            sample = await services.library.sample(file_id)
            assert sample.heard is not None
            assert set(sample.tags) == written[file_id]
