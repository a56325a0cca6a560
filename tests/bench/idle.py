"""What an open screen and its private processes cost while nobody touches a key.

Run as `poe bench-idle [--seconds 60]` on Linux. Wake-ups are switches of context of all threads,
processor time is what the system has counted. The goals, all processes together: at most 0.2 % of a
core and 20 wake-ups a second.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

import psutil

from smtui import wiring
from smtui.settings import Settings
from tests.bench.home import throwaway_home
from tests.bench.open_library import make_library, on_screen
from tests.journeys.killing import short_sounds
from tests.journeys.terminal import Terminal
from tests.local.private_home import Private

SHARE, WAKE_UPS = 0.2, 20.0
SOUNDS = 40
# By then the worker has ended, or waits for its next run.
SETTLING_SECONDS = 15.0
_SWITCHES = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")


class Cost(NamedTuple):
    """What a process has used so far: s of processor, wake-ups."""

    seconds: float
    wakes: int


def cost(process: psutil.Process) -> Cost:
    """Look at all its threads, also those that slept all the while."""
    wakes = 0
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        lines = dict(line.split(":", 1) for line in (task / "status").read_text().splitlines())
        wakes += sum(int(lines[name]) for name in _SWITCHES)
    times = process.cpu_times()
    return Cost(times.user + times.system, wakes)


def name(process: psutil.Process, screen: int) -> str:
    """Say which of ours it is."""
    if process.pid == screen:
        return "the screen"
    words = " ".join(process.cmdline())
    for part, meaning in (
        ("painter", "painter"),
        ("keeper", "keeper"),
        ("valkey", "Valkey"),
        ("chroma", "Chroma"),
        ("watch", "watcher"),
        ("celery", "worker"),
        ("worker", "worker"),
    ):
        if part in words:
            return meaning
    return words[:30]


async def look(private: Private, terminal: Terminal, seconds: float) -> bool:
    """Measure for so long; print a line per process, and whether the goals were reached."""
    await asyncio.sleep(SETTLING_SECONDS)
    processes = [psutil.Process(terminal.pid), *private.all_running()]
    processes = list({process.pid: process for process in processes}.values())
    before = {process: cost(process) for process in processes}
    began, sent = time.monotonic(), terminal.received
    await asyncio.sleep(seconds)
    passed = time.monotonic() - began
    # A screen that has ended costs nothing either.
    await terminal.rests(0.0)
    print(f"{'at rest, ' + format(passed, '.0f') + ' s':<24}{'% of a core':>12}{'wakes/s':>10}")
    share = wakes = 0.0
    for process, then in before.items():
        if not process.is_running():
            continue
        now = cost(process)
        used = 100 * (now.seconds - then.seconds) / passed
        woken = (now.wakes - then.wakes) / passed
        share, wakes = share + used, wakes + woken
        print(f"{name(process, terminal.pid):<24}{used:>12.2f}{woken:>10.1f}")
    print(f"{'together':<24}{share:>12.2f}{wakes:>10.1f}  (goals {SHARE}, {WAKE_UPS:.0f})")
    print(f"{terminal.received - sent:,} bytes sent")
    return share <= SHARE and wakes <= WAKE_UPS


async def run(private: Private, wanted: argparse.Namespace) -> bool:
    """Open the library, and wait."""
    sounds = await make_library(private, partial(short_sounds, count=SOUNDS, seconds=0.1))
    async with on_screen(sounds) as terminal:
        reached = await look(private, terminal, wanted.seconds)
    await wiring.private_servers(private.places, Settings()).stop(now=True)
    return reached


def main() -> None:
    """Measure, print the table, and end with 1 where a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    wanted = parser.parse_args()
    with throwaway_home() as private:
        reached = asyncio.run(run(private, wanted))
    sys.exit(0 if reached else 1)


if __name__ == "__main__":
    main()
