"""How quickly and how rightly a large library says what sounds like this.

Run it as `python -m tests.bench.similarity [--sounds 100000] [--searches 100]`: a real SQLite
library with made-up, clustered embeddings, a real Chroma, and beside each figure a plain numpy
search over the same vectors in the same run. Nothing is cached.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smtui.domain.embedding import BLOCKS, DIMENSIONS
from smtui.domain.likeness import Weights, wanted
from smtui.domain.path_map import PathMap
from smtui.domain.query import parse
from smtui.domain.question import All, Fact, Is, Not, Question
from smtui.domain.sample import FileId
from smtui.domain.search import Search, Seed
from smtui.services.index_upkeep import IndexUpkeep
from smtui.services.nearest import LikenessPorts
from smtui.services.seeds import Seeds
from smtui.services.similarity import Similarity
from smtui.similarity.comparison import MatrixComparison
from smtui.similarity.outside_listener import InspectedOutside
from smtui.stores.chroma.client import ChromaLine
from smtui.stores.chroma.index import ChromaIndex
from smtui.stores.sqlite.library import Documents, opened
from tests.bench.library_rows import OWNER, fill
from tests.servers.chroma_server import ChromaServer, running_chroma

RECIPE = 2
LIMIT = 50
RECALLED = 10
_SLICES = bytes(8_000)
_FILTERS = ("", "kind:kick", "kind:loop bpm:120..128", "key:Am", "tag:house", "in:Kicks", "dusty")
_ASPECT = Weights(timbre=0, tonality=0, envelope=0)


@dataclass(frozen=True)
class Way:
    """A kind of search that is measured."""

    name: str
    filter: str = ""
    weights: Weights = field(default_factory=Weights)
    less: int = 0


WAYS = (
    *(Way(f"filter {text}" if text else "plain", filter=text) for text in _FILTERS),
    Way("rhythm alone", weights=_ASPECT),
    Way("rhythm alone, kind:kick", weights=_ASPECT, filter="kind:kick"),
    Way("with a minus seed", less=1),
)


class NoCache:
    """Keeps nothing, so that every search is one."""

    async def get(self, key: str) -> bytes | None:
        return None

    async def get_many(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        return {}

    async def put(self, key: str, value: bytes, *, seconds: int) -> None:
        return None

    async def drop(self, *keys: str) -> None:
        return None


def clustered(count: int) -> NDArray[np.float32]:
    """Embeddings in clusters of some fifty, each block of the norm that it has in all of them."""
    chance = np.random.default_rng(5)
    centres = chance.standard_normal((max(1, count // 50), DIMENSIONS), np.float32)
    rows = centres[chance.integers(0, len(centres), count)]
    rows = rows + 0.7 * chance.standard_normal((count, DIMENSIONS), np.float32)
    for block in BLOCKS:
        part = rows[:, block.span]
        part *= block.norm / np.linalg.norm(part, axis=1, keepdims=True)
    return np.ascontiguousarray(rows, np.float32)


def listen(path: Path, count: int) -> tuple[list[FileId], NDArray[np.float32]]:
    """Give every sound that was heard an analysis with an embedding."""
    rows = clustered(count)
    with closing(sqlite3.connect(path)) as kept, kept:
        ids = [
            row[0]
            for row in kept.execute(
                "SELECT file_id FROM audio_files WHERE heard_rank >= 1"
                " AND missing_since IS NULL ORDER BY file_id"
            )
        ]
        kept.execute(
            "UPDATE audio_details SET heard_recipe_version = ?"
            " WHERE heard_recipe_version IS NOT NULL",
            (RECIPE,),
        )
        kept.executemany(
            "INSERT INTO analyses (analysis_id, file_id, duration, analysis_level, level_rank,"
            " processing_time, analyzed_at, claims, loudness_padded, clipped_samples, dc_offset,"
            " silence_head, silence_tail, kind_confidence, is_loop, onsets, beats, file_hash,"
            " recipe_version, spectral_numbers, embedding) VALUES"
            " (?, ?, 1, 'advanced', 1, 0, 0, '{}', 0, 0, 0, 0, 0, 0, 0, '[]', '[]', '', ?, ?, ?)",
            (
                (f"of {one}", one, RECIPE, _SLICES, row.tobytes())
                for one, row in zip(ids, rows, strict=False)
            ),
        )
    return [FileId(one) for one in ids], rows[: len(ids)]


class Bench:
    """The library, its index and the plain search beside them."""

    def __init__(
        self, stores: Documents, server: ChromaServer, ids: list[FileId], rows: NDArray[np.float32]
    ) -> None:
        async def address() -> str:
            return server.url()

        self.stores, self.ids, self.rows = stores, ids, rows
        self.index = ChromaIndex(ChromaLine(address), recipe_version=RECIPE, about=False)
        self.indexing = IndexUpkeep(
            stores.samples, stores.embeddings, self.index, recipe_version=RECIPE
        )
        self.ports = LikenessPorts(
            samples=stores.samples,
            embeddings=stores.embeddings,
            index=self.index,
            comparison=MatrixComparison(),
            outside=InspectedOutside(),
            cache=NoCache(),
        )
        self.similarity = self.made()

    def made(self) -> Similarity:
        """The service, with nothing remembered."""
        seeds = Seeds(self.ports, paths=PathMap(), recipe_version=RECIPE)
        return Similarity(self.ports, seeds, paths=PathMap(), recipe_version=RECIPE)

    async def fitting(self, text: str) -> NDArray[np.bool_]:
        """Which rows a filter lets through."""
        heard = (Is(Fact.HEARD), Not(Is(Fact.MISSING)))
        question = Question(expression=All((parse(text), *heard)), viewer=OWNER)
        found = await self.stores.samples.matching(question, self.ids)
        return np.array([one in found for one in self.ids])

    def exactly(
        self, way: Way, more: int, less: Sequence[int], fitting: NDArray[np.bool_]
    ) -> list[FileId]:
        """Search plainly: one product over every vector."""
        goal = wanted([self.rows[more].tolist()], [self.rows[one].tolist() for one in less])
        scores = self.rows @ np.array(goal.query(way.weights), np.float32)
        scores[~fitting] = -np.inf
        scores[[more, *less]] = -np.inf
        best = np.argpartition(scores, -LIMIT)[-LIMIT:]
        ranked = best[np.argsort(-scores[best])]
        return [self.ids[row] for row in ranked.tolist() if np.isfinite(scores[row])]

    async def search(self, way: Way, more: int, less: Sequence[int]) -> Any:
        search = Search(
            more=(self.seed(more),),
            less=tuple(self.seed(one) for one in less),
            weights=way.weights,
            filter=way.filter,
        )
        return await self.similarity.find(search, viewer=OWNER, limit=LIMIT)

    def seed(self, row: int) -> Seed:
        return Seed(name=self.ids[row], file_id=self.ids[row])

    async def measure(self, way: Way, searches: int) -> None:
        chance = random.Random(3)
        fitting = await self.fitting(way.filter)
        asked = [chance.sample(range(len(self.ids)), 1 + way.less) for _ in range(searches)]
        began = time.perf_counter()
        expected = [self.exactly(way, more, less, fitting) for more, *less in asked]
        plain = (time.perf_counter() - began) / searches
        fresh = asked[: max(1, searches // 5)]
        firsts, recalled = await self._searched(way, fresh, expected, afresh=True)
        print(
            f"  {way.name:<30} {int(fitting.sum()):>7,} match   first of its filter: median"
            f" {_ms(firsts)} ms, p95 {_p95(firsts)} ms, recall@{RECALLED} {recalled:.4f}",
            flush=True,
        )
        # Two that begin, and what is kept at hand is there.
        await self._searched(way, asked[:2], expected, afresh=False)
        ours, recalled = await self._searched(way, asked, expected, afresh=False)
        print(
            f"{'then: median':>57} {_ms(ours)} ms, p95 {_p95(ours)} ms, recall@{RECALLED}"
            f" {recalled:.4f}; numpy {1000 * plain:.1f} ms,"
            f" ratio {statistics.median(ours) / plain:.2f}",
            flush=True,
        )

    async def _searched(
        self,
        way: Way,
        asked: Sequence[Sequence[int]],
        expected: Sequence[Sequence[FileId]],
        *,
        afresh: bool,
    ) -> tuple[list[float], float]:
        """Search each; s, and the mean recall. Afresh: in a session that never had the filter."""
        took: list[float] = []
        recalled: list[float] = []
        for (more, *less), right in zip(asked, expected, strict=False):
            if afresh:
                self.similarity = self.made()
                await self.search(WAYS[0], more, [])
            began = time.perf_counter()
            answer = await self.search(way, more, less)
            took.append(time.perf_counter() - began)
            assert len(answer.hits) == min(LIMIT, len(right)), "fewer than there are"
            got = {hit.file_id for hit in answer.hits[:RECALLED]}
            recalled.append(len(got & set(right[:RECALLED])) / max(1, len(got)))
        return took, statistics.mean(recalled)

    async def weigh(self, searches: int) -> None:
        """Rank what was found by other weights, as each press of a key does."""
        took: list[float] = []
        for more in range(searches):
            answer = await self.search(WAYS[0], more, [])
            began = time.perf_counter()
            answer.reweighted(Weights(rhythm=4), limit=LIMIT)
            took.append(time.perf_counter() - began)
        print(f"  ranked by other weights: median {_ms(took)} ms, p95 {_p95(took)} ms", flush=True)


def _ms(seconds: list[float]) -> str:
    return f"{1000 * statistics.median(seconds):6.1f}"


def _p95(seconds: list[float]) -> str:
    return f"{1000 * sorted(seconds)[int(0.95 * (len(seconds) - 1))]:6.1f}"


async def timed(what: str, count: int, work: Callable[[], Awaitable[Any]]) -> None:
    began = time.perf_counter()
    await work()
    seconds = time.perf_counter() - began
    print(f"{what}: {seconds:.2f} s, {count / seconds:,.0f} sounds a second", flush=True)


async def run(count: int, searches: int, folder: Path) -> None:
    path = folder / "library.sqlite3"
    async with opened(path):
        pass
    fill(path, count)
    ids, rows = listen(path, count)
    print(f"{len(ids):,} sounds with an embedding", flush=True)
    with running_chroma() as server:
        async with opened(path) as stores:
            bench = Bench(stores, server, ids, rows)

            async def rebuild() -> None:
                async for _ in bench.indexing.rebuild():
                    pass

            await timed("rebuild", len(ids), rebuild)
            for way in WAYS:
                await bench.measure(way, searches)
            await bench.weigh(searches)
            some = ids[:5_000]
            await timed("taking out", len(some), lambda: bench.index.remove(some))
            await timed("adding in bulk", len(some), lambda: bench.indexing.add(some))
            await timed("one sound analysed anew", 1, lambda: bench.indexing.add(ids[:1]))
            await bench.index.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    # Of 107,000 made-up sounds 100,000 were heard and are there.
    parser.add_argument("--sounds", type=int, default=107_000)
    parser.add_argument("--searches", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="smtui-similarity-") as folder:
        asyncio.run(run(asked.sounds, asked.searches, Path(folder)))


if __name__ == "__main__":
    main()
