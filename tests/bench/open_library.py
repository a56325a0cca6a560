"""A library of made sounds in a home that is thrown away, and the screens on it in a terminal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from smtui import wiring
from smtui.domain.account import Account
from smtui.domain.analysis import Level
from smtui.services.box import Services
from smtui.settings import Settings
from tests.journeys.terminal import Terminal
from tests.local.private_home import Private

WIDE = (120, 40)
# What a look at the terminal takes for granted; each can be said otherwise.
PLAIN = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
THIN = {"SSH_CONNECTION": "192.0.2.1 2 192.0.2.2 22", "COLORTERM": ""}


async def add_sounds(services: Services, owner: Account, folder: Path) -> int:
    """Take in what is in a folder, and have it heard; gives how many sounds that are."""
    async for _ in services.scans.scan([folder], by=owner):
        pass
    run_id = await services.batches.start_unheard(owner, Level.ADVANCED)
    assert run_id is not None
    async for progress in services.batches.watch(run_id):
        last = progress
    return last.total


async def make_library(private: Private, write: Callable[[Path], object]) -> int:
    """Make the account, which stays signed in, and the sounds that `write` puts into a folder."""
    private.places.prepare()
    folder = private.places.data.parent.parent / "sounds"
    await asyncio.to_thread(write, folder)
    async with wiring.services(private.places, Settings()) as services:
        owner = await services.accounts.for_command_line()
        return await add_sounds(services, owner, folder)


@asynccontextmanager
async def on_screen(
    count: int,
    environment: Mapping[str, str] = PLAIN,
    size: tuple[int, int] = WIDE,
    *,
    rest: bool = True,
) -> AsyncIterator[Terminal]:
    """Open the screens on the library of so many sounds, and wait until they rest."""
    asked = {**os.environ, **PLAIN, **environment}
    terminal = Terminal(asked, columns=size[0], lines=size[1])
    terminal.start()
    try:
        shown, newcomer = f"of {count:,}", "Press Enter to start"
        if await terminal.sees(newcomer, shown, seconds=60) == newcomer:
            terminal.press("\r")
            await terminal.sees(shown, seconds=60)
        if rest:
            await terminal.rests(3.0)
        yield terminal
    finally:
        await terminal.leave()
