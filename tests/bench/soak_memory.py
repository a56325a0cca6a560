"""How a worker's child grows while it listens to short sounds for a long time.

Run it as `poe soak-memory [--minutes 60] [--level full] [--sounds 2000] [--from FOLDER]`. A
person's own library takes in short sounds, made here or varied from those of a folder, has them
heard by one child, and takes in the next ones when it is done, until the time is over. Every half
minute a line says how many were heard, how large the library's file is, and what the child takes,
MB: in all (resident, with what it shares), and of its own (private: what would be free without
it). At the end once more, after half a minute at rest.

Goal: at most 200 MB resident after an hour at level `advanced`.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import soundfile

from smtui.domain.analysis import Level
from tests.bench.batch import Studio, sounds, studio
from tests.bench.home import throwaway_home

EVERY_SECONDS = 30.0
REST_SECONDS = 30.0
LONGEST_SOURCE = 12.0


def main() -> None:
    wanted = arguments()
    with throwaway_home() as private:
        base = private.places.data.parent.parent

        async def soak() -> None:
            async with studio(private, children=1) as made:
                await grown(made, base / "sounds", wanted)

        asyncio.run(soak())


async def grown(made: Studio, folder: Path, wanted: argparse.Namespace) -> None:
    """Have sounds heard until the time is over, and print how the child grows meanwhile."""
    begin = time.monotonic()
    heard = 0
    print("minute  library  resident  private  largest resident so far")
    printing = asyncio.ensure_future(watched(made, begin))
    for number, part in enumerate(parts(folder, wanted)):
        ids = await made.taken_in(part)
        run_id = await made.services.batches.start(ids, Level(wanted.level), by=made.owner)
        async for progress in made.services.batches.watch(run_id):
            last = progress
            if time.monotonic() - begin > 60 * wanted.minutes and not last.status.ended:
                await made.services.batches.cancel(run_id, by=made.owner)
        heard += last.completed
        print(f"        run {number + 1}: {last.completed} heard, {last.failed} failed")
        if time.monotonic() - begin > 60 * wanted.minutes:
            break
    printing.cancel()
    await asyncio.sleep(REST_SECONDS)
    print(f"at rest: {line(made, begin)}; {heard} sounds heard")


async def watched(made: Studio, begin: float) -> None:
    """Print a line now and then."""
    while True:
        print(line(made, begin), flush=True)
        await asyncio.sleep(EVERY_SECONDS)


_largest = [0.0]


def line(made: Studio, begin: float) -> str:
    """Say how it stands."""
    child = made.hearing()
    memory = child.memory_full_info()
    rows = made.private.places.database.stat().st_size / 1e6
    _largest[0] = max(_largest[0], memory.rss / 1e6)
    minutes = (time.monotonic() - begin) / 60
    return (
        f"{minutes:6.1f}  {rows:7.0f}  {memory.rss / 1e6:8.0f}  {memory.uss / 1e6:7.0f}"
        f"  {_largest[0]:23.0f}   process {child.pid}, {cpu(child):.0f} s of processor"
    )


def cpu(process: psutil.Process) -> float:
    """Seconds of processor so far."""
    return sum(process.cpu_times()[:2])


def parts(folder: Path, wanted: argparse.Namespace) -> Iterator[Path]:
    """Make one folder of new sounds after the other, without end."""
    sources = short_ones(wanted.source) if wanted.source else []
    for number in range(1_000_000):
        part = folder / f"{number:04d}"
        if sources:
            varied(sources, part, wanted.sounds, seed=number)
        else:
            sounds(part, wanted.sounds, seconds=0.5, seed=number)
        yield part


def short_ones(folder: Path) -> list[tuple[np.ndarray, int]]:
    """Read the short sounds of a folder."""
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file() and soundfile.info(path).duration < LONGEST_SOURCE:
                found.append(soundfile.read(path, dtype="float32", always_2d=True))
        except soundfile.SoundFileError:
            continue
    return found


def varied(sources: list[tuple[np.ndarray, int]], part: Path, count: int, *, seed: int) -> None:
    """Write sounds at other levels and begun a little later, so that each has bytes of its own."""
    part.mkdir(parents=True)
    chance = np.random.default_rng(seed)
    for number in range(count):
        signal, rate = sources[number % len(sources)]
        start = int(chance.integers(0, max(1, len(signal) // 10)))
        format_of = "wav" if number % 3 else "flac"
        level = chance.uniform(0.3, 1.0)
        soundfile.write(part / f"{number:05d}.{format_of}", level * signal[start:], rate)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How a worker's child grows.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--sounds", type=int, default=2_000, help="so many at a time")
    parser.add_argument("--level", default="advanced", choices=[level.value for level in Level])
    parser.add_argument("--from", dest="source", type=Path, help="vary the sounds of this folder")
    return parser.parse_args()


if __name__ == "__main__":
    main()
