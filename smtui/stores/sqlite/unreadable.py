"""Files that a scan could not read (`unreadable_files`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from smtui.domain.account import UserId
from smtui.domain.text import storable
from smtui.domain.unreadable import MOST_KEPT, UnreadableFile
from smtui.stores.sqlite.connections import Reader
from smtui.stores.sqlite.sample_rows import owner_number
from smtui.stores.sqlite.values import from_ms, to_ms
from smtui.stores.sqlite.writing import changed


def kept(reader: Reader, viewer: UserId | None) -> tuple[UnreadableFile, ...]:
    """The viewer's and the shared ones, by path_key."""
    rows = reader.rows(
        "SELECT o.user_id, u.file_path, u.path_bytes, u.code, u.error, u.seen_at"
        " FROM unreadable_files AS u JOIN owners AS o USING (owner)"
        " WHERE o.owner = 0 OR o.user_id = ? ORDER BY u.path_key LIMIT ?",
        (viewer, 2 * MOST_KEPT),
    )
    return tuple(
        UnreadableFile(
            user_id=row[0] and UserId(row[0]),
            file_path=row[1],
            path_bytes=row[2],
            code=row[3],
            error=row[4],
            seen_at=from_ms(row[5]),
        )
        for row in rows
    )


def note(connection: sqlite3.Connection, files: Sequence[UnreadableFile]) -> None:
    """Keep files with the reason; one that is kept already keeps the time since when."""
    before = connection.total_changes
    for file in files:
        connection.execute(
            "INSERT INTO unreadable_files (path_key, owner, file_path, path_bytes, code, error,"
            " seen_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path_key) DO UPDATE SET"
            " code = excluded.code, error = excluded.error"
            " WHERE code <> excluded.code OR error <> excluded.error",
            (
                storable(file.path_key),
                owner_number(connection, file.user_id),
                storable(file.file_path),
                file.path_bytes,
                file.code,
                storable(file.error),
                to_ms(file.seen_at),
            ),
        )
    if connection.total_changes != before:
        changed(connection)


def drop(connection: sqlite3.Connection, path_keys: Sequence[str]) -> None:
    """Forget files that can be read now, or are gone."""
    sql = "DELETE FROM unreadable_files WHERE path_key = ?"
    if sum(connection.execute(sql, (storable(key),)).rowcount for key in path_keys):
        changed(connection)
