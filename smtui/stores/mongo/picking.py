"""Files of a batch in one state, picked by the server, so that a look costs what it shows.

A batch of 1,000 files is 150 kB and more; whoever watches a run asks several times a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smtui.domain.batch import State
from smtui.domain.sample import FileId
from smtui.stores.mongo.batch_codec import entries, state_of
from smtui.stores.mongo.batch_line import BatchLine
from smtui.stores.mongo.values import Document, mapping_in

UNPLACED = -1
"""Where an id lies that had to be written otherwise to be the name of a field."""


def rows_in(where: Mapping[str, Any], state: State) -> list[Document]:
    """Stages that make a row of each file in a state, in order: its `key`, `entry` and `place`.

    Only for batches of smtui: the server refuses results that are no document.
    """
    in_state = {"$eq": ["$$one.v.status", state.value]}
    every = {"$objectToArray": "$results"}
    return [
        {"$match": where},
        {
            "$project": {
                "batch_id": 1,
                "run_id": 1,
                "file_ids": 1,
                "one": {"$filter": {"input": every, "as": "one", "cond": in_state}},
            }
        },
        {"$unwind": "$one"},
        {
            "$project": {
                "batch_id": 1,
                "run_id": 1,
                "key": "$one.k",
                "entry": "$one.v",
                "place": {"$indexOfArray": ["$file_ids", "$one.k"]},
            }
        },
        {"$sort": {"_id": 1, "place": 1}},
    ]


async def picked(
    line: BatchLine,
    counters: Mapping[str, Any],
    state: State,
    *,
    limit: int,
    fields: Sequence[str] = (),
) -> list[tuple[FileId, Document]]:
    """Files of a batch in a state, in order, with these fields of their entries."""
    if "pending" in counters:
        where = {"batch_id": counters["batch_id"]}
        wanted = {"_id": 0, "key": 1, "place": 1} | {f"entry.{name}": 1 for name in fields}
        rows = await line.rows([*rows_in(where, state), {"$limit": limit}, {"$project": wanted}])
        if not any(unplaced(row) for row in rows):
            return [(FileId(row["key"]), row.get("entry", {})) for row in rows]
    batch = await line.one(counters["batch_id"]) or {}
    found = ((file_id, mapping_in(entry)) for _, file_id, entry in entries(batch))
    return [(file_id, dict(entry)) for file_id, entry in found if state_of(entry) is state][:limit]


def unplaced(row: Mapping[str, Any]) -> bool:
    """Whether a file's id is not the name of its entry, so that nothing is known of its place."""
    return row["place"] == UNPLACED or "%" in row["key"]
