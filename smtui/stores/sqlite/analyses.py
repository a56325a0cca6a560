"""What was heard, in SQLite (`analyses`): one row per file and recipe version."""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from smtui.domain.analysis import Analysis, AnalysisHead, AnalysisId, Level, Measurement
from smtui.domain.embedding import DIMENSIONS
from smtui.domain.masking import Outline
from smtui.domain.ports.similarity_index import Embedded
from smtui.domain.sample import FileId
from smtui.stores.sqlite.analysis_codec import (
    OUTLINE_COLUMNS,
    SELECT_ANALYSIS,
    SELECT_BRIEF,
    SELECT_HEAD,
    analysis_of,
    brief_of,
    head_of,
    outline_of,
    values_of,
)
from smtui.stores.sqlite.connections import (
    Reader,
    Readers,
    Writer,
    reading,
    reading_in_background,
    writing,
)
from smtui.stores.sqlite.values import in_parts

# The last row of several wins where they are read into a mapping.
_WORST_FIRST = " ORDER BY level_rank, analyzed_at, analysis_id"
_BEST_FIRST = " ORDER BY level_rank DESC, analyzed_at DESC, analysis_id DESC"
# CROSS JOIN keeps this order. Sorting in SQLite would carry the numbers along.
_SELECT_OUTLINE = (
    f"SELECT a.level_rank, a.analyzed_at, a.analysis_id, {OUTLINE_COLUMNS}"
    " FROM audio_files AS f CROSS JOIN audio_details AS d ON d.row = f.row"
    " CROSS JOIN analyses AS a ON a.file_id = f.file_id"
    " WHERE f.heard_rank >= 0 AND a.spectral_numbers IS NOT NULL"
)
# What was heard of earlier bytes has no `heard`; what has is of these bytes and this recipe.
_COUNTS = (
    f"f.missing_since IS NULL AND f.heard_rank >= {Level.ADVANCED.rank}"
    " AND d.heard_recipe_version = ?"
)
_EMBEDDED = (
    "FROM audio_files AS f CROSS JOIN audio_details AS d ON d.row = f.row"
    " CROSS JOIN analyses AS a"
    " ON a.file_id = f.file_id AND a.recipe_version = d.heard_recipe_version"
    f" WHERE length(a.embedding) = {4 * DIMENSIONS} AND {_COUNTS}"
)
_NEXT_EMBEDDED = f"{_EMBEDDED} AND f.file_id > ? ORDER BY f.file_id LIMIT ?"


