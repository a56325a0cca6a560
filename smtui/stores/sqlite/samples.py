"""The sounds of the library in SQLite: `audio_files`, details and tags, and what scans leave.

One port, in a file of its own; what a sound looks like as rows stands in the codec.
"""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.errors import ErrorCode
from smtui.domain.question import Cut, Page, Place, Question
from smtui.domain.sample import (
    FileId,
    Folder,
    FoundFile,
    Heard,
    Sample,
    Stamp,
    Trouble,
    path_key,
)
from smtui.domain.tag_change import Retagged, Retagging
from smtui.domain.text import folder_parts, storable
from smtui.domain.unreadable import MOST_KEPT, UnreadableFile
from smtui.stores.sqlite import planner
from smtui.stores.sqlite.connections import (
    Reader,
    Readers,
    Writer,
    reading,
    reading_in_background,
    writing,
)
from smtui.stores.sqlite.sample_codec import (
    SELECT_BY_PATH,
    SELECT_SAMPLE,
    UNHEARD_RANK,
    TagChange,
    change,
    insert,
    note_change,
    owner_number,
    rewrite_tags,
    sample_of,
    tags_of,
    write_difference,
)
from smtui.stores.sqlite.values import (
    from_ms,
    from_ms_or_none,
    in_parts,
    to_ms,
    to_ms_or_none,
)

# CROSS JOIN keeps this order: a path is found first, then its sound.
_BY_PATH = "FROM audio_details AS d CROSS JOIN audio_files AS f ON f.row = d.row"
# What another program has heard has no recipe: number 0.
_OUTDATED = (
    f"{_BY_PATH} JOIN owners AS o ON o.owner = f.owner"
    " WHERE d.heard_recipe_version > 0 AND d.heard_recipe_version < ?"
    " AND (o.owner = 0 OR o.user_id IS ?)"
    " AND f.missing_since IS NULL AND f.trouble_code IS NULL"
)


