"""A sound as rows, and back: `audio_files`, `audio_details`, and `tagged` for each of its tags.

What no question filters or sorts by is kept apart, in the details. A change writes what differs, so
that only the indexes that must change are touched; tags of many sounds go in few statements.
"""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.claim_differences import differences, told_apart
from smtui.domain.filename_claims import Said, said_in
from smtui.domain.quality import Quality
from smtui.domain.question import Field, sort_value, tags_sort_value
from smtui.domain.sample import FileId, Heard, Mark, Sample, Trouble, search_key
from smtui.domain.tag_change import Tags
from smtui.domain.text import folded, folder_parts
from smtui.stores.sqlite.values import (
    Value,
    from_json,
    from_ms,
    from_ms_or_none,
    in_parts,
    to_json,
    to_ms,
    to_ms_or_none,
)

UNHEARD_RANK = -1
_QUALITY = {
    "heard_peak": "true_peak_dbtp",
    "heard_bits": "bits_used",
    "heard_clipped": "clipped_samples",
    "heard_dc": "dc_offset",
    "heard_head": "silence_head",
    "heard_tail": "silence_tail",
    "heard_correlation": "stereo_correlation",
    "heard_bit_depth": "bit_depth",
}
_HEARD_COLUMNS = (
    "heard_tempo",
    "heard_tempo_confidence",
    "heard_key",
    "heard_mode",
    "heard_key_confidence",
    "heard_root_note",
    "heard_kind",
    "heard_kind_confidence",
    "heard_is_loop",
    "heard_loudness_lufs",
    "heard_level",
    "heard_recipe_version",
    "heard_analyzed_at",
    *_QUALITY,
)
_TROUBLE_COLUMNS = ("trouble_code", "trouble_error", "trouble_at")
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
    for name in _OWN + _HEARD_COLUMNS + _TROUBLE_COLUMNS
)
# CROSS JOIN keeps this order: the sound is found first, then its owner and its details.
SELECT_SAMPLE = (
    f"SELECT f.row, o.user_id, {_SELECTED}"
    " FROM audio_files AS f CROSS JOIN owners AS o ON o.owner = f.owner"
    " CROSS JOIN audio_details AS d ON d.row = f.row"
)
SELECT_BY_PATH = f"{SELECT_SAMPLE} WHERE f.row = (SELECT row FROM audio_details WHERE path_key = ?)"
_NO_METADATA = "{}"
# In the order of the rows: what lies together in the file is read and written together.
_SELECT_TAGGED = (
    "SELECT f.row, f.file_id, f.owner, f.search_key, d.filename, d.file_path, d.metadata,"
    " d.tags, d.tag_marks FROM audio_files AS f CROSS JOIN audio_details AS d ON d.row = f.row"
)


class _TaggedRow(NamedTuple):
    """What is read of a sound to change its tags."""

    row: int
    file_id: FileId
    owner: int
    search_key: str
    filename: str
    file_path: str
    metadata: str
    tags: str
    marks: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChange:
    """The tags of one sound before and after, as the columns have them."""

    before: Tags
    after: Tags
    tags: str
    marks: str | None
    sort: str | None

    @staticmethod
    def of(before: Tags, after: Tags) -> TagChange:
        """Return it with the columns written."""
        return TagChange(
            before=before,
            after=after,
            tags=to_json(after.words),
            marks=_marks_value(after.marks),
            sort=tags_sort_value(after.words),
        )


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
        tag_marks=_marks_of(own[15]),
        ctime_ns=own[16],
        inode=own[17],
        audio_mark=own[18],
        heard=_heard_of(row[2 + len(_OWN) : -len(_TROUBLE_COLUMNS)]),
        trouble=_trouble_of(row[-len(_TROUBLE_COLUMNS) :]),
    )


def values_of(sample: Sample) -> dict[str, Value]:
    """Every column that a sound itself decides; owner and place are numbers given elsewhere."""
    trouble = sample.trouble
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
        "tag_marks": _marks_value(sample.tag_marks),
        "ctime_ns": sample.ctime_ns,
        "inode": sample.inode,
        "audio_mark": sample.audio_mark,
        **_heard_values(sample.heard),
        # What the name claims, and whether name or tags say else than was heard.
        "said": _said_value(sample.said),
        "disagrees": 1 if differences(sample) else None,
        "trouble_code": trouble.code if trouble else None,
        "trouble_error": trouble.error if trouble else None,
        "trouble_at": to_ms(trouble.at) if trouble else None,
    }


def tags_of(tags: str, marks: str | None) -> Tags:
    """Read the two columns."""
    return Tags(words=tuple(from_json(tags)), marks=_marks_of(marks))


def insert(connection: sqlite3.Connection, sample: Sample) -> None:
    """Add a sound."""
    owner = owner_number(connection, sample.user_id)
    values = values_of(sample)
    values["owner"] = owner
    values["place"] = place_number(connection, sample.folder)
    row = insert_values(connection, values)
    if sample.tags:
        _write_tagged(connection, [(row, owner, (), sample.tags)])


