"""A library whose every cell is known: the demo's sounds, heard here, at a clock that stands."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from smtui.audio.recipe import listen
from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.audio.sound_file import probe
from smtui.audio.tags import read_tags
from smtui.demo.sounds import make
from smtui.domain.analysis import Level, Measurement
from smtui.domain.errors import ErrorCode, SoundUnreadable
from smtui.domain.sample import FoundFile, Mark
from smtui.services.documents import Documents
from smtui.services.worker_steps import WorkerSteps
from tests.retagging import change_tags
from tests.servers.valkey_server import running
from tests.ui.screen_home import NOW, Clock, Home

SHOWN_FOLDER = "/home/anna/Samples/Demo Pack"


@pytest.fixture(autouse=True)
def _self_contained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures that load no font from anywhere."""
    plain = re.sub(r"@font-face \{\{.*?\n    \}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    defaults = {**(Console.export_svg.__kwdefaults__ or {}), "code_format": plain}
    monkeypatch.setattr(Console.export_svg, "__kwdefaults__", defaults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Sounds on the disk, and what is heard of each; the broken one has none."""

    folder: Path
    heard: Mapping[Path, Measurement | None]


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("pack")
    truths = make(folder)
    heard: dict[Path, Measurement | None] = {}
    for truth in truths:
        path = folder / truth.filename
        try:
            heard[path] = listen(path, level=Level.ADVANCED)
        except SoundUnreadable:
            heard[path] = None
    return Pack(folder=folder, heard=heard)


@pytest.fixture
def new_home(tmp_path: Path) -> Iterator[Home]:
    """Nobody has an account here."""
    with running() as valkey:
        yield Home(folder=tmp_path, valkey=valkey, clock=Clock(), recipe_version=RECIPE_VERSION)


@pytest.fixture
def empty_home(new_home: Home) -> Home:
    asyncio.run(new_home.sign_up())
    return new_home


@pytest.fixture
def full_home(empty_home: Home, pack: Pack) -> Home:
    asyncio.run(_filled(empty_home, pack))
    return empty_home


async def _filled(home: Home, pack: Pack) -> None:
    """Take the pack in as a scan would, and save what was heard as a worker would."""
    async with home.open_services() as services:
        documents = home.documents
        assert documents is not None
        found = [_found(path) for path in pack.heard]
        ids = await documents.samples.add_found(found, user_id=home.user_id, at=NOW)
        await change_tags(
            documents.samples, ids[2:4], mark=Mark(by=home.user_id, at=NOW), add=("dusty",)
        )
        (anna,) = await services.accounts.list()
        run_id = await services.batches.start(ids, Level.ADVANCED, by=anna)
        hearing = WorkerSteps(
            Documents(
                accounts=documents.accounts,
                samples=documents.samples,
                analyses=documents.analyses,
                batches=documents.batches,
                embeddings=documents.embeddings,
                searches=documents.searches,
            ),
            Clock(),
            worker="test",
            recipe_version=RECIPE_VERSION,
        )
        taken = await hearing.claim(run_id, limit=len(ids), lease_seconds=60)
        for assignment in taken.assignments:
            measured = pack.heard[assignment.sample.path]
            if measured is None:
                broken = SoundUnreadable("The sound breaks off", code=ErrorCode.UNREADABLE)
                await hearing.refuse(assignment, broken)
            else:
                await hearing.keep(assignment, measured)


def _found(path: Path) -> FoundFile:
    """Describe a file as if it lay in a folder with a name that is the same on every machine."""
    header = probe(path)
    name = os.fsencode(path.name).decode("utf-8", errors="backslashreplace")
    return FoundFile(
        file_path=f"{SHOWN_FOLDER}/{name}",
        path_bytes=os.fsencode(path),
        file_size=path.stat().st_size,
        mtime_ns=1,
        file_hash=_hash(path),
        duration=header.duration,
        sample_rate=header.sample_rate,
        channels=header.channels,
        format=header.format,
        metadata=read_tags(path),
    )


def _hash(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