class SqliteSamples:
    """Implements SampleStore: pages by index, changes one transaction each.

    `readers` answer what a person waits for; `background` what may take its time (counts,
    signposts), so that neither stands in the other's way.
    """

    def __init__(
        self,
        readers: Readers,
        background: Readers,
        writer: Writer,
        *,
        effort: planner.Effort = planner.USUAL,
    ) -> None:
        self._effort = effort
        self._readers = readers
        self._background = background
        self._writer = writer

    @reading
    def get(self, reader: Reader, file_ids: Sequence[FileId]) -> tuple[Sample, ...]:
        found: dict[FileId, Sample] = {}
        with reader.snapshot():
            for part, marks in in_parts(file_ids):
                for row in reader.rows(f"{SELECT_SAMPLE} WHERE f.file_id IN ({marks})", part):
                    sample = sample_of(row)
                    found[sample.file_id] = sample
        return tuple(found[file_id] for file_id in file_ids if file_id in found)

    @reading
    def page(  # noqa: PLR0913 - the port asks for these
        self,
        reader: Reader,
        question: Question,
        *,
        limit: int,
        after: Place | None = None,
        before: Place | None = None,
        skip: int = 0,
    ) -> Page:
        cut = Cut(limit=limit, after=after, before=before, skip=skip)
        with reader.snapshot():
            found = planner.find_rows(reader, question, cut, self._effort)
            samples = {}
            for part, marks in in_parts([place.row for place in found]):
                for row in reader.rows(f"{SELECT_SAMPLE} WHERE f.row IN ({marks})", part):
                    samples[row[0]] = sample_of(row)
        return Page(
            samples=tuple(samples[place.row] for place in found),
            places=tuple(place.place for place in found),
        )

    @reading
    def matching(
        self, reader: Reader, question: Question, file_ids: Sequence[FileId]
    ) -> frozenset[FileId]:
        found: set[FileId] = set()
        with reader.snapshot():
            where = planner.filter_of(reader, question)[0].where
            for part, marks in in_parts(file_ids):
                # The plus keeps SQLite from walking an index of the condition instead.
                sql = (
                    "SELECT f.file_id FROM audio_files AS f"
                    f" WHERE f.file_id IN ({marks}) AND +({where.text})"
                )
                found |= {FileId(row[0]) for row in reader.rows(sql, (*part, *where.values))}
        return frozenset(found)

    @reading_in_background
    def count(self, reader: Reader, question: Question) -> int:
        return planner.count(reader, question, self._effort)

    @reading_in_background
    def signposts(self, reader: Reader, question: Question, *, every: int) -> tuple[Place, ...]:
        return planner.signposts(reader, question, every, self._effort)

    @reading_in_background
    def ids(
        self, reader: Reader, question: Question, *, limit: int, after: Place | None = None
    ) -> tuple[tuple[FileId, ...], Place | None]:
        with reader.snapshot():
            cut = Cut(limit=limit + 1, after=after)
            found = planner.find_rows(reader, question, cut, self._effort)
        shown = [row.place for row in found[:limit]]
        last = shown[-1] if shown and len(found) > limit else None
        return tuple(place.file_id for place in shown), last

    @reading
    def stamps(
        self,
        reader: Reader,
        paths: Sequence[tuple[str, bytes | None]],
        *,
        user_id: UserId | None,
    ) -> Mapping[str, Stamp]:
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

    @reading
    def by_hashes(
        self, reader: Reader, hashes: Sequence[str], *, user_id: UserId | None
    ) -> tuple[Sample, ...]:
        return _samples_by(reader, "file_hash IN", hashes, user_id)

    @reading
    def by_marks(
        self, reader: Reader, marks: Sequence[str], *, user_id: UserId | None
    ) -> tuple[Sample, ...]:
        return _samples_by(reader, "audio_mark <> '' AND audio_mark IN", marks, user_id)

    @reading
    def below(
        self,
        reader: Reader,
        folder: str,
        *,
        user_id: UserId | None,
        after: str | None,
        limit: int,
    ) -> tuple[tuple[str, bytes | None, FileId], ...]:
        # Paths that only bytes can say have keys of their own, all after the others.
        inside = folder_parts(storable(folder))
        end = f"{inside[:-1]}0"
        begin = path_key(user_id, "", None)
        rows = reader.rows(
            f"SELECT d.file_path, d.path_bytes, f.file_id {_BY_PATH} WHERE d.path_key > ?"
            " AND d.path_key > ? AND d.path_key < ? ORDER BY d.path_key LIMIT ?",
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

    @reading
    def unheard(  # noqa: PLR0913 - the port asks for these
        self,
        reader: Reader,
        *,
        user_id: UserId | None,
        level: Level,
        below: str | None,
        limit: int,
        after: FileId | None = None,
        retry: bool = False,
    ) -> tuple[Sample, ...]:
        conditions = ["(o.owner = 0 OR o.user_id IS ?)", "f.missing_since IS NULL"]
        values: list[str | int | None] = [user_id]
        if not retry:
            conditions.append("f.trouble_code IS NULL")
        if below is not None:
            inside = folder_parts(storable(below))
            conditions.append("d.file_path > ? AND d.file_path < ?")
            values += [inside, f"{inside[:-1]}0"]
        # One walk for each lower level along (level, file_id), joined by file_id.
        sql = (
            f"{SELECT_SAMPLE.replace('AS f', 'AS f INDEXED BY by_rank')}"
            f" WHERE f.heard_rank = ? AND f.file_id > ? AND {' AND '.join(conditions)}"
            " ORDER BY f.file_id LIMIT ?"
        )
        found: list[Sample] = []
        with reader.snapshot():
            for rank in range(UNHEARD_RANK, level.rank):
                rows = reader.rows(sql, (rank, after or "", *values, limit))
                found += [sample_of(row) for row in rows]
        found.sort(key=lambda sample: sample.file_id)
        return tuple(found[:limit])

    @reading_in_background
    def outdated(
        self, reader: Reader, *, user_id: UserId | None, recipe_version: int
    ) -> Mapping[Level, tuple[FileId, ...]]:
        rows = reader.rows(
            f"SELECT d.heard_level, f.file_id {_OUTDATED} ORDER BY f.file_id",
            (recipe_version, user_id),
        )
        found: dict[Level, list[FileId]] = {}
        for level, file_id in rows:
            found.setdefault(Level(level), []).append(FileId(file_id))
        return {level: tuple(ids) for level, ids in found.items()}

    @reading_in_background
    def count_outdated(self, reader: Reader, *, user_id: UserId | None, recipe_version: int) -> int:
        return int(reader.row(f"SELECT count(*) {_OUTDATED}", (recipe_version, user_id))[0])

    @reading_in_background
    def tags_in_use(self, reader: Reader, *, viewer: UserId | None, limit: int) -> tuple[str, ...]:
        # Of several spellings the first that was typed.
        rows = reader.rows(
            "SELECT g.shown FROM tagged AS t JOIN tags AS g USING (tag)"
            " WHERE t.owner IN (SELECT owner FROM owners WHERE owner = 0 OR user_id = ?)"
            " GROUP BY t.tag ORDER BY count(*) DESC, g.tag_key LIMIT ?",
            (viewer, limit),
        )
        return tuple(shown for (shown,) in rows)

    @reading
    def generation(self, reader: Reader) -> int:
        return int(reader.row("SELECT generation FROM state")[0])

    @writing
    def add_found(
        self,
        connection: sqlite3.Connection,
        found: Sequence[FoundFile],
        *,
        user_id: UserId | None,
        at: datetime,
    ) -> tuple[FileId, ...]:
        file_ids = []
        for file in (file.storable for file in found):
            key = path_key(user_id, file.file_path, file.path_bytes)
            row = connection.execute(SELECT_BY_PATH, (key,)).fetchone()
            if row is not None:
                before = sample_of(row)
                write_difference(connection, row[0], before, before.found_again(file))
                file_ids.append(before.file_id)
            else:
                file_ids.append(FileId(str(uuid.uuid4())))
                sample = Sample.first_found(file, file_id=file_ids[-1], user_id=user_id, at=at)
                insert(connection, sample)
        if file_ids:
            note_change(connection)
        return tuple(file_ids)

    @writing
    def move(self, connection: sqlite3.Connection, file_id: FileId, found: FoundFile) -> bool:
        def moved(before: Sample) -> Sample | None:
            after = before.moved(found.storable)
            # Its own row has this key only where it does not move.
            sql = "SELECT 1 FROM audio_details WHERE path_key = ?"
            taken = connection.execute(sql, (after.path_key,)).fetchone()
            return None if taken and after.path_key != before.path_key else after

        return change(connection, file_id, moved)

    @writing
    def set_missing(
        self, connection: sqlite3.Connection, file_ids: Sequence[FileId], at: datetime | None
    ) -> None:
        # As `Sample.missing` does: what is missing already keeps the time at which that began.
        standing = "NOT NULL" if at is None else "NULL"
        sql = (
            "UPDATE audio_files SET missing_since = ?"
            f" WHERE file_id = ? AND missing_since IS {standing}"
        )
        values = [(to_ms_or_none(at), file_id) for file_id in file_ids]
        if connection.executemany(sql, values).rowcount > 0:
            note_change(connection)

    @writing
    def set_heard(
        self, connection: sqlite3.Connection, file_id: FileId, heard: Heard, *, file_hash: str
    ) -> bool:
        return change(connection, file_id, lambda before: before.listened_to(heard, file_hash))

    @writing
    def set_trouble(
        self, connection: sqlite3.Connection, file_id: FileId, trouble: Trouble
    ) -> bool:
        return change(connection, file_id, lambda before: replace(before, trouble=trouble.storable))

    @writing
    def retag(
        self, connection: sqlite3.Connection, file_ids: Sequence[FileId], change: Retagging
    ) -> Retagged:
        wanted = change.storable

        # Most sounds have the same few tags, so most of the work is done once.
        @cache
        def changed(tags: str, marks: str | None) -> TagChange:
            before = tags_of(tags, marks)
            return TagChange.of(before, wanted.of(before))

        before = rewrite_tags(connection, file_ids, lambda _, *columns: changed(*columns))
        return Retagged(change=wanted, before=before)

    @writing
    def take_back(self, connection: sqlite3.Connection, retagged: Retagged) -> int:
        def restored(file_id: FileId, tags: str, marks: str | None) -> TagChange:
            present = tags_of(tags, marks)
            before = retagged.before[file_id]
            return TagChange.of(present, retagged.change.taken_back(present, before))

        return len(rewrite_tags(connection, tuple(retagged.before), restored))

    @writing
    def remove(self, connection: sqlite3.Connection, file_ids: Sequence[FileId]) -> int:
        count = 0
        for file_id in dict.fromkeys(file_ids):
            connection.execute("DELETE FROM analyses WHERE file_id = ?", (file_id,))
            held = connection.execute("SELECT row FROM audio_files WHERE file_id = ?", (file_id,))
            row = held.fetchone()
            if row is None:
                continue
            for table in ("tagged", "audio_details", "audio_files"):
                connection.execute(f"DELETE FROM {table} WHERE row = ?", row)
            count += 1
        if count:
            note_change(connection)
        return count

    @reading
    def folders(self, reader: Reader, *, user_id: UserId | None) -> tuple[Folder, ...]:
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

    @writing
    def remember_folder(self, connection: sqlite3.Connection, folder: Folder) -> None:
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

    @writing
    def forget_folder(
        self, connection: sqlite3.Connection, folder_path: str, *, user_id: UserId | None
    ) -> bool:
        sql = "DELETE FROM scan_folders WHERE owner = ? AND folder_path = ?"
        owner = owner_number(connection, user_id)
        return connection.execute(sql, (owner, folder_path)).rowcount > 0

    @reading_in_background
    def unreadable(self, reader: Reader, *, viewer: UserId | None) -> tuple[UnreadableFile, ...]:
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

    @writing
    def note_unreadable(
        self, connection: sqlite3.Connection, files: Sequence[UnreadableFile]
    ) -> None:
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
            note_change(connection)

    @writing
    def drop_unreadable(self, connection: sqlite3.Connection, path_keys: Sequence[str]) -> None:
        sql = "DELETE FROM unreadable_files WHERE path_key = ?"
        if sum(connection.execute(sql, (storable(key),)).rowcount for key in path_keys):
            note_change(connection)


def _samples_by(
    reader: Reader, condition: str, values: Sequence[str], user_id: UserId | None
) -> tuple[Sample, ...]:
    """The owner's sounds whose details have one of the values, by file_id."""
    found: list[Sample] = []
    for part, marks in in_parts(values):
        rows = reader.rows(
            f"{SELECT_SAMPLE} WHERE f.row IN (SELECT row FROM audio_details"
            f" WHERE {condition} ({marks})) AND o.user_id IS ?",
            (*part, user_id),
        )
        found += [sample_of(row) for row in rows]
    return tuple(sorted(found, key=lambda sample: sample.file_id))
