"""Changes to the sounds, each a plain function inside one transaction."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from smtui.domain.account import UserId
from smtui.domain.sample import FileId, FoundFile, Heard, Sample, Trouble, path_key
from smtui.stores.sqlite import sample_rows
from smtui.stores.sqlite.sample_rows import SELECT_BY_PATH, sample_of
from smtui.stores.sqlite.values import to_ms


def changed(connection: sqlite3.Connection) -> None:
    """Tell every process that the sounds changed, by the generation number."""
    connection.execute("UPDATE state SET generation = generation + 1")


def add_found(
    connection: sqlite3.Connection,
    found: Sequence[FoundFile],
    user_id: UserId | None,
    at: datetime,
) -> tuple[FileId, ...]:
    """Upsert on path_key, in the order given."""
    file_ids = tuple(_add(connection, one, user_id, at) for one in found)
    if file_ids:
        changed(connection)
    return file_ids


def move(connection: sqlite3.Connection, file_id: FileId, found: FoundFile) -> bool:
    """Give a sound a new place; False if it is gone or another sound is already there."""
    held = sample_rows.row_of(connection, file_id)
    if held is None:
        return False
    row, before = held
    after = before.moved(found.storable)
    taken = connection.execute(
        "SELECT 1 FROM audio_details WHERE path_key = ? AND row <> ?", (after.path_key, row)
    ).fetchone()
    if taken:
        return False
    if sample_rows.change(connection, row, before, after):
        changed(connection)
    return True


def set_missing(
    connection: sqlite3.Connection, file_ids: Sequence[FileId], at: datetime | None
) -> None:
    """Mark sounds as not found since `at`, or as there again; who is marked keeps the first time.

    A sound that was already missing keeps the time at which that began.
    """
    count = 0
    for file_id in file_ids:
        if at is None:
            sql = (
                "UPDATE audio_files SET missing_since = NULL"
                " WHERE file_id = ? AND missing_since IS NOT NULL"
            )
            count += connection.execute(sql, (file_id,)).rowcount
        else:
            sql = (
                "UPDATE audio_files SET missing_since = ?"
                " WHERE file_id = ? AND missing_since IS NULL"
            )
            count += connection.execute(sql, (to_ms(at), file_id)).rowcount
    if count:
        changed(connection)


def set_heard(
    connection: sqlite3.Connection, file_id: FileId, heard: Heard, file_hash: str
) -> bool:
    """Guarded by the bytes that were heard and by the level; clears `trouble`."""
    held = sample_rows.row_of(connection, file_id)
    if held is None:
        return False
    row, before = held
    after = before.listened_to(heard, file_hash)
    if after is None:
        return False
    if sample_rows.change(connection, row, before, after):
        changed(connection)
    return True


def set_trouble(connection: sqlite3.Connection, file_id: FileId, trouble: Trouble) -> bool:
    """Keep why the last listening failed."""
    held = sample_rows.row_of(connection, file_id)
    if held is None:
        return False
    row, before = held
    after = replace(before, trouble=trouble.storable)
    if sample_rows.change(connection, row, before, after):
        changed(connection)
    return True


def _add(
    connection: sqlite3.Connection, raw: FoundFile, user_id: UserId | None, at: datetime
) -> FileId:
    found = raw.storable
    key = path_key(user_id, found.file_path, found.path_bytes)
    held = connection.execute(SELECT_BY_PATH, (key,)).fetchone()
    if held is not None:
        before = sample_of(held)
        sample_rows.change(connection, held[0], before, before.found_again(found))
        return before.file_id
    file_id = FileId(str(uuid.uuid4()))
    sample = Sample.first_found(found, file_id=file_id, user_id=user_id, at=at)
    sample_rows.insert(connection, sample)
    return file_id
