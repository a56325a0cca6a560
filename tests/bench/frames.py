"""How long the event loop of a screen is held at a stretch: what a frame may be late by."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from smtui import wiring
from smtui.paths import Places
from smtui.settings import Settings
from smtui.ui.app import SmtuiApp
from smtui.ui.opening_screen import OpeningScreen
from smtui.ui.options import Options
from tests.local.private_home import until

_LOOK_SECONDS = 0.002


@asynccontextmanager
async def screen(places: Places) -> AsyncIterator[Pilot[None]]:
    """Open the library's screen, 120 by 40, on the private servers."""
    app = SmtuiApp(lambda: wiring.services(places, Settings()), Options(place="bench"))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(lambda: not isinstance(app.screen, OpeningScreen))
        yield pilot


async def held(seconds: float) -> list[float]:
    """Look as often as the loop lets one; gives how long each look was late, ms."""
    late: list[float] = []
    end = time.perf_counter() + seconds
    before = time.perf_counter()
    while before < end:
        await asyncio.sleep(_LOOK_SECONDS)
        now = time.perf_counter()
        late.append(max(0.0, now - before - _LOOK_SECONDS) * 1000)
        before = now
    return late


def summed(late: list[float]) -> str:
    """Say median, 99th hundredth and most."""
    hundredths = statistics.quantiles(late, n=100)
    return f"{statistics.median(late):.1f}, {hundredths[98]:.1f}, {max(late):.1f}"
