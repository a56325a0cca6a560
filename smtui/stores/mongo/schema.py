"""Whether a database may hold a library: its schema's number, its documents, what its server does.

What a server can do is tried, as versions and names promise much. What is wrong is told all at
once, the same to who opens the library and to `smtui services check`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, OperationFailure

from smtui.domain.errors import StoreTooNew, StoreUnreachable
from smtui.domain.text import shown
from smtui.stores.mongo.client import NEEDED, MongoLine, Server, forgetful
from smtui.stores.mongo.errors import in_short, is_forbidden, is_lacking, read_only
from smtui.stores.mongo.indexes import (
    ANALYSES,
    AUDIO_FILES,
    BATCH_JOBS,
    STATE,
    USERS,
    Index,
    doubled,
    has_doubles,
    in_the_way,
    look,
)
from smtui.stores.mongo.values import Document, count_in, mapping_in, text_in

NUMBER = 2
"""Rises when an older smtui could no longer read or write the documents."""

_SCHEMA = {"_id": "schema"}
_IDENTITY = {"_id": "identity"}
_LOOKED_AT = 50
_SEARCH_SECONDS = 60.0


_DOUBLES_SECONDS = 600.0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What an opening has to do yet.

    Attributes:
        number: of the schema, 0 where smtui has never been.
        missing: indexes to make, by collection.
    """

    number: int
    missing: Mapping[str, tuple[Index, ...]]


async def examine(
    line: MongoLine, server: Server, *, seconds: float = _DOUBLES_SECONDS
) -> Readiness:
    """Look at everything that a library relies on, and change nothing.

    Args:
        line: to the database.
        server: that it is on.
        seconds: for all looks at documents that stand against one missing index.

    Raises:
        StoreTooNew: a newer smtui wrote the documents.
        StoreUnreachable: with all that smtui does not mend by itself, so that nobody mends one
            fault to meet the next.
    """
    number = await number_there(line)
    refuse_newer(number)
    await probe(line, server)
    strangers, indexes = await asyncio.gather(foreign(line, known=number > 0), look(line))
    faults = [*strangers]
    if indexes.obstacles:
        faults.append(in_the_way(indexes.obstacles))
    if not strangers:
        faults += await _doubles(line, indexes.missing, seconds)
    if faults:
        titles = dict.fromkeys(fault.title for fault in faults)
        hints = dict.fromkeys(fault.hint for fault in faults)
        raise StoreUnreachable(". ".join(titles), hint=" ".join(hints))
    await probe_changes(line, server)
    return Readiness(number=number, missing=indexes.missing)


async def number_there(line: MongoLine) -> int:
    """The number of the schema in the database, 0 where smtui has never been."""

    async def work() -> int:
        kept = await line.collection(STATE).find_one(_SCHEMA)
        return 0 if kept is None else count_in(kept.get("number"))

    return await line.ask(work)


def refuse_newer(number: int) -> None:
    """Raise StoreTooNew for documents that a newer smtui has changed."""
    if number > NUMBER:
        raise StoreTooNew(
            f"The library on MongoDB was written by a newer smtui (schema {number},"
            f" this one knows {NUMBER})",
            hint="Update smtui on this machine.",
        )


