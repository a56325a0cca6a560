"""Sounds that an older recipe has heard."""

from __future__ import annotations

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.sample import FileId
from smtui.stores.mongo.client import BACKGROUND_SECONDS, MongoLine
from smtui.stores.mongo.filters import Filter, both, visible
from smtui.stores.mongo.indexes import AUDIO_FILES
from smtui.stores.mongo.values import text_in


async def outdated(
    line: MongoLine, user_id: UserId | None, recipe_version: int
) -> dict[Level, tuple[FileId, ...]]:
    """Their ids by the level at which they were heard, in order."""
    fields = {"_id": False, "file_id": True, "heard.rank": True}

    levels = {level.rank: level for level in Level}

    async def work() -> dict[Level, list[FileId]]:
        found: dict[Level, list[FileId]] = {}
        async for one in line.collection(AUDIO_FILES).find(_where(user_id, recipe_version), fields):
            # Not the level that the row shows, which may be another program's.
            level = levels.get(one["heard"].get("rank"), Level.ADVANCED)
            found.setdefault(level, []).append(FileId(text_in(one.get("file_id"))))
        return found

    found = await line.ask(work, seconds=BACKGROUND_SECONDS)
    return {level: tuple(sorted(ids)) for level, ids in found.items()}


async def count(line: MongoLine, user_id: UserId | None, recipe_version: int) -> int:
    """How many there are."""
    where = _where(user_id, recipe_version)
    return await line.ask(
        lambda: line.collection(AUDIO_FILES).count_documents(where), seconds=BACKGROUND_SECONDS
    )


def _where(user_id: UserId | None, recipe_version: int) -> Filter:
    # What another program has heard has no recipe: number 0, or none.
    older = {"heard.recipe_version": {"$gt": 0, "$lt": recipe_version}}
    return both(older, visible(user_id), {"missing_since": None}, {"trouble.code": None})