class SqliteAnalyses:
    """Implements AnalysisStore."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    @writing
    def save(self, connection: sqlite3.Connection, analysis: Analysis) -> AnalysisId:
        return save(connection, analysis)

    async def newest(self, file_id: FileId) -> Analysis | None:
        return (await self.newest_of([file_id])).get(file_id)

    @reading
    def newest_of(self, reader: Reader, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        return _newest_of(reader, file_ids, SELECT_ANALYSIS, analysis_of)

    @reading
    def briefs(self, reader: Reader, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        return _newest_of(reader, file_ids, SELECT_BRIEF, brief_of)

    @reading
    def heads(self, reader: Reader, file_ids: Sequence[FileId]) -> Mapping[FileId, AnalysisHead]:
        found: dict[FileId, AnalysisHead] = {}
        for part, marks in in_parts(file_ids):
            where = f" WHERE file_id IN ({marks})"
            for row in reader.rows(SELECT_HEAD + where + _WORST_FIRST, part):
                head = head_of(row)
                before = found.get(head.file_id)
                has_ai = head.has_ai or (before is not None and before.has_ai)
                found[head.file_id] = replace(head, has_ai=has_ai)
        return found

    @reading
    def outlines(self, reader: Reader, file_ids: Sequence[FileId]) -> tuple[Outline, ...]:
        found: dict[FileId, Outline] = {}
        for part, marks in in_parts(file_ids):
            rows = reader.rows(f"{_SELECT_OUTLINE} AND f.file_id IN ({marks})", part)
            # Of several analyses the last wins: the highest level, then the newest.
            for row in sorted(rows, key=lambda row: row[:3]):
                outline = outline_of(row[3:])
                if outline is not None:
                    found[outline.file_id] = outline
        return tuple(found[file_id] for file_id in file_ids if file_id in found)

    @reading
    def by_hash(
        self, reader: Reader, file_hash: str, *, recipe_version: int, level: Level
    ) -> Measurement | None:
        where = " WHERE file_hash = ? AND recipe_version = ? AND level_rank >= ?"
        row = reader.row(
            f"{SELECT_ANALYSIS}{where}{_BEST_FIRST} LIMIT 1",
            (file_hash, recipe_version, level.rank),
        )
        return None if row is None else analysis_of(row).measured


class SqliteEmbeddings:
    """Implements EmbeddingStore; nothing but the numbers is read of an analysis."""

    def __init__(self, readers: Readers, background: Readers) -> None:
        self._readers = readers
        self._background = background

    @reading
    def of(
        self, reader: Reader, file_ids: Sequence[FileId], *, recipe_version: int
    ) -> Mapping[FileId, Embedded]:
        found: dict[FileId, Embedded] = {}
        for part, marks in in_parts(file_ids):
            sql = f"SELECT f.file_id, a.embedding {_EMBEDDED} AND f.file_id IN ({marks})"
            rows = reader.rows(sql, (recipe_version, *part))
            found |= {row[0]: _embedded(row, recipe_version) for row in rows}
        return found

    @reading_in_background
    def after(
        self, reader: Reader, file_id: FileId | None, *, recipe_version: int, limit: int
    ) -> tuple[Embedded, ...]:
        sql = f"SELECT f.file_id, a.embedding {_NEXT_EMBEDDED}"
        rows = reader.rows(sql, (recipe_version, file_id or "", limit))
        return tuple(_embedded(row, recipe_version) for row in rows)

    @reading_in_background
    def ids(
        self, reader: Reader, file_id: FileId | None, *, recipe_version: int, limit: int
    ) -> tuple[FileId, ...]:
        sql = f"SELECT f.file_id {_NEXT_EMBEDDED}"
        rows = reader.rows(sql, (recipe_version, file_id or "", limit))
        return tuple(FileId(row[0]) for row in rows)

    @reading_in_background
    def count(self, reader: Reader, *, recipe_version: int) -> int:
        sql = (
            "SELECT count(*) FROM audio_details AS d CROSS JOIN audio_files AS f ON f.row = d.row"
            f" WHERE {_COUNTS}"
        )
        return int(reader.row(sql, (recipe_version,))[0])


def save(connection: sqlite3.Connection, analysis: Analysis) -> AnalysisId:
    """Upsert an analysis, within a transaction."""
    values = values_of(analysis)
    held = connection.execute(
        "SELECT analysis_id, level_rank, file_hash FROM analyses"
        " WHERE file_id = ? AND recipe_version = ?",
        (analysis.file_id, analysis.measured.recipe_version),
    ).fetchone()
    if held is None:
        # A claim that a newer smtui repeats has the id that stands for the older recipe.
        taken = "SELECT 1 FROM analyses WHERE analysis_id = ?"
        if connection.execute(taken, (analysis.analysis_id,)).fetchone():
            values["analysis_id"] = str(uuid4())
        marks = ", ".join("?" * len(values))
        sql = f"INSERT INTO analyses ({', '.join(values)}) VALUES ({marks})"
        connection.execute(sql, tuple(values.values()))
        return AnalysisId(str(values["analysis_id"]))
    standing, rank, file_hash = held
    # What was heard of earlier bytes says nothing about these, at whatever level.
    if rank <= analysis.measured.level.rank or file_hash != analysis.measured.file_hash:
        values["analysis_id"] = standing
        assignments = ", ".join(f"{name} = ?" for name in values)
        sql = f"UPDATE analyses SET {assignments} WHERE analysis_id = ?"
        connection.execute(sql, (*values.values(), standing))
    return AnalysisId(standing)


def _newest_of(
    reader: Reader, file_ids: Sequence[FileId], select: str, read: Callable[[Any], Analysis]
) -> Mapping[FileId, Analysis]:
    found: dict[FileId, Analysis] = {}
    for part, marks in in_parts(file_ids):
        where = f" WHERE file_id IN ({marks})"
        for row in reader.rows(select + where + _WORST_FIRST, part):
            analysis = read(row)
            before = found.get(analysis.file_id)
            # What a language model said outlives a new listening.
            if analysis.ai is None and before is not None:
                analysis = replace(analysis, ai=before.ai)
            found[analysis.file_id] = analysis
    return found


def _embedded(row: tuple[str, bytes], recipe_version: int) -> Embedded:
    return Embedded(file_id=FileId(row[0]), recipe_version=recipe_version, numbers=row[1])
