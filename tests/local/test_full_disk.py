"""The folder of Valkey or Chroma is full, or read-only: what waits goes on by itself.

A small file system of its own is mounted there, which only root may do, and only on Linux.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
import redis
import soundfile

from smtui import wiring
from smtui.domain.account import Account
from smtui.domain.analysis import Level
from smtui.domain.batch import State
from smtui.domain.embedding import DIMENSIONS
from smtui.domain.errors import NoRoom, ServerUnavailable
from smtui.domain.ports.similarity_index import Embedded, Entry, packed
from smtui.domain.sample import FileId
from smtui.local.setup import present_versions
from smtui.services.box import Services
from smtui.settings import Settings
from smtui.stores.chroma.client import ChromaLine
from smtui.stores.chroma.index import ChromaIndex
from smtui.stores.sqlite.schema import steps
from tests.local.private_home import Private, home_of_its_own, until
from tests.servers.chroma_server import running_chroma

RATE = 22_050
VERSIONS = present_versions(schema=len(steps()))
SOUNDS = 40
# One for what is away and one for what is back, from the worker and from each of its processes.
MOST_LINES = 8


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Put a small file system there, or skip the test."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    if done.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Private]:
    if sys.platform != "linux":
        pytest.skip("mounts as Linux does")
    monkeypatch.setenv("SMTUI_HOME", str(tmp_path / "home"))
    yield from home_of_its_own(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "sounds"
    made.mkdir()
    time = np.arange(RATE * 20) / RATE
    for number in range(SOUNDS):
        soundfile.write(made / f"{number}.wav", np.sin(2 * np.pi * (99 + number) * time), RATE)
    return made


async def scanned(services: Services, folder: Path) -> tuple[Account, tuple[FileId, ...]]:
    owner = await services.accounts.for_command_line()
    async for _ in services.scans.scan([folder], by=owner):
        pass
    return owner, await services.batches.unheard(owner, Level.ADVANCED)


def fill(folder: Path) -> Path:
    """Leave no room."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(512))
    return filler


def refuses(address: str) -> bool:
    with redis.Redis.from_url(address) as client:
        try:
            client.set("probe", "x" * 5000)
            client.delete("probe")
        except redis.ResponseError:
            return True
    return False


async def test_a_run_waits_for_room_and_goes_on_by_itself(private: Private, folder: Path) -> None:
    with mounted(private.places.valkey_data, "size=1m"):
        async with wiring.services(private.places, Settings()) as services:
            owner, ids = await scanned(services, folder)
            run_id = await services.batches.start(ids[:SOUNDS], Level.ADVANCED, by=owner)
            async for progress in services.batches.watch(run_id):
                if progress.completed >= 2:
                    break
            filler = await asyncio.to_thread(fill, private.places.valkey_data)
            address = private.files.valkey_url
            await until(lambda: refuses(address))
            # A run asked for now is saved all the same, and says why it waits.
            await services.batches.start(ids[:1], Level.FULL, by=owner, urgent=True)
            assert services.batches.waiting
            filler.unlink()
            async for progress in services.batches.watch(run_id):
                last = progress
            assert (last.status, last.completed) == (State.COMPLETED, SOUNDS)
            log = private.files.log("worker").read_text()
            assert "Traceback" not in log
            assert len(log.splitlines()) <= MOST_LINES, log


async def test_a_read_only_folder_is_told_and_the_run_is_saved(
    private: Private, folder: Path
) -> None:
    with mounted(private.places.valkey_data, "ro"):
        async with wiring.services(private.places, Settings()) as services:
            owner, ids = await scanned(services, folder)
            run_id = await services.batches.start(ids, Level.BASIC, by=owner)
            assert services.batches.waiting.startswith("Valkey ended as it started")
            saved = await services.batches.runs.progress(run_id)
            assert saved is not None
            assert (saved.status, saved.total) == (State.PENDING, SOUNDS)
            with pytest.raises(ServerUnavailable, match="Read-only file system"):
                await private.servers(versions=VERSIONS).valkey()


async def test_a_full_disk_under_chroma_is_told_as_that_and_needs_no_rebuilding(
    tmp_path: Path,
) -> None:
    if sys.platform != "linux":
        pytest.skip("mounts as Linux does")
    folder = tmp_path / "chroma"
    with mounted(folder, "size=6m"), running_chroma(folder) as chroma:

        async def address() -> str:
            return chroma.url()

        index = ChromaIndex(ChromaLine(address), recipe_version=1, about=False)

        async def fill() -> None:
            for turn in range(100):
                await index.put([sound(f"{turn}.{number}") for number in range(500)])

        with pytest.raises(NoRoom, match="The disk under the index is full") as told:
            await fill()
        assert "room" in told.value.hint
        assert "rebuild" not in str(told.value)
        more = ["mount", "-o", "remount,size=64m", str(folder)]
        await asyncio.to_thread(subprocess.run, more, check=True)
        await index.put([sound("after")])
        assert await index.nearest([1.0, *[0.0] * (DIMENSIONS - 1)], limit=1)
        await index.close()


def sound(name: str) -> Entry:
    numbers = packed([1.0, *[0.0] * (DIMENSIONS - 1)])
    embedded = Embedded(file_id=FileId(name), recipe_version=1, numbers=numbers)
    return Entry(embedded=embedded, about={})
