"""A sound as a row of `audio_files` and one of `audio_details`, and back."""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

import sqlite3
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.question import Field, sort_value
from smtui.domain.sample import FileId, Sample
from smtui.domain.text import folded, folder_parts
from smtui.stores.sqlite.told_columns import (
    HEARD_COLUMNS,
    TROUBLE_COLUMNS,
    heard_of,
    heard_values,
    marks_of,
    marks_value,
    said_values,
    trouble_of,
)
from smtui.stores.sqlite.values import (
    Value,
    from_json,
    from_ms,
    from_ms_or_none,
    to_json,
    to_ms,
    to_ms_or_none,
)

_OWN = (
    "file_id",
    "filename",
    "file_path",
    "path_bytes",
    "file_size",
    "mtime_ns",
    "file_hash",
    "duration",
    "sample_rate",
    "channels",
    "format",
    "uploaded_at",
    "missing_since",
    "tags",
    "metadata",
    "tag_marks",
    "ctime_ns",
    "inode",
    "audio_mark",
)
# What no question filters or sorts by is kept apart from the rest.
_DETAILS = frozenset(
    (
        "path_key",
        "filename",
        "file_path",
        "path_bytes",
        "file_size",
        "mtime_ns",
        "file_hash",
        "tags",
        "metadata",
        "tag_marks",
        "ctime_ns",
        "inode",
        "audio_mark",
        "said",
        "heard_tempo_confidence",
        "heard_key",
        "heard_key_confidence",
        "heard_root_note",
        "heard_kind_confidence",
        "heard_level",
        "heard_recipe_version",
        "heard_analyzed_at",
        "heard_bit_depth",
        "trouble_error",
        "trouble_at",
    )
)
_SELECTED = ", ".join(
    f"d.{name}" if name in _DETAILS else f"f.{name}"
    for name in _OWN + HEARD_COLUMNS + TROUBLE_COLUMNS
)

# CROSS JOIN keeps this order: the sound is found first, then its owner and its details.
SELECT_SAMPLE = (
    f"SELECT f.row, o.user_id, {_SELECTED}"
    " FROM audio_files AS f CROSS JOIN owners AS o ON o.owner = f.owner"
    " CROSS JOIN audio_details AS d ON d.row = f.row"
)
SELECT_BY_PATH = f"{SELECT_SAMPLE} WHERE f.row = (SELECT row FROM audio_details WHERE path_key = ?)"


def sample_of(row: Any) -> Sample:
    """Read a row of SELECT_SAMPLE."""
    own = row[2 : 2 + len(_OWN)]
    return Sample(
        file_id=FileId(own[0]),
        filename=own[1],
        file_path=own[2],
        path_bytes=own[3],
        file_size=own[4],
        mtime_ns=own[5],
        file_hash=own[6],
        duration=own[7],
        sample_rate=own[8],
        channels=own[9],
        format=own[10],
        user_id=row[1] and UserId(row[1]),
        uploaded_at=from_ms(own[11]),
        missing_since=from_ms_or_none(own[12]),
        tags=tuple(from_json(own[13])),
        metadata=from_json(own[14]),
        tag_marks=marks_of(own[15]),
        ctime_ns=own[16],
        inode=own[17],
        audio_mark=own[18],
        heard=heard_of(row[2 + len(_OWN) : -len(TROUBLE_COLUMNS)]),
        trouble=trouble_of(row[-len(TROUBLE_COLUMNS) :]),
    )


def values_of(sample: Sample) -> dict[str, Value]:
    """Every column that a sound itself decides; owner and place are numbers given elsewhere."""
    heard, trouble = sample.heard, sample.trouble
    return {
        "file_id": sample.file_id,
        "path_key": sample.path_key,
        "filename": sample.filename,
        "file_path": sample.file_path,
        "path_bytes": sample.path_bytes,
        "search_key": sample.search_key,
        "folder_sort": str(sort_value(sample, Field.FOLDER)),
        "file_size": sample.file_size,
        "mtime_ns": sample.mtime_ns,
        "file_hash": sample.file_hash,
        "duration": sample.duration,
        "sample_rate": sample.sample_rate,
        "channels": sample.channels,
        "format": sample.format,
        "uploaded_at": to_ms(sample.uploaded_at),
        "missing_since": to_ms_or_none(sample.missing_since),
        "tags": to_json(sample.tags),
        "tags_sort": sort_value(sample, Field.TAGS),
        "metadata": to_json(dict(sample.metadata)),
        "tag_marks": marks_value(sample.tag_marks),
        "ctime_ns": sample.ctime_ns,
        "inode": sample.inode,
        "audio_mark": sample.audio_mark,
        **heard_values(heard),
        **said_values(sample),
        "trouble_code": trouble.code if trouble else None,
        "trouble_error": trouble.error if trouble else None,
        "trouble_at": to_ms(trouble.at) if trouble else None,
    }


