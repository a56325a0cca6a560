"""Tags put on sounds and taken off, with who did it and when; many sounds in few statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smtui.domain.question import tags_sort_value
from smtui.domain.sample import FileId, search_key
from smtui.domain.tagging import Retagged, Retagging, Tags
from smtui.domain.text import folded
from smtui.stores.sqlite.lookups import in_parts
from smtui.stores.sqlite.told_columns import marks_of, marks_value
from smtui.stores.sqlite.values import from_json, to_json
from smtui.stores.sqlite.writing import changed

_NO_METADATA = "{}"
# In the order of the rows: what lies together in the file is read and written together.
_READ = (
    "SELECT f.row, f.file_id, f.owner, f.search_key, d.filename, d.file_path, d.metadata,"
    " d.tags, d.tag_marks FROM audio_files AS f CROSS JOIN audio_details AS d ON d.row = f.row"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rewritten:
    """The tags of one sound before and after, as the columns have them."""

    before: Tags
    after: Tags
    tags: str
    marks: str | None
    sort: str | None

    @staticmethod
    def made(before: Tags, after: Tags) -> _Rewritten:
        """Write the columns."""
        return _Rewritten(
            before=before,
            after=after,
            tags=to_json(after.words),
            marks=marks_value(after.marks),
            sort=tags_sort_value(after.words),
        )


def retag(
    connection: sqlite3.Connection, file_ids: Sequence[FileId], change: Retagging
) -> Mapping[FileId, Tags]:
    """Add and remove tags; gives what the sounds that changed had before."""
    # Most sounds have the same few tags, so most of the work is done once.
    known: dict[tuple[str, str | None], _Rewritten] = {}

    def decide(_: FileId, tags: str, marks: str | None) -> _Rewritten:
        made = known.get((tags, marks))
        if made is None:
            before = _read(tags, marks)
            made = known[tags, marks] = _Rewritten.made(before, change.of(before))
        return made

    return _rewrite(connection, file_ids, decide)


def take_back(connection: sqlite3.Connection, retagged: Retagged) -> int:
    """Give sounds back the tags that they had; gives how many changed."""

    def decide(file_id: FileId, tags: str, marks: str | None) -> _Rewritten:
        present = _read(tags, marks)
        after = retagged.change.taken_back(present, retagged.before[file_id])
        return _Rewritten.made(present, after)

    return len(_rewrite(connection, tuple(retagged.before), decide))


def _read(tags: str, marks: str | None) -> Tags:
    return Tags(words=tuple(from_json(tags)), marks=marks_of(marks))


def _rewrite(
    connection: sqlite3.Connection,
    file_ids: Sequence[FileId],
    decide: Callable[[FileId, str, str | None], _Rewritten],
) -> dict[FileId, Tags]:
    """Write the tags that `decide` gives; gives those before of the sounds that changed."""
    rows: list[tuple[Any, ...]] = []
    for part, marks in in_parts(list(dict.fromkeys(file_ids))):
        rows += connection.execute(f"{_READ} WHERE f.file_id IN ({marks})", part).fetchall()
    rewritten = [(row, decide(FileId(row[1]), row[7], row[8])) for row in sorted(rows)]
    due = [(row, made) for row, made in rewritten if made.before != made.after]
    if due:
        _write(connection, due)
        changed(connection)
    return {FileId(row[1]): made.before for row, made in due}


def _write(
    connection: sqlite3.Connection, due: Sequence[tuple[tuple[Any, ...], _Rewritten]]
) -> None:
    keys = [_search_key(row, made.after) for row, made in due]
    connection.execute("UPDATE state SET trigrams_apart = 1")
    connection.executemany(
        "UPDATE audio_files SET search_key = ?, tags_sort = ? WHERE row = ?",
        [(key, made.sort, row[0]) for key, (row, made) in zip(keys, due, strict=True)],
    )
    connection.execute("UPDATE state SET trigrams_apart = 0")
    connection.executemany(
        "UPDATE audio_details SET tags = ?, tag_marks = ? WHERE row = ?",
        [(made.tags, made.marks, row[0]) for row, made in due],
    )
    connection.executemany(
        "INSERT INTO trigrams (trigrams, rowid, search_key) VALUES ('delete', ?, ? || x'1f1f')",
        [(row[0], row[3]) for row, _ in due],
    )
    connection.executemany(
        "INSERT INTO trigrams (rowid, search_key) VALUES (?, ? || x'1f1f')",
        [(row[0], key) for key, (row, _) in zip(keys, due, strict=True)],
    )
    _write_tagged(connection, due)


def _search_key(row: tuple[Any, ...], after: Tags) -> str:
    _, _, _, _, filename, path, metadata, *_ = row
    said = {} if metadata == _NO_METADATA else from_json(metadata)
    return search_key(filename, path.rpartition("/")[0] or "/", after.words, said)


def _write_tagged(
    connection: sqlite3.Connection, due: Sequence[tuple[tuple[Any, ...], _Rewritten]]
) -> None:
    came: list[tuple[str, int, int]] = []
    went: list[tuple[int, str]] = []
    for (row, _, owner, *_), made in due:
        old = {folded(tag) for tag in made.before.words}
        new = {folded(tag): tag for tag in made.after.words}
        went += [(row, key) for key in old - new.keys()]
        came += [(key, row, owner) for key in new.keys() - old]
    shown = {folded(tag): tag for _, made in due for tag in made.after.words}
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
