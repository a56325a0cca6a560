"""Sounds taken out of the library, with all that was heard of them."""

from __future__ import annotations

from collections.abc import Sequence

from smtui.domain.sample import FileId
from smtui.stores.mongo import generation
from smtui.stores.mongo.changing import AT_ONCE
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.indexes import ANALYSES, AUDIO_FILES


async def remove(line: MongoLine, file_ids: Sequence[FileId]) -> int:
    """Drop sounds and their analyses; gives how many were there.

    The sounds go first: an analysis without its sound is seen by nobody, and repeating it drops
    that, too.
    """
    unique = list(dict.fromkeys(file_ids))
    count = 0
    for start in range(0, len(unique), AT_ONCE):
        count += await _remove(line, unique[start : start + AT_ONCE])
    if count:
        await generation.rise(line)
    return count


async def _remove(line: MongoLine, file_ids: Sequence[FileId]) -> int:
    asked = {"file_id": {"$in": list(file_ids)}}
    there: int | None = None

    async def work() -> int:
        # Counted first: where an answer was lost, a second try finds less to drop.
        nonlocal there
        if there is None:
            there = await line.collection(AUDIO_FILES).count_documents(asked)
        await line.collection(AUDIO_FILES).delete_many(asked)
        await line.collection(ANALYSES).delete_many(asked)
        return there

    return await line.ask(work)
