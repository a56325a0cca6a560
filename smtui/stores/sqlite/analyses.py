"""What was heard, in SQLite (`analyses`): one row per file and recipe version."""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from smtui.domain.analysis import Analysis, AnalysisHead, AnalysisId, Level, Measurement
from smtui.domain.masking import Outline
from smtui.domain.sample import FileId
from smtui.stores.sqlite import outlines
from smtui.stores.sqlite.analysis_rows import (
    SELECT_ANALYSIS,
    SELECT_BRIEF,
    SELECT_HEAD,
    analysis_of,
    brief_of,
    head_of,
    values_of,
)
from smtui.stores.sqlite.connections import Reader, Readers, Writer
from smtui.stores.sqlite.values import in_parts

# The last row of several wins where they are read into a mapping.
_WORST_FIRST = " ORDER BY level_rank, analyzed_at, analysis_id"
_BEST_FIRST = " ORDER BY level_rank DESC, analyzed_at DESC, analysis_id DESC"


class SqliteAnalyses:
    """What was heard: the level of a file's analysis only rises."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    async def save(self, analysis: Analysis) -> AnalysisId:
        """Upsert on (file_id, recipe_version); gives the id under which it stands."""
        return await self._writer.write(lambda connection: save(connection, analysis))

    async def newest(self, file_id: FileId) -> Analysis | None:
        """The highest level, then the newest."""
        return (await self.newest_of([file_id])).get(file_id)

    async def newest_of(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        """The same for several files; files without an analysis are left out."""
        return await self._each(file_ids, SELECT_ANALYSIS, analysis_of)

    async def briefs(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        """The same without embedding, cepstra and chroma."""
        return await self._each(file_ids, SELECT_BRIEF, brief_of)

    async def _each(
        self, file_ids: Sequence[FileId], select: str, made: Callable[[Any], Analysis]
    ) -> Mapping[FileId, Analysis]:
        def read(reader: Reader) -> Mapping[FileId, Analysis]:
            found: dict[FileId, Analysis] = {}
            for part, marks in in_parts(file_ids):
                where = f" WHERE file_id IN ({marks})"
                for row in reader.rows(select + where + _WORST_FIRST, part):
                    analysis = made(row)
                    before = found.get(analysis.file_id)
                    # What a language model said outlives a new listening.
                    if analysis.ai is None and before is not None:
                        analysis = replace(analysis, ai=before.ai)
                    found[analysis.file_id] = analysis
            return found

        return await self._readers.read(read)

    async def heads(self, file_ids: Sequence[FileId]) -> Mapping[FileId, AnalysisHead]:
        """Which analyses `newest_of` would give."""

        def read(reader: Reader) -> Mapping[FileId, AnalysisHead]:
            found: dict[FileId, AnalysisHead] = {}
            for part, marks in in_parts(file_ids):
                where = f" WHERE file_id IN ({marks})"
                for row in reader.rows(SELECT_HEAD + where + _WORST_FIRST, part):
                    head = head_of(row)
                    before = found.get(head.file_id)
                    has_ai = head.has_ai or (before is not None and before.has_ai)
                    found[head.file_id] = replace(head, has_ai=has_ai)
            return found

        return await self._readers.read(read)

    async def outlines(self, file_ids: Sequence[FileId]) -> tuple[Outline, ...]:
        """Sounds as far as fitting needs them, in the order asked for."""
        return await self._readers.read(lambda reader: outlines.outlines(reader, file_ids))

    async def by_hash(
        self, file_hash: str, *, recipe_version: int, level: Level
    ) -> Measurement | None:
        """What was measured of the same bytes at this level or higher, whoever owns the file."""

        def read(reader: Reader) -> Measurement | None:
            where = " WHERE file_hash = ? AND recipe_version = ? AND level_rank >= ?"
            row = reader.row(
                f"{SELECT_ANALYSIS}{where}{_BEST_FIRST} LIMIT 1",
                (file_hash, recipe_version, level.rank),
            )
            return None if row is None else analysis_of(row).measured

        return await self._readers.read(read)


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