def row_of(connection: sqlite3.Connection, file_id: FileId) -> tuple[int, Sample] | None:
    """The row number of a sound and the sound."""
    row = connection.execute(f"{SELECT_SAMPLE} WHERE f.file_id = ?", (file_id,)).fetchone()
    return None if row is None else (row[0], sample_of(row))


def insert(connection: sqlite3.Connection, sample: Sample) -> int:
    """Add a sound; gives its row number."""
    values = values_of(sample)
    values["owner"] = owner_number(connection, sample.user_id)
    values["place"] = place_number(connection, sample.folder)
    row = insert_values(connection, values)
    _change_tagged(connection, row, (), sample)
    return row


def insert_values(connection: sqlite3.Connection, values: dict[str, Value]) -> int:
    """Add a sound's columns to both tables; gives its row number."""
    wanted, details = _parted(values)
    row = connection.execute(_inserting("audio_files", wanted), tuple(wanted.values())).lastrowid
    assert row is not None
    details["row"] = row
    connection.execute(_inserting("audio_details", details), tuple(details.values()))
    return row


def change(connection: sqlite3.Connection, row: int, before: Sample, after: Sample) -> bool:
    """Write what differs, so that only the indexes that must change are touched."""
    old = values_of(before)
    changed = {name: value for name, value in values_of(after).items() if value != old[name]}
    if before.folder != after.folder:
        changed["place"] = place_number(connection, after.folder)
    if not changed:
        return False
    for table, part in zip(("audio_files", "audio_details"), _parted(changed), strict=True):
        if part:
            assignments = ", ".join(f"{name} = ?" for name in part)
            sql = f"UPDATE {table} SET {assignments} WHERE row = ?"
            connection.execute(sql, (*part.values(), row))
    if before.tags != after.tags:
        _change_tagged(connection, row, before.tags, after)
    return True


def _parted(values: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
    """The columns of audio_files, and those of audio_details."""
    wanted = {name: value for name, value in values.items() if name not in _DETAILS}
    return wanted, {name: value for name, value in values.items() if name in _DETAILS}


def _inserting(table: str, values: dict[str, Value]) -> str:
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"


def owner_number(connection: sqlite3.Connection, user_id: UserId | None) -> int:
    """The number of an owner, given on first use; 0 for what is shared."""
    if user_id is None:
        return 0
    connection.execute("INSERT OR IGNORE INTO owners (user_id) VALUES (?)", (user_id,))
    found = connection.execute("SELECT owner FROM owners WHERE user_id = ?", (user_id,))
    return int(found.fetchone()[0])


def place_number(connection: sqlite3.Connection, folder: str) -> int:
    """The number of a folder, given on first use."""
    found = connection.execute("SELECT place FROM places WHERE folder = ?", (folder,)).fetchone()
    if found is not None:
        return int(found[0])
    added = connection.execute(
        "INSERT INTO places (folder, parts) VALUES (?, ?)", (folder, folder_parts(folded(folder)))
    )
    return int(added.lastrowid or 0)


def _change_tagged(
    connection: sqlite3.Connection, row: int, before: tuple[str, ...], after: Sample
) -> None:
    old = {folded(tag) for tag in before}
    new = {folded(tag): tag for tag in after.tags}
    for tag_key in old - new.keys():
        connection.execute(
            "DELETE FROM tagged WHERE row = ? AND tag = (SELECT tag FROM tags WHERE tag_key = ?)",
            (row, tag_key),
        )
    for tag_key in new.keys() - old:
        connection.execute(
            "INSERT OR IGNORE INTO tags (tag_key, shown) VALUES (?, ?)", (tag_key, new[tag_key])
        )
        connection.execute(
            "INSERT INTO tagged (tag, row, owner) SELECT tag, ?, ? FROM tags WHERE tag_key = ?",
            (row, owner_number(connection, after.user_id), tag_key),
        )
