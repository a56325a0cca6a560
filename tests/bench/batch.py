"""What a batch costs beyond listening, beside plain listening to the same files in the same run.

Run it as `poe bench-batch [--repeat 3] [--files 200] [--rows 100000] [--only PART…]`. Parts:

- children: the same sounds by two children and by one; goal at least 1.8 times as fast (needs two
  processors that nobody else uses).
- overhead: one child against the listening that it did itself, and against a loop over the same
  files; goal at most 10 % more time. A busy machine spoils the first least.
- start: asking for 100,000 files; goal at most 10 s. Then some minutes of hearing them, and how
  the memory of the child that hears grows; and how a screen that looks on stays free.
- single: from asking for one sound to its result, less the listening itself, with the worker warm
  and idle, goal at most 150 ms; and while a batch runs, where the rest of one file comes on top.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil
import soundfile

from smtui import wiring
from smtui.domain.account import Account
from smtui.domain.analysis import Level
from smtui.domain.batch import RunId, RunProgress
from smtui.domain.sample import FileId, FoundFile
from smtui.services.box import Services
from smtui.settings import Settings
from smtui.stores.sqlite.library import opened
from smtui.wiring import SystemClock
from tests.bench.frames import held, screen, summed
from tests.bench.home import throwaway_home
from tests.local.private_home import Private, until

RATE = 44_100
LEVEL = Level.ADVANCED
PLAIN = """
import os, sys, time
os.nice(10)
from pathlib import Path
from smtui.audio.recipe import Recipe
from smtui.domain.analysis import Level
first, *paths = (Path(path) for path in sys.stdin.read().splitlines())
recipe = Recipe()
recipe.listen(first, level=Level.ADVANCED)
wall, work = time.perf_counter(), time.process_time()
for path in paths:
    recipe.listen(path, level=Level.ADVANCED)
print(time.perf_counter() - wall, time.process_time() - work)
"""
THREADS = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}


def sounds(folder: Path, count: int, *, seconds: float, seed: int) -> list[Path]:
    """Write stereo sounds with a beat, each of its own bytes."""
    folder.mkdir(parents=True)
    chance = np.random.default_rng(seed)
    time_of = np.arange(round(RATE * seconds)) / RATE
    paths = []
    for number in range(count):
        beat = np.exp(-12 * (time_of % (60 / (90 + number % 80))))
        tone = np.sin(2 * np.pi * (55 + 3 * number) * time_of) * beat
        sides = 0.4 * tone[:, None] + 0.05 * chance.standard_normal((len(time_of), 2))
        paths.append(folder / f"{number:04d}.wav")
        soundfile.write(paths[-1], sides, RATE)
    return paths


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Time on the wall and of processors, and what of the wall's was listening, s."""

    wall: float
    work: float
    listening: float


class Studio:
    """An open library with a worker of its own, warm and idle."""

    def __init__(self, private: Private, services: Services, owner: Account) -> None:
        self.private = private
        self.services = services
        self.owner = owner

    async def taken_in(self, folder: Path) -> tuple[FileId, ...]:
        """Scan a folder; gives what was not yet heard."""
        async for _ in self.services.scans.scan([folder], by=self.owner):
            pass
        return await self.services.batches.unheard(self.owner, LEVEL)

    async def heard(self, ids: Sequence[FileId], *, urgent: bool = False) -> RunProgress:
        """Have sounds heard and wait for the end."""
        run_id = await self.services.batches.start(ids, LEVEL, by=self.owner, urgent=urgent)
        return await self.ended(run_id)

    async def ended(self, run_id: RunId) -> RunProgress:
        async for progress in self.services.batches.watch(run_id):
            last = progress
        return last

    def processes(self) -> list[psutil.Process]:
        """Everything that works in the background."""
        return [
            process
            for process in self.private.all_running()
            if process.pid != os.getpid() and process.is_running()
        ]

    def hearing(self) -> psutil.Process:
        """The child that has worked most."""
        worker = psutil.Process(self.private.pid("worker"))
        return max(worker.children(recursive=True), key=lambda one: sum(one.cpu_times()[:2]))

    def work(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in self.processes())


@asynccontextmanager
async def studio(private: Private, *, children: int) -> AsyncIterator[Studio]:
    """Open the library with so many children, warmed by one sound each."""
    settings = Settings()
    settings = replace(settings, work=replace(settings.work, children=children))
    async with wiring.services(private.places, settings) as services:
        made = Studio(private, services, await services.accounts.for_command_line())
        folder = private.places.data.parent.parent / "warm" / f"{time.monotonic_ns()}"
        sounds(folder, 8 * children, seconds=1.0, seed=time.monotonic_ns() % 2**32)
        await made.heard(await made.taken_in(folder))
        await asyncio.sleep(1)
        try:
            yield made
        finally:
            await wiring.private_servers(private.places, settings).stop(now=True)
            await until(lambda: private.pid("worker") is None)


