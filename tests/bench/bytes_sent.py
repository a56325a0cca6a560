"""How many bytes the screens send to a terminal of 120 by 40, per deed and per second.

Run as `poe bench-bytes [--lines thin,256,true]`. The goals: a move after which the
cursor rests sends at most 8 kB over a thin line and 30 kB in true colour, the runs at most 1 kB/s
while one goes on, and whatever is open and at rest nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from smtui import wiring
from smtui.demo.sounds import make
from smtui.domain.analysis import Level
from smtui.settings import Settings
from tests.bench.home import throwaway_home
from tests.bench.open_library import PLAIN, THIN, make_library, on_screen
from tests.journeys.killing import short_sounds
from tests.journeys.terminal import Terminal
from tests.local.private_home import Private

LINES: Mapping[str, Mapping[str, str]] = {
    "thin": THIN,
    "256": {"COLORTERM": ""},
    "true": PLAIN,
}
TONES = 40
MOVES = 6
QUIET_SECONDS = 2.0
IDLE_SECONDS = 6.0
RUN_SECONDS = 10.0
# Listening to these takes longer than the looking at them.
RUN_SOUNDS = 2_000
GOALS = {
    ("move and rest", "thin"): 8_000,
    ("move and rest", "true"): 30_000,
    ("runs, one goes on, a second", "thin"): 1_000,
    ("library at rest, a second", "thin"): 0,
    ("filter open, a second", "thin"): 0,
}
Row = dict[str, float]


def write_sounds(folder: Path) -> None:
    """Write the demo's sounds, which pictures are full of, and below them tones to scroll to."""
    make(folder)
    tones = short_sounds(folder / "tones", TONES, seconds=0.25)
    for path in tones.iterdir():
        path.rename(path.with_name(f"z {path.name}"))


async def sent(terminal: Terminal, keys: str) -> int:
    """Press, and wait until all is drawn; gives the bytes."""
    before = terminal.received
    terminal.press(keys)
    await terminal.rests(QUIET_SECONDS)
    return terminal.received - before


async def each_second(terminal: Terminal, seconds: float) -> float:
    """Touch nothing; gives the bytes a second."""
    before, began = terminal.received, time.monotonic()
    await asyncio.sleep(seconds)
    after, ended = terminal.received, time.monotonic()
    # A screen that has ended sends nothing either.
    await terminal.rests(0.0)
    return (after - before) / (ended - began)


async def measure(terminal: Terminal) -> Row:
    """Do what people do most, and note what each deed sends."""
    row: Row = {}
    await sent(terminal, "j")
    row["move and rest"] = sum([await sent(terminal, "j") for _ in range(MOVES)]) / MOVES
    before = terminal.received
    for _ in range(MOVES):
        terminal.press("j")
        await asyncio.sleep(0.033)
    await terminal.rests(QUIET_SECONDS)
    row["a held key, each move"] = (terminal.received - before) / MOVES
    row["half a page"] = await sent(terminal, "\x04")
    row["library at rest, a second"] = await each_second(terminal, IDLE_SECONDS)
    row["a sound opens"] = await sent(terminal, "\r")
    row["next sound"] = await sent(terminal, "J")
    row["back to the library"] = await sent(terminal, "q")
    row["similar opens"] = await sent(terminal, "s")
    row["back from it"] = await sent(terminal, "q")
    row["filter opens"] = await sent(terminal, "/")
    row["a letter of the filter"] = await sent(terminal, "k")
    row["filter open, a second"] = await each_second(terminal, IDLE_SECONDS)
    await sent(terminal, "\x1b")
    await sent(terminal, "\x1b")
    return row


async def watch_run(terminal: Terminal) -> Row:
    """Look at the runs while one goes on."""
    row = {"library, a run goes on, a second": await each_second(terminal, RUN_SECONDS)}
    terminal.press("b")
    await asyncio.sleep(4)
    return row | {"runs, one goes on, a second": await each_second(terminal, RUN_SECONDS)}


def show(rows: Mapping[str, Row]) -> bool:
    """Print the table; whether every goal was reached."""
    deeds = list(dict.fromkeys(deed for row in rows.values() for deed in row))
    print(f"{'bytes':<36}" + "".join(f"{line:>10}" for line in rows))
    reached = True
    for deed in deeds:
        print(f"{deed:<36}" + "".join(f"{row[deed]:>10,.0f}" for row in rows.values()), end="")
        missed = [
            line for line, row in rows.items() if row[deed] > GOALS.get((deed, line), row[deed])
        ]
        reached = reached and not missed
        print(f"  over the goal: {', '.join(missed)}" if missed else "")
    return reached


async def run(private: Private, wanted: argparse.Namespace) -> bool:
    """Measure each kind of line in turn."""
    lines = wanted.lines.split(",")
    rows: dict[str, Row] = {}
    count = await make_library(private, write_sounds)
    for line in lines:
        async with on_screen(count, LINES[line]) as terminal:
            rows[line] = await measure(terminal)
    more = private.places.data.parent.parent / "more"
    await asyncio.to_thread(short_sounds, more, RUN_SOUNDS, seconds=0.2, seed=7)
    async with wiring.services(private.places, Settings()) as services:
        owner = await services.accounts.for_command_line()
        async for _ in services.scans.scan([more], by=owner):
            pass
        run_id = await services.batches.start_unheard(owner, Level.ADVANCED)
        assert run_id is not None
        for line in lines:
            async with on_screen(count + RUN_SOUNDS, LINES[line], rest=False) as terminal:
                rows[line] |= await watch_run(terminal)
        progress = await services.batches.runs.progress(run_id)
        assert progress is not None
        assert not progress.status.ended, "the run ended before it was looked at"
        await services.batches.cancel(run_id, by=owner)
    await wiring.private_servers(private.places, Settings()).stop(now=True)
    return show(rows)


def main() -> None:
    """Measure, print the table, and end with 1 where a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", default=",".join(LINES))
    wanted = parser.parse_args()
    with throwaway_home() as private:
        reached = asyncio.run(run(private, wanted))
    sys.exit(0 if reached else 1)


if __name__ == "__main__":
    main()
