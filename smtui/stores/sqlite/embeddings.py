"""The embeddings of the newest analyses in SQLite, as the bytes that stand in `analyses`."""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smtui.domain.analysis import Level
from smtui.domain.embedding import DIMENSIONS
from smtui.domain.ports.likeness import Embedded
from smtui.domain.sample import FileId
from smtui.stores.sqlite.connections import Reader, Readers
from smtui.stores.sqlite.values import in_parts

# What was heard of earlier bytes has no `heard`; what has is of these bytes and this recipe.
_COUNTS = (
    f"f.missing_since IS NULL AND f.heard_rank >= {Level.ADVANCED.rank}"
    " AND d.heard_recipe_version = ?"
)
_SOUNDS = "audio_files AS f CROSS JOIN audio_details AS d ON d.row = f.row"
_EMBEDDED = (
    f"{_SOUNDS} CROSS JOIN analyses AS a"
    " ON a.file_id = f.file_id AND a.recipe_version = d.heard_recipe_version"
    f" WHERE length(a.embedding) = {4 * DIMENSIONS} AND {_COUNTS}"
)
_WALK = f"FROM {_EMBEDDED} AND f.file_id > ? ORDER BY f.file_id LIMIT ?"


class SqliteEmbeddings:
    """Implements EmbeddingStore; nothing but the numbers is read of an analysis."""

    def __init__(self, readers: Readers, background: Readers) -> None:
        self._readers = readers
        self._background = background

    async def of(
        self, file_ids: Sequence[FileId], *, recipe_version: int
    ) -> Mapping[FileId, Embedded]:
        """Those of this recipe; sounds without one, or missing, are left out."""

        def read(reader: Reader) -> Mapping[FileId, Embedded]:
            found: dict[FileId, Embedded] = {}
            for part, marks in in_parts(file_ids):
                sql = f"SELECT f.file_id, a.embedding FROM {_EMBEDDED} AND f.file_id IN ({marks})"
                for row in reader.rows(sql, (recipe_version, *part)):
                    one = _embedded(row, recipe_version)
                    found[one.file_id] = one
            return found

        return await self._readers.read(read)

    async def after(
        self, file_id: FileId | None, *, recipe_version: int, limit: int
    ) -> tuple[Embedded, ...]:
        """The next ones by rising file_id."""
        sql = f"SELECT f.file_id, a.embedding {_WALK}"
        asked = (recipe_version, file_id or "", limit)
        return await self._background.read(
            lambda reader: tuple(_embedded(row, recipe_version) for row in reader.rows(sql, asked))
        )

    async def ids(
        self, file_id: FileId | None, *, recipe_version: int, limit: int
    ) -> tuple[FileId, ...]:
        """The ids of the same."""
        sql = f"SELECT f.file_id {_WALK}"
        asked = (recipe_version, file_id or "", limit)
        return await self._background.read(
            lambda reader: tuple(FileId(row[0]) for row in reader.rows(sql, asked))
        )

    async def count(self, *, recipe_version: int) -> int:
        """How many sounds of the library have an embedding of this recipe."""
        sql = (
            "SELECT count(*) FROM audio_details AS d CROSS JOIN audio_files AS f ON f.row = d.row"
            f" WHERE {_COUNTS}"
        )
        row = await self._background.read(lambda reader: reader.row(sql, (recipe_version,)))
        return int(row[0])


def _embedded(row: tuple[str, bytes], recipe_version: int) -> Embedded:
    return Embedded(file_id=FileId(row[0]), recipe_version=recipe_version, numbers=row[1])
