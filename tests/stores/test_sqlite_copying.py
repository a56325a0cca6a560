"""A copy of the library's file, made while smtui is open, holds what was acknowledged."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from smtui.domain.question import Question
from smtui.domain.sample import Mark
from smtui.stores.sqlite.connections import Durability
from smtui.stores.sqlite.library import Documents, opened
from tests.contracts.document_stores import found
from tests.retagging import change_tags

NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


async def tagged(documents: Documents, tag: str) -> None:
    (file_id,) = await documents.samples.add_found([found("/a/k.wav")], user_id=None, at=NOW)
    await change_tags(documents.samples, [file_id], mark=Mark(by=None, at=NOW), add=[tag])


def tags_in_copy(path: Path, *, with_log: bool = False) -> list[str]:
    """Give the tags in a copy made as people do: of the file alone, or with its log."""
    copy = path.parent / "copy" / path.name
    shutil.rmtree(copy.parent, ignore_errors=True)
    copy.parent.mkdir()
    shutil.copy2(path, copy)
    if with_log:
        shutil.copy2(f"{path}-wal", f"{copy}-wal")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [tags for (tags,) in connection.execute("SELECT tags FROM audio_details")]


def beside(path: Path) -> int:
    """Bytes of the log beside the file."""
    return Path(f"{path}-wal").stat().st_size


async def until_gathered(path: Path) -> None:
    """Wait until nothing is written any more: what is written during a copy may tear it."""
    end = time.monotonic() + 20
    while beside(path):
        assert time.monotonic() < end, "the log was not emptied in time"
        await asyncio.sleep(0.05)


async def test_a_copy_of_the_file_alone_has_the_tag_that_a_screen_has_put(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    async with opened(path) as documents:
        await tagged(documents, "fav")
        # An open screen has looked at the library, and looks on.
        await documents.samples.page(Question(), limit=10)
        await until_gathered(path)
        assert tags_in_copy(path) == ['["fav"]']
        await tagged(documents, "house")
        await until_gathered(path)
        assert tags_in_copy(path, with_log=True) == ['["fav","house"]']


async def test_a_copy_has_what_a_command_has_put_while_a_screen_is_open(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    async with opened(path) as screen:
        await screen.samples.page(Question(), limit=10)
        async with opened(path) as command:
            await tagged(command, "fav")
        assert tags_in_copy(path) == ['["fav"]']
        assert beside(path) == 0


async def test_who_reads_for_long_holds_up_nobody(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    async with opened(path) as documents:
        await tagged(documents, "fav")
        with closing(sqlite3.connect(path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM audio_files").fetchall()
            async with opened(path) as command:
                await tagged(command, "house")
            await tagged(documents, "dusty")
            assert reader.execute("SELECT count(*) FROM audio_files").fetchone() == (1,)
            reader.execute("ROLLBACK")
        await tagged(documents, "late")
        await until_gathered(path)
        assert tags_in_copy(path) == ['["fav","house","dusty","late"]']


async def test_a_worker_leaves_it_to_others(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    async with opened(path) as screen:
        await screen.samples.page(Question(), limit=10)
        async with opened(path, Durability.NORMAL) as worker:
            await tagged(worker, "fav")
        assert beside(path) > 0
