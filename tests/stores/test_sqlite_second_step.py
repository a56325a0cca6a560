"""A library of the first release is brought up to roles, codes, marks and machines."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from smtui.domain.account import Role, UserId
from smtui.domain.analysis import Level
from smtui.domain.errors import StoreTooNew
from smtui.domain.question import Question, Tagged
from smtui.domain.sample import FileId, Mark
from smtui.stores.sqlite import schema
from smtui.stores.sqlite.library import opened
from smtui.stores.sqlite.values import from_ms
from smtui.wiring import SystemClock
from tests.retagging import change_tags

FIRST = schema.steps()[:1]

ROWS: dict[str, list[tuple[Any, ...]]] = {
    "users": [
        # The oldest cannot sign in, so it is no admin; of the others the first is.
        ("u0", "z@x", "z@x", "zoe", "zoe", "$2b$12$z", 0, 0, 1_000, None, 0, 0),
        ("u2", "b@x", "b@x", "bert", "bert", "$2b$12$b", 1, 0, 3_000, None, 0, 0),
        ("u1", "a@x", "a@x", "anna", "anna", "$2b$12$a", 1, 1, 2_000, 9_000, 5, 6),
    ],
    "owners": [(1, "u1")],
    "places": [(1, "/a", "/a/")],
    "audio_files": [
        (
            *(1, 1, 1, 1, "kick", 120.0, "Am", "minor", 0, -9.5, 0.5, 44_100, 1, "wav", 4_000),
            *(None, None, "f1", "deep house", "kick.wav\x1f/a\x1fdeep house", "/a\x1fkick.wav"),
        ),
    ],
    "audio_details": [
        (
            *(1, "u1\x1f/a/kick.wav", "kick.wav", "/a/kick.wav", None, 100, 7, "hash"),
            *('["Deep House"]', '{"title":"Kick"}', None, None),
            *(0.9, "A", 0.8, "A1", 0.7, "advanced", 1, 5_000, None, None),
        ),
    ],
    "tags": [(1, "deep house", "Deep House")],
    "tagged": [(1, 1, 1)],
    "batch_jobs": [
        (1, "b1", "r1", "u1", "advanced", "processing", 2, 0, 1, 0, 0, 1, 1, 1, None, None),
    ],
    "batch_files": [
        (1, 0, "f1", "completed", "a1", None, None, 1, "w", None),
        (1, 1, "f2", "pending", None, None, None, 0, None, None),
    ],
    "scan_folders": [(1, "/a", None, 8_000)],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A library as the first release left it, with something in every table that changes."""
    path = tmp_path / "library.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        schema.bring_up(connection, path, FIRST)
        for table, rows in ROWS.items():
            for row in rows:
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the first release's tables, in the columns that it knew."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with closing(sqlite3.connect(path)) as library:
        for table, rows in ROWS.items():
            read = library.execute(f"SELECT * FROM {table}").fetchall()
            found[table] = sorted((row[: len(rows[0])] for row in read), key=repr)
    return found


async def test_nothing_is_lost_and_the_oldest_who_can_sign_in_is_the_admin(path: Path) -> None:
    before = contents(path)
    async with opened(path) as documents:
        people = await documents.accounts.all()
        (sample,) = await documents.samples.get([FileId("f1")])
        tagged = Question(expression=Tagged("deep house"), viewer=UserId("u1"))
        assert await documents.samples.count(tagged) == 1
        progress = await documents.batches.progress((await documents.batches.claimable())[0])
    assert [(one.username, one.role) for one in people] == [
        ("zoe", Role.MEMBER),
        ("anna", Role.ADMIN),
        ("bert", Role.MEMBER),
    ]
    assert people[1].code is None
    assert (people[1].last_login, people[1].total_uploads) == (from_ms(9_000), 6)
    assert (sample.tags, dict(sample.tag_marks)) == (("Deep House",), {})
    assert sample.heard is not None
    assert (sample.heard.key_label, sample.heard.level) == ("Am", Level.ADVANCED)
    assert progress is not None
    assert (progress.total, progress.completed) == (2, 1)
    assert contents(path) == before


async def test_a_copy_of_the_first_release_lies_beside_it(path: Path) -> None:
    before = contents(path)
    async with opened(path):
        pass
    copy = path.with_name(f"{path.name}.before-{len(schema.steps())}")
    assert contents(copy) == before
    with closing(sqlite3.connect(copy)) as kept:
        assert schema.version(kept) == 1


async def test_what_is_new_can_be_written_at_once(path: Path) -> None:
    async with opened(path) as documents:
        assert await documents.accounts.set_role(UserId("u2"), Role.LISTENER)
        mark = Mark(by=UserId("u2"), at=SystemClock().now())
        assert await change_tags(documents.samples, [FileId("f1")], mark=mark, add=["new"]) == 1
        (sample,) = await documents.samples.get([FileId("f1")])
    assert sample.tag_marks == {"new": mark}


async def test_an_older_smtui_refuses_what_was_brought_up(
    path: Path, connection: sqlite3.Connection
) -> None:
    async with opened(path):
        pass
    before = contents(path)
    with pytest.raises(StoreTooNew, match="newer smtui"):
        schema.bring_up(connection, path, FIRST)
    assert contents(path) == before


async def test_a_library_without_accounts_is_brought_up_too(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.bring_up(connection, path, FIRST)
    async with opened(path) as documents:
        assert await documents.accounts.all() == ()
