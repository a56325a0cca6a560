"""Reads of sounds that are not pages: by id, by path, by bytes, unheard."""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.error_codes import ErrorCode
from smtui.domain.sample import FileId, Sample, Stamp, path_key
from smtui.domain.text import storable
from smtui.stores.sqlite.connections import Reader
from smtui.stores.sqlite.sample_rows import SELECT_SAMPLE, folder_parts, sample_of
from smtui.stores.sqlite.told_columns import UNHEARD_RANK

T = TypeVar("T")

# Question marks in one statement; SQLite before 3.32 took 999, and longer lists gain nothing.
_AT_ONCE = 500

# CROSS JOIN keeps this order: a path is found first, then its sound.
_BY_PATH = "FROM audio_details AS d CROSS JOIN audio_files AS f ON f.row = d.row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """Which sounds wait to be heard; see `SampleStore.unheard`."""

    user_id: UserId | None
    level: Level
    below: str | None
    limit: int
    after: FileId | None
    retry: bool


def in_parts(values: Sequence[T]) -> Iterator[tuple[Sequence[T], str]]:
    """Cut into parts that fit one statement, each with its question marks."""
    for start in range(0, len(values), _AT_ONCE):
        part = values[start : start + _AT_ONCE]
        yield part, ", ".join("?" * len(part))


def get(reader: Reader, file_ids: Sequence[FileId]) -> tuple[Sample, ...]:
    """Samples in the order asked for."""
    found: dict[FileId, Sample] = {}
    with reader.moment():
        for part, marks in in_parts(file_ids):
            for row in reader.rows(f"{SELECT_SAMPLE} WHERE f.file_id IN ({marks})", part):
                sample = sample_of(row)
                found[sample.file_id] = sample
    return tuple(found[file_id] for file_id in file_ids if file_id in found)


def stamps(
    reader: Reader, paths: Sequence[tuple[str, bytes | None]], user_id: UserId | None
) -> Mapping[str, Stamp]:
    """What is known of these paths, by path_key."""
    keys = [path_key(user_id, storable(path), raw) for path, raw in paths]
    found: dict[str, Stamp] = {}
    for part, marks in in_parts(keys):
        rows = reader.rows(
            "SELECT d.path_key, f.file_id, d.file_size, d.mtime_ns, d.file_hash,"
            " f.missing_since IS NOT NULL, d.ctime_ns, f.uploaded_at, f.trouble_code"
            f" {_BY_PATH} WHERE d.path_key IN ({marks})",
            part,
        )
        for key, file_id, file_size, mtime_ns, file_hash, missing, ctime_ns, at, code in rows:
            found[key] = Stamp(
                file_id=FileId(file_id),
                file_size=file_size,
                mtime_ns=mtime_ns,
                file_hash=file_hash,
                missing=bool(missing),
                ctime_ns=ctime_ns or at * 1_000_000,
                vanished=code == ErrorCode.VANISHED,
            )
    return found


def by_hashes(reader: Reader, hashes: Sequence[str], user_id: UserId | None) -> tuple[Sample, ...]:
    """The owner's sounds with one of these hashes, by file_id."""
    found: list[Sample] = []
    for part, signs in in_parts(hashes):
        rows = reader.rows(
            f"{SELECT_SAMPLE} WHERE f.row IN (SELECT row FROM audio_details"
            f" WHERE file_hash IN ({signs})) AND o.user_id IS ?",
            (*part, user_id),
        )
        found += [sample_of(row) for row in rows]
    return tuple(sorted(found, key=lambda sample: sample.file_id))


def by_marks(reader: Reader, marks: Sequence[str], user_id: UserId | None) -> tuple[Sample, ...]:
    """The owner's sounds with these audio marks, by file_id."""
    found: list[Sample] = []
    for part, signs in in_parts(marks):
        rows = reader.rows(
            f"{SELECT_SAMPLE} WHERE f.row IN (SELECT row FROM audio_details"
            f" WHERE audio_mark <> '' AND audio_mark IN ({signs})) AND o.user_id IS ?",
            (*part, user_id),
        )
        found += [sample_of(row) for row in rows]
    return tuple(sorted(found, key=lambda sample: sample.file_id))


