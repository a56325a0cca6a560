"""Searches and filters that people saved or asked lately (`smtui_searches`).

One port, `KeptSearchStore`, in a file of its own; `library` alone opens it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.kept_search import KeptKind, KeptSearch, ordered
from smtui.domain.text import storable
from smtui.stores.mongo.client import MongoLine, upsert
from smtui.stores.mongo.indexes import DOWN, SEARCHES
from smtui.stores.mongo.values import Document, cut_to_ms, text_in, time_in


class MongoKeptSearches:
    """Implements KeptSearchStore."""

    def __init__(self, line: MongoLine) -> None:
        self._line = line

    async def of(self, user_id: UserId) -> tuple[KeptSearch, ...]:
        return ordered(_searches(await self._line.find(SEARCHES, {"user_id": user_id})))

    async def keep(self, kept: KeptSearch, *, user_id: UserId, recent: int) -> None:
        key = _key(kept.kind, kept.text, user_id)
        used: Document = {"used_at": cut_to_ms(kept.used_at)}
        named: Document = {"name": storable(kept.name)}
        update = {"$set": used | named} if kept.name else {"$set": used, "$setOnInsert": named}

        async def work() -> None:
            searches = self._line.collection(SEARCHES)
            await upsert(searches, key, update)
            unnamed: Document = {"user_id": user_id, "kind": kept.kind.value, "name": ""}
            newest = searches.find(unnamed, ["_id"]).sort([("used_at", DOWN), ("text", DOWN)])
            old = [search["_id"] for search in await newest.skip(recent).to_list(None)]
            if old:
                # One that got a name meanwhile stays.
                await searches.delete_many({"_id": {"$in": old}, "name": ""})

        await self._line.ask(work)

    async def forget(self, kind: KeptKind, text: str, *, user_id: UserId) -> bool:
        return await self._line.delete_one(SEARCHES, {"_id": _key(kind, text, user_id)["_id"]})


def _key(kind: KeptKind, text: str, user_id: UserId) -> Document:
    """One document for owner, kind and text, whoever makes it first."""
    kept = storable(text)
    key = f"{user_id}\x1f{kind}\x1f{kept}"
    return {"_id": key, "user_id": user_id, "kind": kind.value, "text": kept}


def _searches(found: list[Document]) -> Iterator[KeptSearch]:
    for kept in found:
        if kept.get("kind") in list(KeptKind):
            yield _search(kept)


def _search(kept: Mapping[str, Any]) -> KeptSearch:
    return KeptSearch(
        kind=KeptKind(kept["kind"]),
        text=text_in(kept.get("text")),
        name=text_in(kept.get("name")),
        used_at=time_in(kept.get("used_at")),
    )
