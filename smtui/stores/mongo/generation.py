"""A number that changes whenever any process changed the sounds."""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError

from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.indexes import STATE
from smtui.stores.mongo.values import count_in

_LIBRARY = {"_id": "library"}


async def read(line: MongoLine) -> int:
    """The number at present; to be called within `ask`."""
    kept = await line.collection(STATE).find_one(_LIBRARY)
    return 0 if kept is None else count_in(kept.get("generation"))


async def rise(line: MongoLine) -> None:
    """Tell every process that the sounds changed; to rise twice for one change does no harm."""

    async def work() -> None:
        state = line.collection(STATE)
        change = {"$inc": {"generation": 1}}
        try:
            await state.update_one(_LIBRARY, change, upsert=True)
        except DuplicateKeyError:
            # Another process made the document in the same moment.
            await state.update_one(_LIBRARY, change)

    await line.ask(work)
