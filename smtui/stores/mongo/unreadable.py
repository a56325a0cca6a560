"""Files that a scan could not read (`smtui_unreadable`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import UpdateOne

from smtui.domain.account import UserId
from smtui.domain.text import storable
from smtui.domain.unreadable import MOST_KEPT, UnreadableFile
from smtui.stores.mongo import generation
from smtui.stores.mongo.changing import AT_ONCE
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.filters import visible
from smtui.stores.mongo.indexes import UNREADABLE
from smtui.stores.mongo.values import (
    Document,
    cut_to_ms,
    text_in,
    text_or_none,
    time_in,
)


async def kept(line: MongoLine, viewer: UserId | None) -> tuple[UnreadableFile, ...]:
    """The viewer's and the shared ones, by path_key."""

    async def work() -> list[Document]:
        found = line.collection(UNREADABLE).find(visible(viewer), limit=2 * MOST_KEPT)
        return await found.sort([("_id", 1)]).to_list(None)

    return tuple(_file(one) for one in await line.ask(work))


async def note(line: MongoLine, files: Sequence[UnreadableFile]) -> None:
    """Keep files with the reason; one that is kept already keeps the time since when."""
    for start in range(0, len(files), AT_ONCE):
        updates = [_update(file) for file in files[start : start + AT_ONCE]]

        async def work(updates: list[UpdateOne] = updates) -> None:
            await line.collection(UNREADABLE).bulk_write(list(updates), ordered=False)

        await line.ask(work)
    if files:
        await generation.rise(line)


async def drop(line: MongoLine, path_keys: Sequence[str]) -> None:
    """Forget files that can be read now, or are gone."""
    keys = [storable(key) for key in path_keys]
    for start in range(0, len(keys), AT_ONCE):
        asked = {"_id": {"$in": keys[start : start + AT_ONCE]}}

        async def work(asked: Document = asked) -> None:
            await line.collection(UNREADABLE).delete_many(asked)

        await line.ask(work)
    if keys:
        await generation.rise(line)


def _update(file: UnreadableFile) -> UpdateOne:
    fields = {
        "user_id": file.user_id,
        "file_path": storable(file.file_path),
        "path_bytes": file.path_bytes,
        "code": file.code,
        "error": storable(file.error),
    }
    since = {"seen_at": cut_to_ms(file.seen_at)}
    return UpdateOne(
        {"_id": storable(file.path_key)}, {"$set": fields, "$setOnInsert": since}, upsert=True
    )


def _file(kept: Mapping[str, Any]) -> UnreadableFile:
    raw, owner = kept.get("path_bytes"), text_or_none(kept.get("user_id"))
    return UnreadableFile(
        file_path=text_in(kept.get("file_path")),
        path_bytes=bytes(raw) if isinstance(raw, bytes) else None,
        user_id=None if owner is None else UserId(owner),
        code=text_in(kept.get("code")),
        error=text_in(kept.get("error")),
        seen_at=time_in(kept.get("seen_at")),
    )
