"""Changes to the sounds, each a plain function inside one transaction."""

from __future__ import annotations

import math
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.sample import FileId, FoundFile, Heard, MetadataValue, Sample, Trouble, path_key
from smtui.domain.text import storable
from smtui.stores.sqlite import sample_rows
from smtui.stores.sqlite.sample_rows import SELECT_BY_PATH, sample_of
from smtui.stores.sqlite.values import from_ms, to_ms


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
    after = replace(_seen(before, _cleaned(found)), missing_since=None)
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
    if before.file_hash != file_hash or _knows_more(before.heard, heard):
        return False
    if sample_rows.change(connection, row, before, replace(before, heard=heard, trouble=None)):
        changed(connection)
    return True


def set_trouble(connection: sqlite3.Connection, file_id: FileId, trouble: Trouble) -> bool:
    """Keep why the last listening failed."""
    held = sample_rows.row_of(connection, file_id)
    if held is None:
        return False
    row, before = held
    cleaned = replace(trouble, error=storable(trouble.error))
    if sample_rows.change(connection, row, before, replace(before, trouble=cleaned)):
        changed(connection)
    return True


def _add(
    connection: sqlite3.Connection, raw: FoundFile, user_id: UserId | None, at: datetime
) -> FileId:
    found = _cleaned(raw)
    key = path_key(user_id, found.file_path, found.path_bytes)
    held = connection.execute(SELECT_BY_PATH, (key,)).fetchone()
    if held is not None:
        before = sample_of(held)
        after = replace(_seen(before, found), missing_since=None)
        if before.file_hash != found.file_hash:
            after = replace(after, heard=None, trouble=None)
        sample_rows.change(connection, held[0], before, after)
        return before.file_id
    sample = Sample(
        file_id=FileId(str(uuid.uuid4())),
        filename=found.filename,
        file_path=found.file_path,
        path_bytes=found.path_bytes,
        file_size=found.file_size,
        duration=found.duration,
        sample_rate=found.sample_rate,
        channels=found.channels,
        format=found.format,
        user_id=user_id,
        uploaded_at=from_ms(to_ms(at)),
        metadata=found.metadata,
        file_hash=found.file_hash,
        mtime_ns=found.mtime_ns,
        ctime_ns=found.ctime_ns,
        inode=found.inode,
        audio_mark=found.audio_mark,
    )
    sample_rows.insert(connection, sample)
    return sample.file_id


def _seen(sample: Sample, found: FoundFile) -> Sample:
    """The sound with what was found on the disk."""
    return replace(
        sample,
        filename=found.filename,
        file_path=found.file_path,
        path_bytes=found.path_bytes,
        file_size=found.file_size,
        mtime_ns=found.mtime_ns,
        file_hash=found.file_hash,
        duration=found.duration,
        sample_rate=found.sample_rate,
        channels=found.channels,
        format=found.format,
        metadata=found.metadata,
        ctime_ns=found.ctime_ns,
        inode=found.inode,
        audio_mark=found.audio_mark,
    )


def _cleaned(found: FoundFile) -> FoundFile:
    """Make what a file says of itself storable: whole characters, numbers that are numbers."""
    return replace(
        found,
        file_path=storable(found.file_path),
        duration=found.duration if math.isfinite(found.duration) else 0.0,
        metadata=_storable_metadata(found.metadata),
    )


def _storable_metadata(metadata: Mapping[str, MetadataValue]) -> dict[str, MetadataValue]:
    return {
        storable(name): storable(value) if isinstance(value, str) else value
        for name, value in metadata.items()
    }


def _knows_more(present: Heard | None, new: Heard) -> bool:
    return (
        present is not None
        and present.recipe_version == new.recipe_version
        and Level(present.level).rank > Level(new.level).rank
    )
