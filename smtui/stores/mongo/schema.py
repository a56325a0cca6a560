"""Whose documents these are: the schema's number, and the shapes that smtui relies on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, OperationFailure

from smtui.domain.errors import StoreTooNew, StoreUnreachable
from smtui.domain.text import shown
from smtui.stores.mongo.indexes import ANALYSES, AUDIO_FILES, BATCH_JOBS, STATE, USERS
from smtui.stores.mongo.line import MongoLine
from smtui.stores.mongo.troubles import is_forbidden, read_only
from smtui.stores.mongo.values import count_in, mapping_in, text_in

NUMBER = 2
"""Rises when an older smtui could no longer read or write the documents."""

_SCHEMA = {"_id": "schema"}
_IDENTITY = {"_id": "identity"}
_LOOKED_AT = 50
_SEARCH_SECONDS = 60.0


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
        return next((lacking for one in some if (lacking := shape.lacks(one))), None)

    return await line.ask(work, seconds=None if known else _SEARCH_SECONDS)


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


def _database(line: MongoLine) -> str:
    return shown(line.database.name)
