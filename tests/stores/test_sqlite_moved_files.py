"""A library of an older smtui learns what its files are known by as they are looked at."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from smtui.stores.sqlite import schema
from smtui.stores.sqlite.library import opened
from tests.contracts.document_stores import found

NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
AT = next(at for at, script in enumerate(schema.steps()) if "ADD COLUMN audio_mark" in script)


async def test_sounds_of_an_older_library_stay_and_are_known_by_nothing_yet(
    tmp_path: Path,
) -> None:
    path = tmp_path / "library.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        schema.bring_up(connection, path, schema.steps()[:AT])
        connection.execute("INSERT INTO places (place, folder, parts) VALUES (1, '/a', '/a/')")
        connection.execute(
            "INSERT INTO audio_files (row, owner, place, heard_rank, duration, sample_rate,"
            " channels, format, uploaded_at, file_id, search_key, folder_sort)"
            " VALUES (1, 0, 1, -1, 1.0, 44100, 1, 'wav', 5000, 'id', 'x.wav', '/a')"
        )
        connection.execute(
            "INSERT INTO audio_details (row, path_key, filename, file_path, file_size, mtime_ns,"
            " file_hash, tags, metadata) VALUES"
            " (1, ?, 'x.wav', '/a/x.wav', 1, 1, 'h', '[]', '{}')",
            ("\x1f/a/x.wav",),
        )
    async with opened(path) as documents:
        (stamp,) = (await documents.samples.stamps([("/a/x.wav", None)], user_id=None)).values()
        assert stamp.ctime_ns == 5_000_000_000
        assert await documents.samples.by_marks([""], user_id=None) == ()
        again = found("/a/x.wav", file_hash="h", ctime_ns=9, inode=3, audio_mark="m")
        await documents.samples.add_found([again], user_id=None, at=NOW)
        (sample,) = await documents.samples.by_marks(["m"], user_id=None)
        assert (sample.file_id, sample.inode, sample.ctime_ns) == ("id", 3, 9)
