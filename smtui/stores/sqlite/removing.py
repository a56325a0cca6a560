"""Sounds taken out of the library, with all that was heard of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from smtui.domain.sample import FileId
from smtui.stores.sqlite.writing import changed


def remove(connection: sqlite3.Connection, file_ids: Sequence[FileId]) -> int:
    """Drop sounds, their tags and their analyses; gives how many were there."""
    count = 0
    for file_id in dict.fromkeys(file_ids):
        connection.execute("DELETE FROM analyses WHERE file_id = ?", (file_id,))
        held = connection.execute("SELECT row FROM audio_files WHERE file_id = ?", (file_id,))
        row = held.fetchone()
        if row is None:
            continue
        for table in ("tagged", "audio_details", "audio_files"):
            connection.execute(f"DELETE FROM {table} WHERE row = ?", row)  # noqa: S608 - our own
        count += 1
    if count:
        changed(connection)
    return count
