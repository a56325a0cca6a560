"""The line to the machine drops while sounds are heard: the run goes on, and is seen at once."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from pathlib import Path

from smtui.domain.batch import RunId, RunProgress, State
from smtui.stores.sqlite.library import opened
from tests.journeys.killing import Audit, short_sounds
from tests.journeys.machine import Machine
from tests.journeys.terminal import Terminal
from tests.local.private_home import until

SOUNDS = 150
HANG_UP = 129
_HEARD = re.compile(r"analysing (\d+) of (\d+)")


async def the_run(machine: Machine) -> tuple[RunId, RunProgress]:
    """The one run of this machine, looked at without using its servers."""
    async with opened(machine.places.database) as documents:
        (anna,) = await documents.accounts.all()
        (run,) = await documents.batches.runs(user_id=anna.user_id, limit=2)
    return run.run_id, run


async def the_end(machine: Machine) -> RunProgress:
    """Wait for the end of the run, as nobody who uses its servers."""
    end = time.monotonic() + 120
    while not (run := (await the_run(machine))[1]).status.ended:
        assert time.monotonic() < end, run
        await asyncio.sleep(0.2)
    return run


async def entered(terminal: Terminal) -> None:
    """Start the screens, and come from the first frame into the library."""
    terminal.start()
    if await terminal.sees("Press Enter to start", "of 150", seconds=60) != "of 150":
        terminal.press("\r")
        await terminal.sees("of 150", seconds=60)


async def test_a_run_goes_on_when_the_line_drops_and_the_next_screen_shows_it_first(
    embedded: Machine, tmp_path: Path
) -> None:
    folder = short_sounds(tmp_path / "sounds", SOUNDS, seconds=4)
    embedded.variables["SMTUI_WORK_START"] = "false"
    assert embedded.smtui("scan", folder).returncode == 0
    terminal = Terminal(embedded.environment)
    await entered(terminal)
    terminal.press("A")
    await terminal.sees(" of 150", seconds=60)
    run_id, _ = await the_run(embedded)
    os.kill(terminal.pid, signal.SIGHUP)
    # No second signal before this one has done its work.
    await until(lambda: terminal.ended)
    assert await terminal.leave() == HANG_UP

    _, before = await the_run(embedded)
    began = time.monotonic()
    terminal = Terminal(embedded.environment)
    terminal.start()
    await terminal.sees(" of 150", seconds=60)
    print(f"\nthe next screen showed the run after {time.monotonic() - began:.2f} s")
    shown = _HEARD.search(terminal.text)
    assert shown is not None
    assert int(shown[1]) >= before.ended_files, "its first value is the present"
    run = await the_end(embedded)
    assert await terminal.leave() == 143
    assert (run.status, run.completed) == (State.COMPLETED, SOUNDS)
    assert Audit.of(embedded.places.database, run_id) == Audit()
