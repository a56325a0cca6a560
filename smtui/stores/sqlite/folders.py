"""The folders that were scanned and are remembered."""

from __future__ import annotations

import sqlite3

from smtui.domain.account import UserId
from smtui.domain.sample import Folder
from smtui.stores.sqlite.connections import Reader
from smtui.stores.sqlite.sample_rows import owner_number
from smtui.stores.sqlite.values import from_ms_or_none, to_ms_or_none


def remembered(reader: Reader, user_id: UserId | None) -> tuple[Folder, ...]:
    """The owner's folders, by path."""
    rows = reader.rows(
        "SELECT s.folder_path, s.path_bytes, s.scanned_at FROM scan_folders AS s"
        " JOIN owners AS o USING (owner) WHERE o.user_id IS ? ORDER BY s.folder_path",
        (user_id,),
    )
    return tuple(
        Folder(
            folder_path=path,
            path_bytes=raw,
            user_id=user_id,
            scanned_at=from_ms_or_none(scanned_at),
        )
        for path, raw, scanned_at in rows
    )


def remember(connection: sqlite3.Connection, folder: Folder) -> None:
    """Remember a folder, or when it was scanned last."""
    connection.execute(
        "INSERT INTO scan_folders (owner, folder_path, path_bytes, scanned_at)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (owner, folder_path) DO UPDATE SET"
        " path_bytes = excluded.path_bytes,"
        " scanned_at = coalesce(excluded.scanned_at, scanned_at)",
        (
            owner_number(connection, folder.user_id),
            folder.folder_path,
            folder.path_bytes,
            to_ms_or_none(folder.scanned_at),
        ),
    )


def forget(connection: sqlite3.Connection, folder_path: str, user_id: UserId | None) -> bool:
    """Forget a folder; False if it was not remembered."""
    sql = "DELETE FROM scan_folders WHERE owner = ? AND folder_path = ?"
    return connection.execute(sql, (owner_number(connection, user_id), folder_path)).rowcount > 0
