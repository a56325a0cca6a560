"""How long it takes to tag every sound of a large library and to take that back.

Run it as `python -m tests.bench.tags [--rows 100000]`. Beside it, in the same run, what it took
before: a transaction for 1,000 sounds, each read, written and put into every index by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from smtui.domain.question import Question
from smtui.domain.sample import FileId, Mark, Sample
from smtui.domain.tag_change import Retagged, Retagging, Tags
from smtui.services.library import TAGGED_AT_ONCE
from smtui.stores.sqlite import sample_codec
from smtui.stores.sqlite.connections import in_transaction
from smtui.stores.sqlite.library import opened
from tests.bench.library_rows import OWNER, fill

CHANGE = Retagging(mark=Mark(by=OWNER, at=datetime.now(UTC)), add=("punchy",), remove=("dusty0",))
ONE_BY_ONE = 1_000


def one_by_one(path: Path, ids: list[FileId]) -> None:
    """Tag each sound by itself, on the indexes and the trigger of before."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        _as_before(connection)
        for start in range(0, len(ids), ONE_BY_ONE):
            some = ids[start : start + ONE_BY_ONE]
            in_transaction(connection, partial(_tag, connection, some))


def _tag(connection: sqlite3.Connection, file_ids: list[FileId]) -> None:
    for file_id in file_ids:
        sample_codec.change(connection, file_id, _tagged)


def _tagged(sample: Sample) -> Sample:
    after = CHANGE.of(Tags.of(sample))
    return replace(sample, tags=after.words, tag_marks=after.marks)


def _as_before(connection: sqlite3.Connection) -> None:
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND name LIKE 'by~_%' ESCAPE '~'"
        " AND sql LIKE '%uploaded_at%'"
    ).fetchall()
    for name, sql in indexes:
        if name != "by_tags":
            connection.execute(f"DROP INDEX {name}")
            connection.execute(f"{sql.rstrip().removesuffix(')')}, tags_sort)")


async def timed(steps: AsyncIterator[object]) -> tuple[float, float]:
    """Seconds until all is done, and until the longest step is."""
    begun = last = time.perf_counter()
    longest = 0.0
    async for _ in steps:
        longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    return time.perf_counter() - begun, longest


async def main(rows: int, folder: Path) -> None:
    """Print seconds of wall and processor."""
    path = folder / "library.sqlite3"
    async with opened(path):
        pass
    fill(path, rows)
    old = folder / "old.sqlite3"
    shutil.copy(path, old)
    async with opened(path) as documents:
        samples = documents.samples
        ids = list((await samples.ids(Question(viewer=OWNER), limit=rows))[0])
        done = Retagged(change=CHANGE)

        async def tag() -> AsyncIterator[None]:
            nonlocal done
            for start in range(0, len(ids), TAGGED_AT_ONCE):
                step = await samples.retag(ids[start : start + TAGGED_AT_ONCE], CHANGE)
                done = done.joined(step)
                yield

        async def back() -> AsyncIterator[None]:
            known = list(done.before.items())
            for start in range(0, len(known), TAGGED_AT_ONCE):
                some = dict(known[start : start + TAGGED_AT_ONCE])
                await samples.take_back(Retagged(change=done.change, before=some))
                yield

        for name, work in (("tagged", tag), ("taken back", back)):
            spent = time.process_time()
            taken, longest = await timed(work())
            cpu = time.process_time() - spent
            print(
                f"{len(ids):,} sounds {name}: {taken:.1f} s, {cpu:.1f} s of processor,"
                f" longest step {longest:.2f} s"
            )
    begun, spent = time.perf_counter(), time.process_time()
    one_by_one(old, ids)
    cpu = time.process_time() - spent
    print(f"before: {time.perf_counter() - begun:.1f} s, {cpu:.1f} s of processor")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="smtui-bench-") as where:
        asyncio.run(main(arguments.rows, Path(where)))
