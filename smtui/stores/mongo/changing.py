"""Changes of sounds by comparing: read, decide, write only what is still as it was read.

`rev` rises with each such change, so a document with the same `rev` and the same tags (other
programs change those) is the one that was read. What somebody else changed first is read again.
A try whose answer was lost finds its own work done.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from smtui.domain.errors import StoreUnreachable
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.indexes import AUDIO_FILES
from smtui.stores.mongo.values import Document

AT_ONCE = 500
"""Documents in one message: about 1 MB."""

DOUBLED = 11000
_MOST_ROUNDS = 50
_PAUSE_SECONDS = 0.01


def changes(before: Mapping[str, Any], after: Document) -> Document:
    """The update that makes the fields of a document as they shall be; empty if they are.

    A field that shall be None and is not in the document is as it shall be.
    """
    fresh = {name: value for name, value in after.items() if before.get(name) != value}
    gone = [name for name, value in fresh.items() if value is None]
    update: Document = {}
    if kept := {name: value for name, value in fresh.items() if name not in gone}:
        update["$set"] = kept
    if gone:
        update["$unset"] = dict.fromkeys(gone, "")
    return update


def guarded(before: Mapping[str, Any], update: Document) -> UpdateOne:
    """The update, only while the document is the one that was read."""
    guard = {name: before.get(name) for name in ("_id", "rev", "tags")}
    return UpdateOne(guard, {**update, "$inc": {"rev": 1}})


async def until_done(decide: Callable[[], Awaitable[bool]]) -> None:
    """Decide and write again until nothing is left to do; `decide` gives whether that is so.

    Raises:
        StoreUnreachable: others changed the same sounds each time.
    """
    for number in range(_MOST_ROUNDS):
        if await decide():
            return
        # Who lost against another waits a little, not all of them equally long.
        await asyncio.sleep(_PAUSE_SECONDS * random.random() * min(number, 10))  # noqa: S311
    raise StoreUnreachable(
        "The library is busy",
        hint="Others have been changing the same sounds for a long time. Try again in a moment.",
    )


async def write(line: MongoLine, updates: Sequence[UpdateOne]) -> bool:
    """Write updates in any order; gives whether each of them found its document.

    A unique value that is taken counts as a document that was not found.
    """
    if not updates:
        return True

    async def work() -> bool:
        try:
            done = await line.collection(AUDIO_FILES).bulk_write(list(updates), ordered=False)
        except BulkWriteError as error:
            refused = error.details.get("writeErrors", [])
            if error.details.get("writeConcernErrors") or any(
                one.get("code") != DOUBLED for one in refused
            ):
                raise
            return False
        return done.matched_count + done.upserted_count == len(updates)

    return await line.ask(work)


async def read(line: MongoLine, by: str, values: Sequence[str]) -> dict[str, Document]:
    """Documents by a unique field."""

    async def work() -> dict[str, Document]:
        cursor = line.collection(AUDIO_FILES).find(
            {by: {"$in": list(values)}}, hint=[(by, 1)], batch_size=len(values) + 1
        )
        return {one[by]: one for one in await cursor.to_list(None)}

    return await line.ask(work) if values else {}
