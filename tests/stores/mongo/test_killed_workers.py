"""Workers are killed at any moment, again and again: nothing is lost, nothing counts twice."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from pathlib import Path
from uuid import uuid4

from smtui.domain.analysis import Level
from smtui.domain.batch import Batch, BatchId, RunId, State
from smtui.domain.sample import FileId
from smtui.stores.mongo.batches import MongoBatches
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.library import make_ready
from tests.contracts.document_stores import ANNA, NOW

RUN = RunId("run")
WORKERS = 3
FILES = 250
KILLS = 12
PATIENCE_SECONDS = 120.0


class Crew:
    """Worker processes; whoever is killed gets a successor."""

    def __init__(self, url: str, book: Path) -> None:
        self._order = (url, RUN)
        self._book = book
        self._hired = 0
        self._live: list[asyncio.subprocess.Process] = []

    async def hire(self) -> None:
        self._hired += 1
        self._live.append(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.stores.mongo.batch_worker",
                *self._order,
                f"worker-{self._hired}",
                str(self._book),
            )
        )

    async def kill_one(self, dice: random.Random) -> None:
        victim = self._live.pop(dice.randrange(len(self._live)))
        if victim.returncode is None:
            victim.kill()
        await victim.wait()

    async def finish(self) -> list[int]:
        return [await process.wait() for process in self._live]

    async def dismiss(self) -> None:
        for process in self._live:
            if process.returncode is None:
                process.kill()
                await process.wait()


def made() -> list[Batch]:
    return [
        Batch(
            batch_id=BatchId(str(uuid4())),
            run_id=RUN,
            user_id=ANNA,
            level=Level.BASIC,
            file_ids=tuple(FileId(str(uuid4())) for _ in range(FILES)),
            created_at=NOW,
            updated_at=NOW,
        )
        for _ in range(2)
    ]


async def test_killed_workers_lose_no_file_and_count_none_twice(
    line: MongoLine, mongo_url: str, tmp_path: Path
) -> None:
    await make_ready(line)
    batches, all_of_it = MongoBatches(line), made()
    await batches.create(all_of_it)
    dice, book = random.Random(), tmp_path / "counted"
    crew = Crew(mongo_url, book)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            for _ in range(WORKERS):
                await crew.hire()
            for _ in range(KILLS):
                await progressed(batches, dice.randrange(5, 40))
                await asyncio.sleep(dice.random() * 0.02)
                await crew.kill_one(dice)
                await crew.hire()
            assert await crew.finish() == [0] * WORKERS
    finally:
        await crew.dismiss()
    await balanced(batches, all_of_it, await asyncio.to_thread(book.read_text))


async def progressed(batches: MongoBatches, files: int) -> None:
    """Wait until some more files have ended, or all."""
    before = await batches.progress(RUN)
    assert before is not None
    aim = min(before.ended_files + files, before.total)
    while (seen := await batches.progress(RUN)) is not None and seen.ended_files < aim:
        pass


async def balanced(batches: MongoBatches, all_of_it: list[Batch], told: str) -> None:
    counted = Counter(told.splitlines())
    assert set(counted.values()) == {1}
    kept = [await batches.get(batch.batch_id) for batch in all_of_it]
    ended: set[str] = set()
    totals: Counter[State] = Counter()
    for batch in kept:
        assert batch is not None
        states = Counter(result.status for result in batch.results.values())
        assert (states[State.COMPLETED], states[State.FAILED]) == (batch.completed, batch.failed)
        assert states.total() == batch.completed + batch.failed == FILES
        assert batch.status is State.COMPLETED
        ended |= {f"{batch.batch_id} {file_id}" for file_id in batch.results}
        totals += states
    # What a worker was told is counted is counted; a kill may only swallow the telling.
    assert set(counted) <= ended
    seen = await batches.progress(RUN)
    assert seen is not None
    assert (seen.completed, seen.failed, seen.processing) == (
        totals[State.COMPLETED],
        totals[State.FAILED],
        0,
    )