def plain(paths: Sequence[Path]) -> Spent:
    """Listen to files in a loop, as nicely as a worker does."""
    done = subprocess.run(
        [sys.executable, "-c", PLAIN],
        input="\n".join(map(str, [paths[0], *paths])),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | THREADS,
    )
    wall, work = map(float, done.stdout.split())
    return Spent(wall=wall, work=work, listening=wall)


async def batch(private: Private, folder: Path, *, children: int) -> Spent:
    """Have the sounds of a folder heard as a batch."""
    async with studio(private, children=children) as made:
        ids = await made.taken_in(folder)
        before = made.work()
        run = await made.heard(ids)
        work = made.work() - before
        analyses = await made.services.analyses.of_many(ids)
    listening = sum(each.measured.processing_time for each in analyses.values())
    assert run.completed == run.total, run
    assert run.finished_at is not None
    wall = (run.finished_at - run.created_at).total_seconds()
    return Spent(wall=wall, work=work, listening=listening)


async def bench_runs(private: Private, wanted: argparse.Namespace) -> None:
    """Tell two children against one, and one against a loop."""
    base = private.places.data.parent.parent
    twice, more, more_work, beyond, machine = [], [], [], [], []
    for turn in range(wanted.repeat):
        folders = [base / f"{name}{turn}" for name in ("one", "two")]
        # The same sounds but for their noise: what was heard once is not heard again.
        kept = [
            sounds(folder, wanted.files, seconds=3.0, seed=2 * turn + place)
            for place, folder in enumerate(folders)
        ]
        alone = await asyncio.to_thread(plain, kept[0])
        one = await batch(private, folders[0], children=1)
        two = await batch(private, folders[1], children=2) if "children" in wanted.only else None
        halves = kept[0][::2], kept[0][1::2]
        beside = await asyncio.gather(*(asyncio.to_thread(plain, half) for half in halves))
        machine.append(alone.wall / max(each.wall for each in beside))
        more.append(one.wall / alone.wall)
        more_work.append(one.work / alone.work)
        beyond.append(one.wall / one.listening)
        say(
            f"  loop {alone.wall:6.2f} s ({alone.work:.2f} s of processor)"
            f"   one child {one.wall:6.2f} s ({one.work:.2f} s)"
            + (f"   two children {two.wall:6.2f} s" if two else "")
        )
        if two:
            twice.append(one.wall / two.wall)
    if twice:
        row("two children against one, times as fast", twice, "at least 1.8")
        row("two loops side by side against one, as fast", machine, "what the machine gives")
    row("one child against its own listening, time", beyond, "at most 1.10")
    row("one child against a loop, time", more, "at most 1.10")
    row("one child against a loop, processor time", more_work, "")


async def bench_start(private: Private, wanted: argparse.Namespace) -> None:
    """Tell how long asking for many files takes, and whether memory grows with them."""
    base = private.places.data.parent.parent
    paths = sounds(base / "many", 400, seconds=0.2, seed=7)
    rows = [_row(paths[number % len(paths)], number) for number in range(wanted.rows)]
    async with studio(private, children=1) as made:
        async with opened(private.places.database) as documents:
            for start in range(0, len(rows), 1_000):
                await documents.samples.add_found(
                    rows[start : start + 1_000],
                    user_id=made.owner.user_id,
                    at=SystemClock().now(),
                )
        began = time.perf_counter()
        run_id = await made.services.batches.start_unheard(made.owner, LEVEL)
        took = time.perf_counter() - began
        assert run_id is not None
        say(f"{f'asking for {wanted.rows:,} files, s':<44} {took:.2f}   goal at most 10")
        await _look_on(private, wanted.minutes * 15)
        await _memory(made, run_id, wanted.minutes * 60)
        await made.services.batches.cancel(run_id, by=made.owner)


async def _look_on(private: Private, seconds: float) -> None:
    """Tell how long a screen's loop is held while it shows the run, and the library filling."""
    async with screen(private.places) as pilot:
        for key, what in (("b", "runs"), ("q", "library")):
            await pilot.press(key)
            await held(2)
            late = await held(seconds)
            words = f"{f'{what} on the screen, loop held, ms':<44} {summed(late)}"
            say(f"{words} (median, p99, most)   goal at most 16 a frame")


def _row(path: Path, number: int) -> FoundFile:
    """A row of a file that is there under another name, too, so that 100,000 need few bytes."""
    name = path.with_name(f"{number:06d}.wav")
    os.link(path, name)
    status = name.stat()
    return FoundFile(
        file_path=str(name),
        file_size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        # As another program would add it, so that none is known from another of the same bytes.
        file_hash="",
        duration=0.2,
        sample_rate=RATE,
        channels=2,
        format="wav",
    )


