"""What opening the library's file makes sure of, and the sentences for what goes wrong."""

# ruff: noqa: ASYNC240 - the loop of a test may wait for a file.

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smtui.domain.account import UserId
from smtui.domain.errors import StoreTooNew, StoreUnreachable
from smtui.domain.question import Question
from smtui.domain.sample import FoundFile
from smtui.stores.sqlite import schema
from smtui.stores.sqlite.connections import Caches, Durability, Reader, Readers, Writer
from smtui.stores.sqlite.library import opened, refuse_old_sqlite

NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
ANNA = UserId("anna")


def found(number: int) -> FoundFile:
    return FoundFile(
        file_path=f"/a/{number}.wav",
        file_size=1,
        mtime_ns=1,
        file_hash=f"{number}",
        duration=1.0,
        sample_rate=44_100,
        channels=1,
        format="wav",
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "library.sqlite3"


def set_version(path: Path, number: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {number}")


async def test_the_file_and_its_log_are_for_their_owner_alone(path: Path) -> None:
    async with opened(path) as documents:
        await documents.samples.add_found([found(1)], user_id=ANNA, at=NOW)
        files = [entry for entry in path.parent.iterdir() if entry.name.startswith(path.name)]
        assert len(files) == 3
        assert {stat.S_IMODE(entry.stat().st_mode) for entry in files} == {0o600}


async def test_a_file_that_others_may_read_is_closed_to_them(path: Path) -> None:
    async with opened(path):
        pass
    path.chmod(0o644)
    async with opened(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_what_was_kept_is_there_the_next_time(path: Path) -> None:
    async with opened(path) as documents:
        ids = await documents.samples.add_found([found(1)], user_id=ANNA, at=NOW)
    async with opened(path, Durability.NORMAL) as documents:
        (sample,) = await documents.samples.get(ids)
    assert sample.file_path == "/a/1.wav"


async def test_a_newer_library_is_refused_politely_and_untouched(path: Path) -> None:
    async with opened(path):
        pass
    set_version(path, 99)
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match="newer smtui"):
        async with opened(path):
            pass
    assert path.read_bytes() == before


async def test_a_library_that_a_newer_smtui_changes_meanwhile_is_not_written(path: Path) -> None:
    async with opened(path) as documents:
        set_version(path, 99)
        with pytest.raises(StoreTooNew):
            await documents.samples.add_found([found(1)], user_id=ANNA, at=NOW)
        assert await documents.samples.count(Question(viewer=ANNA)) == 0


def test_an_old_sqlite_is_named(path: Path) -> None:
    with pytest.raises(StoreUnreachable, match=r"SQLite is 3\.34\.1, smtui needs 3\.35"):
        refuse_old_sqlite((3, 34, 1))
    refuse_old_sqlite((3, 35, 0))


async def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable) as told:
        async with opened(tmp_path / "gone" / "library.sqlite3"):
            pass
    assert "gone" in told.value.hint


@pytest.mark.parametrize("content", [b"these are words, no library at all" * 99, b"\0" * 5000])
async def test_a_file_that_is_no_library_is_told_and_kept(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreUnreachable, match="not a library"):
        async with opened(path):
            pass
    assert path.read_bytes() == content


async def test_the_library_of_another_program_is_told_and_kept(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    with pytest.raises(StoreUnreachable, match="not a library"):
        async with opened(path):
            pass
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


async def test_a_damaged_library_is_told(path: Path) -> None:
    async with opened(path) as documents:
        await documents.samples.add_found(list(map(found, range(500))), user_id=ANNA, at=NOW)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    with pytest.raises(StoreUnreachable, match="damaged"):
        async with opened(path) as documents:
            await documents.samples.page(Question(viewer=ANNA), limit=100)


FULL_DISK = """
import asyncio, resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from smtui.domain.errors import StoreUnreachable
from smtui.domain.sample import FoundFile
from smtui.stores.sqlite.library import opened

def found(number):
    return FoundFile(
        file_path=f"/a/{number}.wav", file_size=1, mtime_ns=1, file_hash="h", duration=1.0,
        sample_rate=44100, channels=1, format="wav",
    )

async def fill(path):
    async with opened(path) as documents:
        first = await documents.samples.add_found([found(-1)], user_id="anna", at=datetime.now(UTC))
        # A file that may not grow is what a full disk looks like to a program.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
        try:
            many = [found(number) for number in range(20_000)]
            await documents.samples.add_found(many, user_id="anna", at=datetime.now(UTC))
        except StoreUnreachable as error:
            print(error.title)
        print(len(await documents.samples.get(first)))

asyncio.run(fill(Path(sys.argv[1])))
"""


def test_a_full_disk_is_one_sentence_and_what_was_kept_stays(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[0] in ("The disk is full", "The library's disk does not answer")
    assert done.stdout.splitlines()[1:] == ["1"], done.stderr


async def test_a_closed_writer_names_a_library_that_is_busy(path: Path) -> None:
    async with opened(path):
        pass

    def impatient() -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)

    writer = Writer(impatient, lambda _: None, durability=Durability.NORMAL)
    await writer.open()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnreachable, match="busy"):
            await writer.write(lambda connection: connection.execute("SELECT 1").fetchone())
    await writer.close()


STEPS = (
    "CREATE TABLE state (generation INTEGER);\nINSERT INTO state VALUES (7);\n",
    "ALTER TABLE state ADD COLUMN more TEXT;\n"
    "CREATE TRIGGER t AFTER INSERT ON state BEGIN\n  DELETE FROM state;\nEND;\n",
)


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as opened_one:
        opened_one.execute("PRAGMA journal_mode = wal")
        yield opened_one


def test_a_step_forward_keeps_a_private_copy_of_what_was(
    path: Path, connection: sqlite3.Connection
) -> None:
    schema.bring_up(connection, path, STEPS[:1])
    assert sorted(entry.suffix for entry in path.parent.iterdir() if "before" in entry.name) == []
    schema.bring_up(connection, path, STEPS)
    schema.bring_up(connection, path, STEPS)
    assert schema.version(connection) == 2
    assert connection.execute("SELECT * FROM state").fetchall() == [(7, None)]
    copy = path.with_name(f"{path.name}.before-2")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as before:
        assert schema.version(before) == 1
        assert before.execute("SELECT * FROM state").fetchall() == [(7,)]


def test_a_step_that_fails_leaves_the_library_as_it_was(
    path: Path, connection: sqlite3.Connection
) -> None:
    schema.bring_up(connection, path, STEPS[:1])
    broken = "CREATE TABLE half (a);\nINSERT INTO nowhere VALUES (1);\n"
    with pytest.raises(sqlite3.OperationalError):
        schema.bring_up(connection, path, (STEPS[0], broken))
    assert schema.version(connection) == 1
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)


