"""The folders that were scanned and are remembered (`smtui_folders`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo.errors import DuplicateKeyError

from smtui.domain.account import UserId
from smtui.domain.sample import Folder
from smtui.domain.text import storable
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.indexes import FOLDERS, UP
from smtui.stores.mongo.values import (
    Document,
    cut_to_ms,
    text_in,
    time_or_none,
)


async def remembered(line: MongoLine, user_id: UserId | None) -> tuple[Folder, ...]:
    """The owner's folders, by path."""

    async def work() -> list[Document]:
        found = line.collection(FOLDERS).find({"user_id": user_id})
        return await found.sort([("folder_path", UP)]).to_list(None)

    return tuple(_folder(kept, user_id) for kept in await line.ask(work))


async def remember(line: MongoLine, folder: Folder) -> None:
    """Remember a folder, or when it was scanned last."""
    update: Document = {"$set": {"path_bytes": folder.path_bytes}}
    if folder.scanned_at is not None:
        update["$set"]["scanned_at"] = cut_to_ms(folder.scanned_at)
    else:
        update["$setOnInsert"] = {"scanned_at": None}
    kept = _kept(folder.folder_path, folder.user_id)

    async def work() -> None:
        try:
            await line.collection(FOLDERS).update_one(kept, update, upsert=True)
        except DuplicateKeyError:
            # Another process remembered it in the same moment.
            await line.collection(FOLDERS).update_one(kept, update)

    await line.ask(work)


async def forget(line: MongoLine, folder_path: str, user_id: UserId | None) -> bool:
    """Forget a folder; False if it was not remembered."""
    kept = _kept(folder_path, user_id)
    met = False

    async def work() -> bool:
        # Looked at first: a repeated removal finds nothing, though the first one did.
        nonlocal met
        folders = line.collection(FOLDERS)
        met = met or await folders.find_one(kept, ["_id"]) is not None
        await folders.delete_one(kept)
        return met

    return await line.ask(work)


def _kept(folder_path: str, user_id: UserId | None) -> Document:
    """One document for owner and path, whoever makes it first."""
    path = storable(folder_path)
    return {"_id": f"{user_id or ''}\x1f{path}", "user_id": user_id, "folder_path": path}


def _folder(kept: Mapping[str, Any], user_id: UserId | None) -> Folder:
    raw = kept.get("path_bytes")
    return Folder(
        folder_path=text_in(kept.get("folder_path")),
        path_bytes=bytes(raw) if isinstance(raw, bytes) else None,
        user_id=user_id,
        scanned_at=time_or_none(kept.get("scanned_at")),
    )
