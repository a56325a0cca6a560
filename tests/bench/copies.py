"""How many copies are known again by ear, how many sounds are wrongly taken for one, how long.

Run `python -m tests.bench.copies FOLDER [SOUNDS]`. Of each sound of the folder altered copies are
made: re-encoded, levelled, resampled, made mono, cut at either end. The folder is split in two
halves by a hash of the names: limits are set by what the one shows, the other is for figures. Then
the pairs are looked for in a library of SOUNDS sounds, 20,000 by default, 0 for none.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.domain.analysis import Measurement
from smtui.domain.embedding import BLOCKS
from smtui.domain.path_map import PathMap
from smtui.domain.sample import FileId
from smtui.services.duplicates import DuplicateFinder, Duplicates, Looked, Stores
from smtui.services.library import Library
from smtui.services.rights import Rights
from smtui.similarity.copies import NumpyCopies
from smtui.stores.sqlite.connections import Durability
from smtui.stores.sqlite.library import opened
from tests.bench.fits import Waits, filled, varied
from tests.contracts.document_stores import DocumentStores
from tests.services.sounding import SoundingLibrary, sounding

HALVES = ("limits", "unseen")
_SHORTEST = 0.05
_LONG = 0.8
_RATES_OF_MP3 = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_NOISE = (0.2, 0.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Samples (n, channels) at a rate."""

    samples: Any
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def cut(self, *, head: float = 0.0, tail: float = 0.0) -> Wave:
        """The same without so many seconds of its start and end."""
        stop = len(self.samples) - round(tail * self.rate)
        return replace(self, samples=self.samples[round(head * self.rate) : stop])


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is done to a sound to make a copy; `least` is the shortest sound it is done to, s."""

    made: Callable[[Wave], Wave] = lambda wave: wave
    ending: str = "wav"
    least: float = _SHORTEST


def _resampled(wave: Wave) -> Wave:
    rate = 32_000 if wave.rate != 32_000 else 44_100
    return Wave(samples=soxr.resample(wave.samples, wave.rate, rate), rate=rate)


def _padded(wave: Wave) -> Wave:
    around = (round(0.13 * wave.rate), round(0.31 * wave.rate))
    return replace(wave, samples=np.pad(wave.samples, (around, (0, 0))))


CHANGES = {
    "vorbis": Change(ending="ogg"),
    "as mp3": Change(ending="mp3"),
    "6 dB quieter": Change(made=lambda wave: replace(wave, samples=wave.samples / 2)),
    "mono": Change(made=lambda wave: replace(wave, samples=wave.samples.mean(axis=1)[:, None])),
    "resampled": Change(made=_resampled),
    "silence around": Change(made=_padded),
    "tail 60 ms": Change(made=lambda wave: wave.cut(tail=0.06), least=0.4),
    "tail 200 ms": Change(made=lambda wave: wave.cut(tail=0.2), least=_LONG),
    "tail a third": Change(made=lambda wave: wave.cut(tail=wave.seconds / 3), least=_LONG),
    "head 60 ms": Change(made=lambda wave: wave.cut(head=0.06), least=0.4),
    "head 200 ms": Change(made=lambda wave: wave.cut(head=0.2), least=_LONG),
    "head a third": Change(made=lambda wave: wave.cut(head=wave.seconds / 3), least=_LONG),
    "head cut and coded": Change(made=lambda wave: wave.cut(head=0.2), ending="mp3", least=_LONG),
    "both 150 ms": Change(made=lambda wave: wave.cut(head=0.15, tail=0.15), least=_LONG),
}


def half_of(path: Path) -> int:
    """0 for the sounds that limits are set by, 1 for those that figures are given of."""
    return blake2b(path.stem.encode(), digest_size=1).digest()[0] % 2


def read(path: Path) -> Wave:
    samples, rate = soundfile.read(path, always_2d=True)
    return Wave(samples=samples, rate=rate)


def sounds_in(folder: Path) -> Iterator[Path]:
    endings = {f".{name.lower()}" for name in soundfile.available_formats()}
    yield from (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in endings)


def write_copies(library: SoundingLibrary, path: Path, folder: str) -> None:
    """Write a sound and its copies into a folder of its own."""
    wave = read(path)
    library.write(f"{folder}/original.wav", wave.samples, rate=wave.rate, subtype="PCM_24")
    for name, change in CHANGES.items():
        if wave.seconds < change.least or (name == "mono" and wave.samples.shape[1] == 1):
            continue
        if change.ending == "mp3" and wave.rate not in _RATES_OF_MP3:
            continue
        made = change.made(wave)
        options = {"subtype": "PCM_24"} if change.ending == "wav" else {}
        target = f"{folder}/{name}.{change.ending}"
        library.write(target, made.samples, rate=made.rate, **options)


def finder_of(documents: DocumentStores) -> DuplicateFinder:
    stores = Stores(analyses=documents.analyses, embeddings=documents.embeddings)
    listing = Library(documents.samples, Rights(documents.accounts), None)  # type: ignore[arg-type]
    return DuplicateFinder(listing, stores, NumpyCopies(), paths=PathMap(), recipe=RECIPE_VERSION)


async def tell(half: str, library: SoundingLibrary) -> None:
    """Print how many of each kind of copy are known, each kind beside the originals alone."""
    finder = finder_of(library.documents)
    names = {file_id: name for name, file_id in library.files.items()}
    print(f"{half} half: {len({Path(one).parent for one in library.files})} sounds")
    for change in CHANGES:
        copies = [name for name in library.files if Path(name).stem == change]
        found = await finder.find(f'"original" | "{change}"', viewer=None)
        known = {name for members in _named(found, names) for name in _together(members)}
        print(f"  {change:18} {len(known & {*copies}):4} of {len(copies)}")
    wrong = [
        (members[0], one)
        for members in _named(await finder.find(viewer=None), names)
        for one in members
        if Path(one).parent != Path(members[0]).parent
    ]
    print(f"  false pairs        {len(wrong):4}  {wrong[:8] or ''}")


def _named(found: Duplicates, names: Mapping[FileId, str]) -> list[list[str]]:
    groups = [(group.first, *(copy.sample for copy in group.copies)) for group in found.groups]
    return [[names[one.file_id] for one in group] for group in groups]


def _together(members: list[str]) -> list[str]:
    """Those that stand in one group with their original."""
    return [one for one in members if str(Path(one).with_name("original.wav")) in members]


async def halves(folder: Path) -> list[Measurement]:
    """Tell of both halves; gives what was heard of the originals."""
    heard: list[Measurement] = []
    for place, half in enumerate(HALVES):
        paths = [path for path in sounds_in(folder) if half_of(path) == place]
        with tempfile.TemporaryDirectory() as made:
            async with sounding(Path(made)) as library:
                for number, path in enumerate(paths):
                    write_copies(library, path, f"{number} {path.stem}")
                await library.scan()
                await library.hear()
                await tell(half, library)
                ids = [one for name, one in library.files.items() if "original" in name]
                newest = await library.documents.analyses.newest_of(ids)
                heard += [one.measured for one in newest.values()]
    return heard


def other(measured: Measurement, chance: random.Random) -> Measurement:
    """A sound that is alike: every number a little other."""
    dice = np.random.default_rng(chance.randrange(2**32))
    numbers = np.array(measured.embedding)
    share = chance.uniform(*_NOISE)
    for block in BLOCKS:
        part = numbers[block.span]
        if part[-1] <= 0:
            shift = dice.standard_normal(len(part) - 1)
            part[:-1] += shift * (share * block.norm / np.linalg.norm(shift))
            part *= block.norm / np.linalg.norm(part)
    duration = measured.duration * chance.uniform(0.8, 1.25)
    return replace(varied(measured, chance), embedding=tuple(numbers.tolist()), duration=duration)


async def speed(heard: list[Measurement], count: int) -> None:
    """Print how long the search takes in a library of so many sounds."""
    steps: dict[str, float] = {}

    def told(looked: Looked) -> None:
        steps[looked.doing] = time.perf_counter()

    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder) / "library.sqlite3", Durability.NORMAL) as documents:
            await filled(documents, heard, count, vary=other)
            began, waits = time.perf_counter(), Waits()
            async with waits:
                found = await finder_of(documents).find(viewer=None, told=told)
            print(f"{count:,} sounds, {len(found.groups):,} groups", end="")
            for doing, at in steps.items():
                print(f", {doing} {at - began:.1f} s", end="")
                began = at
            print(f", longest wait of the loop {1000 * waits.longest:.0f} ms")


async def main(folder: Path, count: int) -> None:
    heard = await halves(folder)
    if count:
        await speed(heard, count)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20_000))
