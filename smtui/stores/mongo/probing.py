"""Whether a server does what smtui asks of it: tried, as versions and names promise much."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.errors import OperationFailure

from smtui.domain.errors import StoreUnreachable
from smtui.stores.mongo.indexes import STATE
from smtui.stores.mongo.line import MongoLine
from smtui.stores.mongo.server import NEEDED, Server, forgetful
from smtui.stores.mongo.troubles import is_forbidden, is_lacking, read_only, said
from smtui.stores.mongo.values import Document

_NOBODY = {"_id": "nobody"}
_WRITERS = 8

_EACH: Document = {
    "$filter": {
        "input": {"$objectToArray": "$results"},
        "as": "one",
        "cond": {"$eq": ["$$one.v.status", "failed"]},
    }
}
_PIPELINE: list[Document] = [
    {"$match": _NOBODY},
    {"$project": {"named": {"$ifNull": ["$run", "$batch"]}, "ids": 1, "one": _EACH}},
    {"$unwind": "$one"},
    {"$project": {"named": 1, "key": "$one.k", "place": {"$indexOfArray": ["$ids", "$one.k"]}}},
    {"$sort": {"_id": 1, "place": 1}},
    {
        "$group": {
            "_id": {"named": "$named"},
            "key": {"$first": "$key"},
            "place": {"$min": "$place"},
            "last": {"$max": "$place"},
            "files": {"$sum": 1},
        }
    },
    {"$limit": 1},
]
_FILTER: Document = _NOBODY | {
    "$nor": [{"name": {"$regex": "kick"}}],
    "$or": [{"n": {"$exists": False}}, {"n": {"$gte": 1, "$ne": 2}}],
    "inside": {"$elemMatch": {"$gte": "a", "$lt": "b"}},
    "status": {"$not": {"$in": ["ended"]}},
}
_SLICE: Document = {"_id": 0, "n": 1, "ids": {"$slice": [0, 2]}}
_CHANGE: Document = {
    "$set": {"results.a": {"status": "failed"}},
    "$unset": {"gone": ""},
    "$inc": {"n": 1},
    "$min": {"least": 1},
    "$max": {"most": 1},
    "$push": {"ids": {"$each": ["a"], "$slice": -2}},
    "$setOnInsert": {"new": True},
}

_PUSH: Document = {"$push": {"ids": {"$each": ["c"], "$slice": -2}}, "$min": {"n": 99}}
_PART: Document = {"_id": 0, "n": 1, "ids": {"$slice": [1, 1]}}


async def probe(line: MongoLine, server: Server) -> None:
    """Ask for all ways in which smtui reads, of a document that is never there.

    Raises StoreUnreachable where one is refused.
    """

    async def aggregate() -> None:
        command = {"aggregate": STATE, "pipeline": _PIPELINE, "cursor": {}}
        await line.database.command(command)

    async def find() -> None:
        await line.collection(STATE).find(_FILTER, _SLICE, hint=[("_id", 1)]).to_list(1)

    await asyncio.gather(*(_done(line, server, one) for one in (aggregate, find)))


async def probe_changes(line: MongoLine, server: Server) -> None:
    """Ask for all ways in which smtui changes documents, of one that is never there.

    Raises StoreUnreachable where one is refused, or the account may not write.
    """

    async def change() -> None:
        await line.collection(STATE).find_one_and_update(
            _NOBODY, _CHANGE, projection={"n": 1}, return_document=ReturnDocument.AFTER
        )

    await _done(line, server, change)


async def trial(line: MongoLine, server: Server) -> None:
    """Change a document of one's own as smtui does, and see what became of it; it is deleted.

    Raises StoreUnreachable where changes are lost or ignored.
    """
    mine = {"_id": f"trial-{uuid4()}"}
    found: dict[str, Any] = {}

    async def count() -> None:
        await line.collection(STATE).update_one(mine, {"$inc": {"n": 1}})

    async def begin() -> None:
        fresh = {"$set": {"n": 0, "ids": ["a", "b"], "results": {"a": 1, "b": 2}}}
        await line.collection(STATE).update_one(mine, fresh, upsert=True)

    async def change() -> None:
        where = mine | {"ids": {"$ne": "c"}}
        await line.collection(STATE).update_one(where, _PUSH)

    async def look() -> None:
        found.update(await line.collection(STATE).find_one(mine) or {})

    async def look_at_part() -> None:
        found["part"] = await line.collection(STATE).find_one(mine, _PART)

    async def end() -> None:
        await line.collection(STATE).delete_one(mine)

    try:
        await _done(line, server, begin)
        await asyncio.gather(*(_done(line, server, count) for _ in range(_WRITERS)))
        await _done(line, server, change)
        await _done(line, server, look)
        # More where the answer to one got lost and it was asked again.
        if found.get("n", 0) < _WRITERS:
            raise forgetful(server)
        if found.get("ids") != ["b", "c"]:
            raise _lacking(server, "$push with $slice changes nothing")
        await _done(line, server, look_at_part)
        if found["part"] != {"n": found["n"], "ids": ["c"]}:
            raise _lacking(server, "a projection with $slice gives other fields")
    finally:
        await _done(line, server, end)


async def _done(line: MongoLine, server: Server, asked: Callable[[], Awaitable[None]]) -> None:
    async def work() -> OperationFailure | None:
        try:
            await asked()
        except OperationFailure as error:
            if is_forbidden(error):
                raise read_only(line.database.name) from error
            if not is_lacking(error):
                raise
            return error
        return None

    refusal = await line.ask(work)
    if refusal is not None:
        raise _lacking(server, said(refusal)) from refusal


def _lacking(server: Server, what: str) -> StoreUnreachable:
    return StoreUnreachable(f"{server.words} cannot do what smtui needs: {what}", hint=NEEDED)
