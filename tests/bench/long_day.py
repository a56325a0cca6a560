"""A long day at one screen: how much memory it grows by, and how long keys wait for their answer.

Run as `poe long-day [--visits 200] [--sounds 3600]`. The screen runs in a terminal of its own, on
made sounds that were listened to; a key's answer is the first byte that it has drawn. Beside it the
same machine's own pauses are measured, by a process that only sleeps.

The goals: memory within 20 MB of the start, and of 1,000 keys none that waits longer than 150 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil

from smtui import wiring
from smtui.settings import Settings
from tests.bench.home import throwaway_home
from tests.bench.open_library import make_library, on_screen
from tests.journeys.killing import short_sounds
from tests.journeys.terminal import Terminal
from tests.local.private_home import Private

# What opens a screen, what is done there, what leaves it.
VISITS = (
    ("\r", "llhh", "q"),
    ("s", "jjjk", "q"),
    ("\r", "vJ", "q"),
    ("b", "", "q"),
    ("?", "", "q"),
    ("f", "", "q"),
)
# Moves between two visits: some rows on, and some of them back.
MOVES = "jjjjjjjjjjjjjkkkkkkkk"
GROWN_MB, WAITED_MS = 20.0, 150.0
# A person's fastest; a held key repeats as fast.
BETWEEN_SECONDS = 0.03
# What a slow key is given, before it is noted as one that drew nothing.
PATIENCE_SECONDS = 6.0
FIRST_ROUND = len(VISITS)


@dataclass
class Day:
    """What was measured.

    Attributes:
        waited: for each key how long it took to be answered, s.
        silent: keys that drew nothing.
        late: how much later than wished a mere sleeper woke, s.
        memory: what is noted where: (moment, resident, its own alone), MB.
    """

    waited: list[tuple[float, str]] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    memory: list[tuple[str, float, float]] = field(default_factory=list)

    async def press(self, terminal: Terminal, key: str, where: str) -> None:
        """Press a key and wait for its answer."""
        pressed = terminal.press(key)
        try:
            drawn = await terminal.draws(PATIENCE_SECONDS)
        except TimeoutError:
            self.silent.append(f"{key!r} {where}")
        else:
            self.waited.append((drawn - pressed, f"{key!r} {where}"))
        await asyncio.sleep(BETWEEN_SECONDS)

    def weigh(self, terminal: Terminal, moment: str) -> None:
        """Note how much memory the screen has."""
        memory = psutil.Process(terminal.pid).memory_full_info()
        rollup = Path(f"/proc/{terminal.pid}/smaps_rollup")
        # Pages of mapped files are the system's to take back; elsewhere they cannot be told apart.
        own = memory.uss
        if rollup.exists():
            lines = (line.split() for line in rollup.read_text().splitlines())
            own = next(int(words[1]) * 1024 for words in lines if words[0] == "Anonymous:")
        self.memory.append((moment, memory.rss / 1e6, own / 1e6))

    async def sleep_beside(self) -> None:
        """Sleep, and note how late one wakes."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            self.late.append(time.monotonic() - began - 0.01)


async def live(terminal: Terminal, visits: int) -> Day:
    """Open and leave screens, and move in between."""
    day = Day()
    beside = asyncio.create_task(day.sleep_beside())
    day.weigh(terminal, "at the start")
    for number, (opening, doing, leaving) in enumerate(
        itertools.islice(itertools.cycle(VISITS), visits)
    ):
        if number == FIRST_ROUND:
            day.weigh(terminal, "each screen seen once")
        if number == visits // 2:
            day.weigh(terminal, "at noon")
        await day.press(terminal, opening, "opens")
        # What a person looks at before the next key.
        await terminal.rests(0.15)
        for key in doing:
            await day.press(terminal, key, f"after {opening!r}")
        await day.press(terminal, leaving, f"leaves {opening!r}")
        await terminal.rests(0.15)
        for key in MOVES:
            await day.press(terminal, key, "in the library")
    await terminal.rests(2.0)
    day.weigh(terminal, "at the end")
    beside.cancel()
    return day


def show(day: Day, sounds: int, visits: int) -> bool:
    """Print the table; whether the goals were reached."""
    waited = [1000 * seconds for seconds, _ in day.waited]
    print(f"{sounds:,} sounds, {visits} screens opened and left, {len(waited):,} keys answered")
    for moment, resident, own in day.memory:
        print(f"{moment:<40} {resident:7.0f} MB resident, {own:6.0f} MB its own")
    print(f"{'ms':<40} {'p50':>8}{'p95':>8}{'p99.9':>8}{'most':>8}")
    for words, those in (
        ("from a key to its answer", waited),
        ("a mere sleeper on the same machine, late", [1000 * seconds for seconds in day.late]),
    ):
        cuts = statistics.quantiles(those, n=1000)
        print(f"{words:<40} {cuts[499]:8.0f}{cuts[949]:8.0f}{cuts[998]:8.0f}{max(those):8.0f}")
    for seconds, words in sorted(day.waited, reverse=True)[:5]:
        print(f"{'':<40} {1000 * seconds:8.0f}  {words}")
    if day.silent:
        print(f"{len(day.silent)} keys drew nothing: {', '.join(sorted(set(day.silent)))}")
    grown = day.memory[-1][2] - day.memory[0][2]
    slow = sum(each > WAITED_MS for each in waited)
    print(f"{'grown by':<40} {grown:7.1f} MB (goal {GROWN_MB:.0f})")
    print(f"{'keys over 150 ms':<40} {slow} of {len(waited):,} (goal: none in 1,000)")
    return grown <= GROWN_MB and slow * 1000 <= len(waited)


async def run(private: Private, wanted: argparse.Namespace) -> bool:
    """Make the library, live through the day."""
    write = partial(short_sounds, count=wanted.sounds, seconds=0.1)
    sounds = await make_library(private, write)
    async with on_screen(sounds) as terminal:
        day = await live(terminal, wanted.visits)
    await wiring.private_servers(private.places, Settings()).stop(now=True)
    return show(day, sounds, wanted.visits)


def main() -> None:
    """Measure, print the table, and end with 1 where a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=200)
    parser.add_argument("--sounds", type=int, default=3_600)
    wanted = parser.parse_args()
    with throwaway_home() as private:
        reached = asyncio.run(run(private, wanted))
    sys.exit(0 if reached else 1)


if __name__ == "__main__":
    main()