def insert_values(connection: sqlite3.Connection, values: dict[str, Value]) -> int:
    """Add a sound's columns to both tables; return its row number."""
    wanted, details = _parted(values)
    row = connection.execute(_insert_sql("audio_files", wanted), tuple(wanted.values())).lastrowid
    assert row is not None
    details["row"] = row
    connection.execute(_insert_sql("audio_details", details), tuple(details.values()))
    return row


def change(
    connection: sqlite3.Connection, file_id: FileId, transition: Callable[[Sample], Sample | None]
) -> bool:
    """Write what becomes of a sound; False if it is gone, or nothing becomes of it."""
    row = connection.execute(f"{SELECT_SAMPLE} WHERE f.file_id = ?", (file_id,)).fetchone()
    before = None if row is None else sample_of(row)
    after = None if before is None else transition(before)
    if before is None or after is None:
        return False
    if write_difference(connection, row[0], before, after):
        note_change(connection)
    return True


def write_difference(
    connection: sqlite3.Connection, row: int, before: Sample, after: Sample
) -> bool:
    """Write what differs; False if nothing does."""
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
        owner = owner_number(connection, after.user_id)
        _write_tagged(connection, [(row, owner, before.tags, after.tags)])
    return True


def rewrite_tags(
    connection: sqlite3.Connection,
    file_ids: Sequence[FileId],
    decide: Callable[[FileId, str, str | None], TagChange],
) -> dict[FileId, Tags]:
    """Write the tags that `decide` gives for two columns; return those before of what changed."""
    rows: list[_TaggedRow] = []
    for part, marks in in_parts(list(dict.fromkeys(file_ids))):
        found = connection.execute(f"{_SELECT_TAGGED} WHERE f.file_id IN ({marks})", part)
        rows += map(_TaggedRow._make, found)
    decided = [(row, decide(row.file_id, row.tags, row.marks)) for row in sorted(rows)]
    due = [(row, change) for row, change in decided if change.before != change.after]
    if due:
        _write_tags(connection, due)
        note_change(connection)
    return {row.file_id: change.before for row, change in due}


def note_change(connection: sqlite3.Connection) -> None:
    """Tell every process that the sounds changed, by the generation number."""
    connection.execute("UPDATE state SET generation = generation + 1")


def owner_number(connection: sqlite3.Connection, user_id: UserId | None) -> int:
    """Return the number of an owner, given on first use; 0 for what is shared."""
    if user_id is None:
        return 0
    connection.execute("INSERT OR IGNORE INTO owners (user_id) VALUES (?)", (user_id,))
    found = connection.execute("SELECT owner FROM owners WHERE user_id = ?", (user_id,))
    return int(found.fetchone()[0])


def place_number(connection: sqlite3.Connection, folder: str) -> int:
    """Return the number of a folder, given on first use."""
    found = connection.execute("SELECT place FROM places WHERE folder = ?", (folder,)).fetchone()
    if found is not None:
        return int(found[0])
    added = connection.execute(
        "INSERT INTO places (folder, parts) VALUES (?, ?)", (folder, folder_parts(folded(folder)))
    )
    return int(added.lastrowid or 0)


def add_functions(connection: sqlite3.Connection) -> None:
    """Teach a connection what the steps ask of rows that an older smtui wrote."""

    def said(filename: str) -> str | None:
        return _said_value(said_in(filename))

    def disagreement(filename: str, metadata: str, *heard: Any) -> int | None:
        tempo, key, mode, root_note = heard
        claimed = Heard(
            tempo=tempo,
            key=key,
            mode=mode,
            root_note=root_note,
            level=Level.BASIC,
            recipe_version=0,
            analyzed_at=from_ms(0),
        )
        return 1 if told_apart(filename, from_json(metadata), claimed) else None

    connection.create_function("said_in", 1, said, deterministic=True)
    connection.create_function("disagreement", 6, disagreement, deterministic=True)


def _heard_of(row: Any) -> Heard | None:
    """Read _HEARD_COLUMNS."""
    if row[10] is None:
        return None
    return Heard(
        tempo=row[0],
        tempo_confidence=row[1],
        key=row[2],
        mode=row[3],
        key_confidence=row[4],
        root_note=row[5],
        kind=row[6],
        kind_confidence=row[7],
        is_loop=None if row[8] is None else bool(row[8]),
        loudness_lufs=row[9],
        level=row[10],
        recipe_version=row[11],
        analyzed_at=from_ms(row[12]),
        quality=_quality_of(row[13:]),
    )