def below(
    reader: Reader, folder: str, user_id: UserId | None, after: str | None, limit: int
) -> tuple[tuple[str, bytes | None, FileId], ...]:
    """The owner's sounds in and below a folder, by path_key.

    Paths that only bytes can say have keys of their own, all after the others.
    """
    inside = folder_parts(storable(folder))
    end = f"{inside[:-1]}0"
    begin = path_key(user_id, "", None)
    rows = reader.rows(
        f"SELECT d.file_path, d.path_bytes, f.file_id {_BY_PATH}"
        " WHERE d.path_key > ? AND d.path_key > ? AND d.path_key < ? ORDER BY d.path_key LIMIT ?",
        (after or "", begin + inside, begin + end, limit),
    )
    if len(rows) < limit:
        rows += reader.rows(
            f"SELECT d.file_path, d.path_bytes, f.file_id {_BY_PATH}"
            " WHERE d.path_key > ? AND d.path_key > ? AND d.path_key < ?"
            " AND d.file_path > ? AND d.file_path < ? ORDER BY d.path_key LIMIT ?",
            (after or "", f"{begin}bytes:", f"{begin}bytes;", inside, end, limit - len(rows)),
        )
    return tuple((path, raw, FileId(file_id)) for path, raw, file_id in rows)


def unheard(reader: Reader, asked: Unheard) -> tuple[Sample, ...]:
    """Sounds not yet heard at a level, by file_id: those of the owner and the shared ones.

    One walk for each lower level along (level, file_id), joined by file_id.
    """
    conditions = ["(o.owner = 0 OR o.user_id IS ?)", "f.missing_since IS NULL"]
    values: list[str | int | None] = [asked.user_id]
    if not asked.retry:
        conditions.append("f.trouble_code IS NULL")
    if asked.below is not None:
        inside = folder_parts(storable(asked.below))
        conditions.append("d.file_path > ? AND d.file_path < ?")
        values += [inside, f"{inside[:-1]}0"]
    sql = (
        f"{SELECT_SAMPLE.replace('AS f', 'AS f INDEXED BY by_rank')}"
        f" WHERE f.heard_rank = ? AND f.file_id > ? AND {' AND '.join(conditions)}"
        " ORDER BY f.file_id LIMIT ?"
    )
    found: list[Sample] = []
    with reader.moment():
        for rank in range(UNHEARD_RANK, asked.level.rank):
            rows = reader.rows(sql, (rank, asked.after or "", *values, asked.limit))
            found += [sample_of(row) for row in rows]
    found.sort(key=lambda sample: sample.file_id)
    return tuple(found[: asked.limit])


# What another program has heard has no recipe: number 0.
_OUTDATED = (
    "FROM audio_details AS d CROSS JOIN audio_files AS f ON f.row = d.row"
    " JOIN owners AS o ON o.owner = f.owner"
    " WHERE d.heard_recipe_version > 0 AND d.heard_recipe_version < ?"
    " AND (o.owner = 0 OR o.user_id IS ?)"
    " AND f.missing_since IS NULL AND f.trouble_code IS NULL"
)


def outdated(
    reader: Reader, user_id: UserId | None, recipe_version: int
) -> dict[Level, tuple[FileId, ...]]:
    """Sounds heard by an older recipe, by level, in the order of their ids."""
    rows = reader.rows(
        f"SELECT d.heard_level, f.file_id {_OUTDATED} ORDER BY f.file_id",
        (recipe_version, user_id),
    )
    found: dict[Level, list[FileId]] = {}
    for level, file_id in rows:
        found.setdefault(Level(level), []).append(FileId(file_id))
    return {level: tuple(ids) for level, ids in found.items()}


def count_outdated(reader: Reader, user_id: UserId | None, recipe_version: int) -> int:
    """How many sounds were heard by an older recipe."""
    row = reader.one(f"SELECT count(*) {_OUTDATED}", (recipe_version, user_id))
    return int(row[0])


def tags_in_use(reader: Reader, viewer: UserId | None, limit: int) -> tuple[str, ...]:
    """Tags by how many of the viewer's sounds have them."""
    rows = reader.rows(
        "SELECT g.shown FROM tagged AS t JOIN tags AS g USING (tag)"
        " WHERE t.owner IN (SELECT owner FROM owners WHERE owner = 0 OR user_id = ?)"
        " GROUP BY t.tag ORDER BY count(*) DESC, g.tag_key LIMIT ?",
        (viewer, limit),
    )
    return tuple(shown for (shown,) in rows)
