"""How soon a sound that was heard is in the similarity index.

Run it as `poe bench-findable`. From the end of a sound's analysis until the index gives it as an
answer, through queue, worker and Chroma as they are: one by one with everything warm; the last of
a run of 200, with Chroma being filled by the same child that listens; and single ones while a
longer run goes on. Goal at most 2 s.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from smtui.domain.sample import FileId
from smtui.settings import Settings
from smtui.stores.chroma.index import ChromaIndex
from smtui.wiring.backends import chroma_index, chroma_line
from smtui.wiring.machine import private_servers
from tests.bench.batch import LEVEL, Studio, row, say, sounds, studio
from tests.bench.home import throwaway_home
from tests.local.private_home import Private

_STEP = 0.02
_LONGEST = 60.0


async def findable(made: Studio, index: ChromaIndex, file_id: FileId) -> float:
    """From the end of its analysis until the index finds it, s."""
    until = time.monotonic() + _LONGEST
    while (analysis := await made.services.analyses.of(file_id)) is None:
        assert time.monotonic() < until, "it is not heard"
        await asyncio.sleep(_STEP)
    query = analysis.measured.embedding
    while file_id not in await index.nearest(query, limit=1, among=[file_id]):
        assert time.monotonic() < until, "it is not in the index"
        await asyncio.sleep(_STEP)
    return time.time() - analysis.analyzed_at.timestamp()


async def fresh(made: Studio, folder: Path, count: int) -> Sequence[FileId]:
    """Take in sounds that nobody has heard."""
    before = set(await made.services.batches.unheard(made.owner, LEVEL))
    sounds(folder, count, seconds=2.0, seed=sum(folder.name.encode()))
    return [one for one in await made.taken_in(folder) if one not in before]


async def bench(private: Private, wanted: argparse.Namespace) -> None:
    private.places.prepare()
    base = private.places.data.parent.parent
    settings = Settings()
    line = chroma_line(settings, private_servers(private.places, settings))
    index = chroma_index(line, private=True)
    async with studio(private, children=1) as made:
        # Once for Chroma to start and the worker to load what speaks to it.
        began = time.monotonic()
        (first,) = await fresh(made, base / "first", 1)
        await made.heard([first], urgent=True)
        await findable(made, index, first)
        say(f"the first, with Chroma to start: {time.monotonic() - began:.2f} s")
        singles = []
        for file_id in await fresh(made, base / "singles", wanted.singles):
            await made.heard([file_id], urgent=True)
            singles.append(await findable(made, index, file_id))
        row("one sound, idle, s", singles, "at most 2")
        run = await fresh(made, base / "run", wanted.files)
        await made.heard(run)
        ended = time.monotonic()
        await asyncio.gather(*(findable(made, index, one) for one in run[-8:]))
        row("the last of a run after its end, s", [time.monotonic() - ended], "at most 2")
        long = await fresh(made, base / "long", 5 * wanted.files)
        run_id = await made.services.batches.start(long, LEVEL, by=made.owner)
        busy = [await findable(made, index, one) for one in long[:: wanted.files // 4]]
        row("one of a run that goes on, s", busy, "at most 2")
        await made.services.batches.cancel(run_id, by=made.owner)
    await index.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--singles", type=int, default=20)
    parser.add_argument("--files", type=int, default=200)
    wanted = parser.parse_args()
    with throwaway_home() as private:
        asyncio.run(bench(private, wanted))


if __name__ == "__main__":
    main()
