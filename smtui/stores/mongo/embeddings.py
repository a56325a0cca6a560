"""The embeddings of the newest analyses on MongoDB, read without the rest of an analysis.

One port, `EmbeddingStore`, in a file of its own; `library` alone opens it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smtui.domain.analysis import Level
from smtui.domain.embedding import DIMENSIONS
from smtui.domain.ports.likeness import Embedded, packed
from smtui.domain.sample import FileId
from smtui.stores.mongo.client import BACKGROUND_SECONDS, MongoLine
from smtui.stores.mongo.filters import BY_ID, Filter, Find
from smtui.stores.mongo.indexes import ANALYSES, AUDIO_FILES
from smtui.stores.mongo.planner import fetch
from smtui.stores.mongo.values import in_parts, numbers_in

# An embedding has some 9 KB as an array of doubles.
_AT_ONCE = 1_000


class MongoEmbeddings:
    """Implements EmbeddingStore."""

    def __init__(self, line: MongoLine) -> None:
        self._line = line

    async def of(
        self, file_ids: Sequence[FileId], *, recipe_version: int
    ) -> Mapping[FileId, Embedded]:
        found: dict[FileId, Embedded] = {}
        for part in in_parts(file_ids, _AT_ONCE):
            heard = await self._ids_of({"file_id": {"$in": part}}, recipe_version, len(part))
            found |= await self._numbers(heard, recipe_version)
        return found

    async def after(
        self, file_id: FileId | None, *, recipe_version: int, limit: int
    ) -> tuple[Embedded, ...]:
        found: dict[FileId, Embedded] = {}
        while len(found) < limit:
            wanted = min(limit - len(found), _AT_ONCE)
            heard = await self.ids(file_id, recipe_version=recipe_version, limit=wanted)
            found |= await self._numbers(heard, recipe_version)
            if len(heard) < wanted:
                break
            file_id = heard[-1]
        return tuple(found[each] for each in sorted(found))

    async def ids(
        self, file_id: FileId | None, *, recipe_version: int, limit: int
    ) -> tuple[FileId, ...]:
        beyond: Filter = {"file_id": {"$gt": file_id or ""}}
        return await self._ids_of(beyond, recipe_version, limit)

    async def count(self, *, recipe_version: int) -> int:
        return await self._line.ask(
            lambda: self._line.collection(AUDIO_FILES).count_documents(
                _has_embedding(recipe_version)
            ),
            seconds=BACKGROUND_SECONDS,
        )

    async def _ids_of(self, where: Filter, recipe_version: int, limit: int) -> tuple[FileId, ...]:
        """Return the ids of sounds that this recipe has heard, in order."""
        asked = where | _has_embedding(recipe_version)
        find = Find(filter=asked, order=BY_ID, hint=BY_ID)
        rows = await fetch(self._line, find, limit, ["file_id"], seconds=BACKGROUND_SECONDS)
        return tuple(FileId(row["file_id"]) for row in rows)

    async def _numbers(
        self, file_ids: Sequence[FileId], recipe_version: int
    ) -> dict[FileId, Embedded]:
        where = {"smtui_key": {"$in": [f"{file_id}\x1f{recipe_version}" for file_id in file_ids]}}
        fields = {"_id": False, "file_id": True, "embedding": True}

        async def work() -> dict[FileId, Embedded]:
            found: dict[FileId, Embedded] = {}
            async for analysis in self._line.collection(ANALYSES).find(where, fields):
                numbers = numbers_in(analysis.get("embedding"))
                if len(numbers) == DIMENSIONS:
                    file_id = FileId(analysis["file_id"])
                    found[file_id] = Embedded(
                        file_id=file_id, recipe_version=recipe_version, numbers=packed(numbers)
                    )
            return found

        return await self._line.ask(work, seconds=BACKGROUND_SECONDS) if file_ids else {}


def _has_embedding(recipe_version: int) -> Filter:
    # What was heard of earlier bytes has no `heard`.
    return {
        "heard.recipe_version": recipe_version,
        "heard.rank": {"$gte": Level.ADVANCED.rank},
        "missing_since": None,
    }
