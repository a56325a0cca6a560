"""A person's own home with real private servers, gone when the test ends."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtui.demo.sounds import Truth, make
from smtui.local.servers import PrivateServers
from smtui.paths import Places, places

Smtui = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def here() -> Iterator[Places]:
    """The places of a person who has just installed smtui."""
    mine = places()
    yield mine
    asyncio.run(PrivateServers(mine).stop(now=True))


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sounds whose truth is known."""
    folder = tmp_path_factory.mktemp("pack") / "Pack"
    make(folder)
    return folder


@pytest.fixture(scope="session")
def truths(tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, ...]:
    return make(tmp_path_factory.mktemp("truths"))


@pytest.fixture
def smtui(here: Places) -> Smtui:
    """Call smtui as a shell would; gives the finished process."""

    def call(*arguments: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "smtui", *map(str, arguments)],
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=dict(os.environ),
        )

    return call
