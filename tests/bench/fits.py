"""How long it takes to find what fits: a library of 20,000 sounds on SQLite.

Run `python -m tests.bench.fits [SOUNDS]`. The sounds are what the recipe hears of a few made ones,
each with numbers of its own, so that rows have their real size.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from smtui.audio.recipe import listen
from smtui.demo.sounds import make
from smtui.domain.analysis import (
    Analysis,
    AnalysisId,
    Level,
    Measurement,
    SpectralFeatures,
    heard_of,
)
from smtui.domain.errors import SoundUnreadable
from smtui.domain.path_map import PathMap
from smtui.domain.sample import FileId, FoundFile
from smtui.domain.search import Search, Seed
from smtui.services.fits import Fits, FitsPorts
from smtui.similarity.masking import NumpyMasking
from smtui.similarity.outside_listener import InspectedOutside
from smtui.stores.sqlite.connections import Durability
from smtui.stores.sqlite.library import Documents, opened
from tests.services.sounding import NOW

_AT_ONCE = 1_000
_TIMES = 7


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        async with opened(path / "library.sqlite3", Durability.NORMAL) as documents:
            heard = heard_of_demo(path / "demo")
            ids = await filled(documents, heard, count)
            seed = ids[next(place for place, one in enumerate(heard) if one.kind == "kick")]
            ports = FitsPorts(
                samples=documents.samples,
                analyses=documents.analyses,
                outside=InspectedOutside(),
            )
            fits = Fits(ports, NumpyMasking(), PathMap())
            search = Search(more=(Seed(name="seed", file_id=seed),))
            took, waits = [], Waits()
            async with waits:
                for _ in range(_TIMES):
                    began = time.perf_counter()
                    answer = await fits.find(search, viewer=None)
                    took.append(time.perf_counter() - began)
            print(f"{count:,} sounds, {answer.out_of:,} measured; {answer.hits[0].why}")
            print(f"median {statistics.median(took):.2f} s, worst {max(took):.2f} s", end=", ")
            print(f"longest wait of the loop {1000 * waits.longest:.0f} ms")


class Waits:
    """How long the event loop was kept from others at most, s."""

    longest = 0.0

    async def __aenter__(self) -> Waits:
        self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _look(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            self.longest = max(self.longest, time.perf_counter() - before - 0.005)


def heard_of_demo(folder: Path) -> list[Measurement]:
    heard = []
    for truth in make(folder):
        try:
            heard.append(listen(folder / truth.filename, level=Level.ADVANCED))
        except SoundUnreadable:
            continue
    return heard


Varying = Callable[[Measurement, random.Random], Measurement]


async def filled(
    documents: Documents, heard: list[Measurement], count: int, *, vary: Varying | None = None
) -> list[FileId]:
    """Fill the library with what was heard in turn, each a little other."""
    vary = vary or varied
    chance = random.Random(1)
    ids: list[FileId] = []
    for start in range(0, count, _AT_ONCE):
        found = [
            FoundFile(
                file_path=f"/srv/{place % 97}/{place}.wav",
                file_size=1,
                mtime_ns=1,
                file_hash=f"hash {place}",
                duration=heard[place % len(heard)].duration,
                sample_rate=44_100,
                channels=2,
                format="wav",
            )
            for place in range(start, min(start + _AT_ONCE, count))
        ]
        some = await documents.samples.add_found(found, user_id=None, at=NOW)
        for place, (file_id, file) in enumerate(zip(some, found, strict=True), start):
            measured = replace(vary(heard[place % len(heard)], chance), file_hash=file.file_hash)
            analysis = Analysis(
                analysis_id=AnalysisId(f"analysis {place}"),
                file_id=file_id,
                user_id=None,
                analyzed_at=NOW,
                measured=measured,
            )
            await documents.analyses.save(analysis)
            told = heard_of(measured, NOW)
            await documents.samples.set_heard(file_id, told, file_hash=file.file_hash)
        ids += some
    return ids


def varied(measured: Measurement, chance: random.Random) -> Measurement:
    """The same with every cepstral coefficient a little other."""
    features: Any = measured.spectral_features
    assert isinstance(features, SpectralFeatures)
    shift = [chance.gauss(0, 3) for _ in features.mfcc]
    mfcc = tuple(
        tuple(round(value + by, 6) for value in row)
        for row, by in zip(features.mfcc, shift, strict=True)
    )
    return replace(measured, spectral_features=replace(features, mfcc=mfcc))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
