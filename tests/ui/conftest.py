"""Screens on real documents and a real Valkey, driven by keys and read as text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from smtui.ui.app import SmtuiApp
from smtui.ui.opening_screen import OpeningScreen
from smtui.ui.options import Options
from tests.servers.valkey_server import ValkeyServer, running
from tests.ui.screen_home import Home, OpenApp, settle, until


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    with running() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, valkey: ValkeyServer) -> Home:
    return Home(folder=tmp_path, valkey=valkey)


@pytest.fixture
def open_app(home: Home) -> OpenApp:
    """Give `async with open_app(size=(80, 24)) as pilot`, the app open and at rest."""

    @asynccontextmanager
    async def opening(
        size: tuple[int, int] = (80, 24), options: Options | None = None
    ) -> AsyncIterator[Pilot[None]]:
        app = SmtuiApp(
            home.open_services, options or Options(place="studio-box", address=str(home.folder))
        )
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(lambda: not isinstance(app.screen, OpeningScreen))
            await settle(app)
            yield pilot

    return opening
