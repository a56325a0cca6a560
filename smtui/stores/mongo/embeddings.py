"""The embeddings of the newest analyses on MongoDB, read without the rest of an analysis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smtui.domain.analysis import Level
from smtui.domain.embedding import DIMENSIONS
from smtui.domain.ports.likeness import Embedded, packed
from smtui.domain.sample import FileId
from smtui.stores.mongo.client import BACKGROUND_SECONDS, MongoLine
from smtui.stores.mongo.filters import Filter
from smtui.stores.mongo.indexes import ANALYSES, AUDIO_FILES
from smtui.stores.mongo.values import numbers_in

# An embedding has some 9 KB as an array of doubles.
_AT_ONCE = 1_000


class MongoEmbeddings:
    """Implements EmbeddingStore."""

    def __init__(self, line: MongoLine) -> None:
        self._line = line

    async def of(
        self, file_ids: Sequence[FileId], *, recipe_version: int
    ) -> Mapping[FileId, Embedded]:
        """Those of this recipe; sounds without one, or missing, are left out."""
        found: dict[FileId, Embedded] = {}
        for start in range(0, len(file_ids), _AT_ONCE):
            part = list(file_ids[start : start + _AT_ONCE])
            heard = await self._heard({"file_id": {"$in": part}}, recipe_version, len(part))
            found |= await self._numbers(heard, recipe_version)
        return found

    async def after(
        self, file_id: FileId | None, *, recipe_version: int, limit: int
    ) -> tuple[Embedded, ...]:
        """The next ones by rising file_id."""
        found: dict[FileId, Embedded] = {}
        while len(found) < limit:
            wanted = min(limit - len(found), _AT_ONCE)
            heard = await self.ids(file_id, recipe_version=recipe_version, limit=wanted)
            found |= await self._numbers(heard, recipe_version)
            if len(heard) < wanted:
                break
            file_id = heard[-1]
        return tuple(found[one] for one in sorted(found))

    async def ids(
        self, file_id: FileId | None, *, recipe_version: int, limit: int
    ) -> tuple[FileId, ...]:
        """The ids of the same."""
        beyond: Filter = {"file_id": {"$gt": file_id or ""}}
        return await self._heard(beyond, recipe_version, limit)

    async def count(self, *, recipe_version: int) -> int:
        """How many sounds of the library have an embedding of this recipe."""
        return await self._line.ask(
            lambda: self._line.collection(AUDIO_FILES).count_documents(_heard(recipe_version)),
            seconds=BACKGROUND_SECONDS,
        )

    async def _heard(self, where: Filter, recipe_version: int, limit: int) -> tuple[FileId, ...]:
        """The ids of sounds that this recipe has heard, in order."""

        async def work() -> tuple[FileId, ...]:
            cursor = self._line.collection(AUDIO_FILES).find(
                {**where, **_heard(recipe_version)},
                {"_id": False, "file_id": True},
                sort=[("file_id", 1)],
                hint=[("file_id", 1)],
                limit=limit,
                batch_size=limit,
            )
            return tuple(FileId(one["file_id"]) for one in await cursor.to_list(None))

        return await self._line.ask(work, seconds=BACKGROUND_SECONDS)

    async def _numbers(
        self, file_ids: Sequence[FileId], recipe_version: int
    ) -> dict[FileId, Embedded]:
        where = {"smtui_key": {"$in": [f"{one}\x1f{recipe_version}" for one in file_ids]}}
        fields = {"_id": False, "file_id": True, "embedding": True}

        async def work() -> dict[FileId, Embedded]:
            found: dict[FileId, Embedded] = {}
            async for one in self._line.collection(ANALYSES).find(where, fields):
                numbers = numbers_in(one.get("embedding"))
                if len(numbers) == DIMENSIONS:
                    file_id = FileId(one["file_id"])
                    found[file_id] = Embedded(
                        file_id=file_id, recipe_version=recipe_version, numbers=packed(numbers)
                    )
            return found

        return await self._line.ask(work, seconds=BACKGROUND_SECONDS) if file_ids else {}


def _heard(recipe_version: int) -> Filter:
    # What was heard of earlier bytes has no `heard`.
    return {
        "heard.recipe_version": recipe_version,
        "heard.rank": {"$gte": Level.ADVANCED.rank},
        "missing_since": None,
    }