async def _memory(made: Studio, run_id: RunId, seconds: float) -> None:
    marks: list[tuple[int, float]] = []
    began, before = time.monotonic(), _listened(made)
    end = began + seconds
    async for progress in made.services.batches.watch(run_id):
        if not marks or progress.ended_files >= marks[-1][0] + 100:
            marks.append((progress.ended_files, _own_memory(made.hearing())))
        if time.monotonic() > end:
            break
    listening = (_listened(made) - before) / (time.monotonic() - began)
    settled = [mark for mark in marks if mark[0] >= 500] or marks
    (files, first), (last_files, last) = settled[0], settled[-1]
    most = max(size for _, size in settled)
    say(
        f"{'memory of the child that hears, MB':<44} {first:.0f} after {files:,} files,"
        f" {last:.0f} after {last_files:,}, most {most:.0f}"
    )
    say(f"{'  of the time it listened, %':<44} {100 * listening:.0f}")


def _own_memory(process: psutil.Process) -> float:
    """What a process holds alone, MB: not the pages of the library that it has mapped."""
    memory = process.memory_info()
    return float(memory.rss - memory.shared) / 1e6


def _listened(made: Studio) -> float:
    """How long all sounds of the library took to be heard, s."""
    with closing(sqlite3.connect(made.private.places.database)) as documents:
        question = "SELECT coalesce(sum(processing_time), 0) FROM analyses"
        return float(documents.execute(question).fetchone()[0])


async def bench_single(private: Private, wanted: argparse.Namespace) -> None:
    """Tell how long one sound takes beyond the listening, idle and busy."""
    base = private.places.data.parent.parent
    async with studio(private, children=1) as made:
        ids = await made.taken_in(_made(base / "single", wanted.singles, 3.0))
        half = len(ids) // 2
        idle = [await _single(made, file_id) for file_id in ids[:half]]
        busy_ids = await made.taken_in(_made(base / "busy", wanted.files, 3.0))
        long = await made.services.batches.start(
            [one for one in busy_ids if one not in ids], LEVEL, by=made.owner
        )
        await asyncio.sleep(1)
        busy, rest = [], []
        for file_id in ids[half:]:
            busy.append(await _single(made, file_id))
            rest.append(await _heard_in(made, file_id))
            await asyncio.sleep(0.3)
        progress = await made.services.batches.runs.progress(long)
        assert progress is not None
        if progress.status.ended:
            say("  the batch had ended meanwhile: ask for more --files")
        await made.services.batches.cancel(long, by=made.owner)
    row("one sound, idle, beyond listening, ms", [1000 * one for one in idle], "at most 150")
    row("one sound, busy, beyond listening, ms", [1000 * one for one in busy], "")
    row("  of which the rest of one file may be, ms", [1000 * one for one in rest], "")


def _made(folder: Path, count: int, seconds: float) -> Path:
    sounds(folder, count, seconds=seconds, seed=count)
    return folder


async def _single(made: Studio, file_id: FileId) -> float:
    """From asking to the result, less the listening, s."""
    began = time.perf_counter()
    run = await made.heard([file_id], urgent=True)
    took = time.perf_counter() - began
    assert run.completed == 1, run
    return took - await _heard_in(made, file_id)


async def _heard_in(made: Studio, file_id: FileId) -> float:
    analysis = await made.services.analyses.of(file_id)
    assert analysis is not None
    return analysis.measured.processing_time


def row(words: str, values: Sequence[float], goal: str) -> None:
    """Print the median and all values."""
    every = " ".join(f"{value:.2f}" if value < 20 else f"{value:.0f}" for value in values)
    told = f"{statistics.median(values):.2f}"
    say(f"{words:<44} {told:>7}   of {every}" + (f"   goal {goal}" if goal else ""))


def say(words: str) -> None:
    print(words, flush=True)


async def bench(private: Private, wanted: argparse.Namespace) -> None:
    """Do what is wanted in one home."""
    private.places.prepare()
    if {"children", "overhead"} & {*wanted.only}:
        await bench_runs(private, wanted)
    if "single" in wanted.only:
        await bench_single(private, wanted)
    if "start" in wanted.only:
        await bench_start(private, wanted)


def main() -> None:
    """Print the table."""
    parts = ("children", "overhead", "single", "start")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--singles", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long memory is watched")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts)
    wanted = parser.parse_args()
    say(json.dumps({"processors": os.cpu_count(), "load": os.getloadavg()[0]}))
    with throwaway_home() as private:
        asyncio.run(bench(private, wanted))


if __name__ == "__main__":
    main()
