"""Several processes on one library: nothing is done twice, nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.batch import Batch, BatchId, RunId, State
from smtui.domain.question import Question
from smtui.domain.sample import FileId
from smtui.stores.sqlite.library import opened
from tests.contracts.document_stores import found

NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
ANNA = UserId("anna")
FILES = 400

WORKER = """
import asyncio, sys
from pathlib import Path
from smtui.stores.sqlite.connections import Durability
from smtui.stores.sqlite.library import opened
from tests.contracts.document_stores import found

async def work(path, name):
    async with opened(Path(path), Durability.NORMAL) as documents:
        while taken := await documents.batches.claim("run", worker=name, limit=3, lease_seconds=60):
            for claimed in taken:
                if await documents.batches.complete(claimed, claimed.analysis_id):
                    print(claimed.file_id, flush=True)

asyncio.run(work(*sys.argv[1:]))
"""

SCANNER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from smtui.domain.sample import FoundFile
from smtui.stores.sqlite.library import opened
from tests.contracts.document_stores import found

async def scan(path):
    async with opened(Path(path)) as documents:
        for number in range(1_000_000):
            found = [
                FoundFile(
                    file_path=f"/a/{number}-{part}.wav", file_size=1, mtime_ns=1, file_hash="h",
                    duration=1.0, sample_rate=44100, channels=1, format="wav",
                )
                for part in range(5)
            ]
            ids = await documents.samples.add_found(found, user_id="anna", at=datetime.now(UTC))
            print(*ids, flush=True)

asyncio.run(scan(sys.argv[1]))
"""

OPENER = """
import asyncio, sys
from pathlib import Path
from smtui.stores.sqlite.library import opened
from tests.contracts.document_stores import found

async def look(path):
    async with opened(Path(path)) as documents:
        print(await documents.samples.generation())

asyncio.run(look(sys.argv[1]))
"""


def started(script: str, *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return output


def batch(number: int) -> Batch:
    first = number * FILES // 4
    return Batch(
        batch_id=BatchId(str(uuid4())),
        run_id=RunId("run"),
        user_id=ANNA,
        level=Level.BASIC,
        file_ids=tuple(FileId(str(first + one)) for one in range(FILES // 4)),
        created_at=NOW,
        updated_at=NOW,
    )


async def test_a_library_opened_twice_here_keeps_its_log_when_another_process_leaves(
    tmp_path: Path,
) -> None:
    """A worker's child opens it to listen, and once more to fill the index."""
    path = tmp_path / "library.sqlite3"
    async with opened(path) as first, opened(path) as second:
        visit = f"import sqlite3; sqlite3.connect({str(path)!r}).execute('SELECT 1 FROM users')"
        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", visit], check=True)
        assert path.with_name(f"{path.name}-wal").exists()
        ids = await first.samples.add_found([found("/a/kick.wav")], user_id=ANNA, at=NOW)
        assert len(await second.samples.get(ids)) == 1
    async with opened(path) as later:
        assert len(await later.samples.get(ids)) == 1


async def test_hammering_workers_complete_every_file_exactly_once(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    async with opened(path) as documents:
        await documents.batches.create([batch(number) for number in range(4)])
        workers = [started(WORKER, path, f"worker {number}") for number in range(4)]
        outputs = await asyncio.gather(*(asyncio.to_thread(ended, one) for one in workers))
        progress = await documents.batches.progress(RunId("run"))
    done = Counter(file_id for output in outputs for file_id in output.split())
    assert done == Counter(str(number) for number in range(FILES))
    assert progress is not None
    assert (progress.completed, progress.processing) == (FILES, 0)
    assert progress.status is State.COMPLETED


async def test_a_killed_writer_loses_nothing_that_it_was_told_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    scanner = started(SCANNER, path)
    assert scanner.stdout is not None
    told: list[str] = []
    for _ in range(20):
        told += (await asyncio.to_thread(scanner.stdout.readline)).split()
    os.kill(scanner.pid, signal.SIGKILL)
    # What was told between the last line read here and the kill counts as well.
    rest, _ = await asyncio.to_thread(scanner.communicate)
    whole = rest[: rest.rfind("\n") + 1]
    told += whole.split()
    async with opened(path) as documents:
        kept = await documents.samples.get([FileId(file_id) for file_id in told])
        count = await documents.samples.count(Question(viewer=ANNA))
    assert len(kept) == len(told) >= 100
    assert count % 5 == 0
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_many_may_open_a_new_library_at_once(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    openers = [started(OPENER, path) for _ in range(5)]
    outputs = await asyncio.gather(*(asyncio.to_thread(ended, one) for one in openers))
    assert [output.strip() for output in outputs] == ["0"] * 5


async def test_every_process_sees_that_another_changed_the_sounds(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    async with opened(path) as documents:
        before = await documents.samples.generation()
        scanner = started(SCANNER, path)
        assert scanner.stdout is not None
        await asyncio.to_thread(scanner.stdout.readline)
        after = await documents.samples.generation()
        scanner.kill()
        await asyncio.to_thread(scanner.communicate)
    assert after > before