async def write_number(line: MongoLine) -> None:
    """Write the number where a lower one or none is; raises what a read-only account needs told."""

    async def work() -> int:
        try:
            kept = await line.collection(STATE).find_one_and_update(
                _SCHEMA,
                {"$max": {"number": NUMBER}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:
            # Another smtui has written it in the same moment.
            return NUMBER
        except OperationFailure as error:
            if is_forbidden(error):
                raise read_only(_database(line)) from error
            raise
        return count_in(kept and kept.get("number"))

    refuse_newer(await line.ask(work))


async def library_id(line: MongoLine) -> str:
    """Whose documents these are, the same for every machine; made at the first asking."""

    async def work() -> str:
        state, fresh = line.collection(STATE), str(uuid4())
        kept = await state.find_one(_IDENTITY)
        if kept is None:
            with suppress(DuplicateKeyError):
                kept = await state.find_one_and_update(
                    _IDENTITY,
                    {"$setOnInsert": {"library_id": fresh}},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
        if kept is None:
            # Another smtui has made it in the same moment.
            kept = await state.find_one(_IDENTITY)
        return text_in(mapping_in(kept).get("library_id"))

    return await line.ask(work)


async def foreign(line: MongoLine, *, known: bool) -> tuple[StoreUnreachable, ...]:
    """Tell of every collection that holds documents of another program's shape.

    Args:
        line: to the database.
        known: smtui has looked at the documents before, so only what an index finds is looked for.
    """
    lacking = await asyncio.gather(
        *(_foreign(line, name, shape, known=known) for name, shape in _SHAPES.items())
    )
    return tuple(
        StoreUnreachable(
            f"The collection {name} of the database {_database(line)} is another program's:"
            f" a document has no {field}",
            hint="Name a database of its own in the address: mongodb://host/another_name.",
        )
        for name, field in zip(_SHAPES, lacking, strict=True)
        if field is not None
    )


async def probe(line: MongoLine, server: Server) -> None:
    """Ask for all ways in which smtui reads, of a document that is never there.

    Raises StoreUnreachable where one is refused.
    """

    async def aggregate() -> None:
        command = {"aggregate": STATE, "pipeline": _PIPELINE, "cursor": {}}
        await line.database.command(command)

    async def find() -> None:
        await line.collection(STATE).find(_FILTER, _SLICE, hint=[("_id", 1)]).to_list(1)

    await asyncio.gather(*(_try(line, server, probing) for probing in (aggregate, find)))


async def probe_changes(line: MongoLine, server: Server) -> None:
    """Ask for all ways in which smtui changes documents, of one that is never there.

    Raises StoreUnreachable where one is refused, or the account may not write.
    """

    async def change() -> None:
        await line.collection(STATE).find_one_and_update(
            _NOBODY, _CHANGE, projection={"n": 1}, return_document=ReturnDocument.AFTER
        )

    await _try(line, server, change)


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
        await _try(line, server, begin)
        await asyncio.gather(*(_try(line, server, count) for _ in range(_WRITERS)))
        await _try(line, server, change)
        await _try(line, server, look)
        # More where the answer to one got lost and it was asked again.
        if found.get("n", 0) < _WRITERS:
            raise forgetful(server)
        if found.get("ids") != ["b", "c"]:
            raise _lacking(server, "$push with $slice changes nothing")
        await _try(line, server, look_at_part)
        if found["part"] != {"n": found["n"], "ids": ["c"]}:
            raise _lacking(server, "a projection with $slice gives other fields")
    finally:
        await _try(line, server, end)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """Fields without which a document is another program's; the first one is its id."""

    texts: tuple[str, ...]
    lists: tuple[str, ...] = ()

    def lacks(self, document: Mapping[str, object]) -> str | None:
        """Name the first field that is missing or of another kind."""
        for kind, fields in ((str, self.texts), (list, self.lists)):
            for field in fields:
                if not isinstance(document.get(field), kind):
                    return field
        return None


_SHAPES = {
    USERS: _Shape(texts=("user_id", "email", "username", "hashed_password")),
    AUDIO_FILES: _Shape(texts=("file_id", "file_path")),
    ANALYSES: _Shape(texts=("analysis_id", "file_id")),
    BATCH_JOBS: _Shape(texts=("batch_id",), lists=("file_ids",)),
}


async def _foreign(line: MongoLine, name: str, shape: _Shape, *, known: bool) -> str | None:
    fields = [*shape.texts, *shape.lists]
    identity = fields[0]

    async def work() -> str | None:
        collection = line.collection(name)
        if await collection.find_one({identity: None}, [identity]) is not None:
            return identity
        if known:
            return None
        some = await collection.find({}, fields, limit=_LOOKED_AT).to_list(_LOOKED_AT)
        return next((lacking for document in some if (lacking := shape.lacks(document))), None)

    return await line.ask(work, seconds=None if known else _SEARCH_SECONDS)


def _database(line: MongoLine) -> str:
    return shown(line.database.name)


async def _try(line: MongoLine, server: Server, asked: Callable[[], Awaitable[None]]) -> None:
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
        raise _lacking(server, in_short(refusal)) from refusal


def _lacking(server: Server, what: str) -> StoreUnreachable:
    return StoreUnreachable(f"{server.words} cannot do what smtui needs: {what}", hint=NEEDED)


async def _doubles(
    line: MongoLine, missing: Mapping[str, Sequence[Index]], seconds: float
) -> list[StoreUnreachable]:
    """Documents that share what an index would have to refuse; of a new library there are none."""
    unique = [
        (name, index) for name, indexes in missing.items() for index in indexes if index.unique
    ]
    shared = await asyncio.gather(*(_are_shared(line, *which, seconds) for which in unique))
    return [doubled(*which) for which, is_shared in zip(unique, shared, strict=True) if is_shared]


async def _are_shared(line: MongoLine, name: str, index: Index, seconds: float) -> bool:
    try:
        return await has_doubles(line, name, index, seconds=seconds)
    except StoreUnreachable:
        if seconds >= _DOUBLES_SECONDS:
            raise
        # Who has little time learns it when the index is made.
        return False