def _heard_values(heard: Heard | None) -> dict[str, Value]:
    """Write _HEARD_COLUMNS, and the two that only questions use."""
    if heard is None:
        return {
            **dict.fromkeys(_HEARD_COLUMNS),
            "heard_key_label": None,
            "heard_rank": UNHEARD_RANK,
        }
    return {
        "heard_tempo": heard.tempo,
        "heard_tempo_confidence": heard.tempo_confidence,
        "heard_key": heard.key,
        "heard_mode": heard.mode,
        "heard_key_label": heard.key_label,
        "heard_key_confidence": heard.key_confidence,
        "heard_root_note": heard.root_note,
        "heard_kind": heard.kind,
        "heard_kind_confidence": heard.kind_confidence,
        "heard_is_loop": heard.is_loop,
        "heard_loudness_lufs": heard.loudness_lufs,
        "heard_level": heard.level,
        "heard_rank": Level(heard.level).rank,
        "heard_recipe_version": heard.recipe_version,
        "heard_analyzed_at": to_ms(heard.analyzed_at),
        **{column: getattr(heard.quality, name, None) for column, name in _QUALITY.items()},
    }


def _quality_of(row: Any) -> Quality | None:
    peak, bits, clipped, dc, head, tail, correlation, bit_depth = row
    if clipped is None:
        return None
    return Quality(
        true_peak_dbtp=peak,
        bit_depth=bit_depth,
        bits_used=bits,
        clipped_samples=clipped,
        dc_offset=dc,
        silence_head=head,
        silence_tail=tail,
        stereo_correlation=correlation,
    )


def _said_value(said: Said) -> str | None:
    return to_json(asdict(said)) if said else None


def _trouble_of(row: Any) -> Trouble | None:
    """Read _TROUBLE_COLUMNS."""
    if row[0] is None:
        return None
    return Trouble(code=row[0], error=row[1], at=from_ms(row[2]))


def _marks_of(kept: str | None) -> dict[str, Mark]:
    """Read `tag_marks`."""
    if kept is None:
        return {}
    return {
        tag: Mark(by=by and UserId(by), at=from_ms(at)) for tag, (by, at) in from_json(kept).items()
    }


def _marks_value(marks: Mapping[str, Mark]) -> str | None:
    """Write `tag_marks`; no marks take no room."""
    if not marks:
        return None
    return to_json({tag: (mark.by, to_ms(mark.at)) for tag, mark in marks.items()})


def _parted(values: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
    """The columns of audio_files, and those of audio_details."""
    wanted = {name: value for name, value in values.items() if name not in _DETAILS}
    return wanted, {name: value for name, value in values.items() if name in _DETAILS}


def _insert_sql(table: str, values: dict[str, Value]) -> str:
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"


def _write_tags(
    connection: sqlite3.Connection, due: Sequence[tuple[_TaggedRow, TagChange]]
) -> None:
    keys = [_search_key(row, change.after) for row, change in due]
    connection.execute("UPDATE state SET trigrams_apart = 1")
    connection.executemany(
        "UPDATE audio_files SET search_key = ?, tags_sort = ? WHERE row = ?",
        [(key, change.sort, row.row) for key, (row, change) in zip(keys, due, strict=True)],
    )
    connection.execute("UPDATE state SET trigrams_apart = 0")
    connection.executemany(
        "UPDATE audio_details SET tags = ?, tag_marks = ? WHERE row = ?",
        [(change.tags, change.marks, row.row) for row, change in due],
    )
    connection.executemany(
        "INSERT INTO trigrams (trigrams, rowid, search_key) VALUES ('delete', ?, ? || x'1f1f')",
        [(row.row, row.search_key) for row, _ in due],
    )
    connection.executemany(
        "INSERT INTO trigrams (rowid, search_key) VALUES (?, ? || x'1f1f')",
        [(row.row, key) for key, (row, _) in zip(keys, due, strict=True)],
    )
    _write_tagged(
        connection,
        [(row.row, row.owner, change.before.words, change.after.words) for row, change in due],
    )


def _search_key(row: _TaggedRow, after: Tags) -> str:
    said = {} if row.metadata == _NO_METADATA else from_json(row.metadata)
    return search_key(row.filename, row.file_path.rpartition("/")[0] or "/", after.words, said)


def _write_tagged(
    connection: sqlite3.Connection,
    changes: Sequence[tuple[int, int, tuple[str, ...], tuple[str, ...]]],
) -> None:
    """Write a row for each tag; `changes` has row, owner, tags before and tags after."""
    came: list[tuple[str, int, int]] = []
    went: list[tuple[int, str]] = []
    for row, owner, before, after in changes:
        old = {folded(tag) for tag in before}
        new = {folded(tag) for tag in after}
        went += [(row, key) for key in old - new]
        came += [(key, row, owner) for key in new - old]
    shown = {folded(tag): tag for *_, after in changes for tag in after}
    connection.executemany(
        "INSERT OR IGNORE INTO tags (tag_key, shown) VALUES (?, ?)", list(shown.items())
    )
    connection.executemany(
        "DELETE FROM tagged WHERE row = ? AND tag = (SELECT tag FROM tags WHERE tag_key = ?)", went
    )
    connection.executemany(
        "INSERT INTO tagged (tag, row, owner)"
        " VALUES ((SELECT tag FROM tags WHERE tag_key = ?), ?, ?)",
        came,
    )