def endless(reader: Reader) -> object:
    return reader.row(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    )


async def test_a_cancelled_read_stops_and_gives_its_connection_back(path: Path) -> None:
    async with opened(path):
        readers = Readers(path, 1, name="test", caches=Caches(writer=2_000, reader=2_000))
        for _ in range(3):
            reading = asyncio.create_task(readers.run(endless))
            await asyncio.sleep(0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        # With one connection in the pool this waits for the endless ones to have stopped.
        async with asyncio.timeout(60):
            assert await readers.run(lambda reader: reader.row("SELECT 1")) == (1,)
        await readers.close()


async def test_closing_stops_what_is_still_read(path: Path) -> None:
    async with opened(path):
        readers = Readers(path, 1, name="test", caches=Caches(writer=2_000, reader=2_000))
        reading = asyncio.create_task(readers.run(endless))
        await asyncio.sleep(0)
        async with asyncio.timeout(60):
            await readers.close()
        with pytest.raises(StoreUnreachable):
            await reading


async def test_a_cancelled_write_is_kept_whole_or_not_at_all(path: Path) -> None:
    async with opened(path) as documents:
        many = list(map(found, range(2000)))
        writing = asyncio.create_task(documents.samples.add_found(many, user_id=ANNA, at=NOW))
        await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        await documents.samples.add_found([found(-1)], user_id=ANNA, at=NOW)
        assert await documents.samples.count(Question(viewer=ANNA)) in (1, 2001)


async def test_a_read_only_connection_cannot_write(path: Path) -> None:
    async with opened(path):
        readers = Readers(path, 1, name="test", caches=Caches(writer=2_000, reader=2_000))
        with pytest.raises(StoreUnreachable, match="cannot be written"):
            await readers.run(lambda reader: reader.rows("UPDATE state SET generation = 9"))
        await readers.close()
