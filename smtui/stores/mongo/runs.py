"""Runs as the sums of their batches' counters, and what is told of their files.

The server adds up, one row for each run and status, from an index that has every counter: a run of
a thousand batches is watched ten times a second. It also picks the files in one state, so that a
look costs what it shows: a batch of 1,000 files is 150 kB and more. A batch of another program has
no run_id; it is a run of its own, named like the batch.

It stands apart from `batches` as it only reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.batch import Failure, Held, RunId, RunProgress, State, spread
from smtui.domain.sample import FileId
from smtui.stores.mongo.batch_codec import (
    batch_state,
    entries,
    is_foreign,
    level_of,
    result_of,
    results_of,
    state_of,
)
from smtui.stores.mongo.batch_updates import BatchCollection
from smtui.stores.mongo.values import (
    Document,
    count_in,
    mapping_in,
    text_in,
    text_or_none,
    texts_in,
    time_in,
    time_or_none,
)

UNPLACED = -1
"""Where an id lies that had to be written otherwise to be the name of a field."""


_COUNTS = ("total_files", "completed", "failed", "cancelled", "processing", "heard_ms")
_SUMS: Document = {
    "_id": {"run_id": "$run_id", "status": "$status"},
    "user_id": {"$min": "$user_id"},
    "level": {"$min": "$level"},
    **{name: {"$sum": f"${name}"} for name in _COUNTS},
    "created_at": {"$min": "$created_at"},
    "updated_at": {"$max": "$updated_at"},
    "started_at": {"$min": "$started_at"},
    "finished_at": {"$max": "$finished_at"},
    "cancel_requested_at": {"$min": "$cancel_requested_at"},
}
BY_WORKER: Document = {
    "$group": {
        "_id": {"batch": "$_id", "run_id": "$run_id", "worker": "$entry.worker"},
        "batch": {"$first": "$_id"},
        "place": {"$min": "$place"},
        "key": {"$first": "$key"},
        "entry": {"$first": "$entry"},
        "files": {"$sum": 1},
    }
}
_FILES = {"_id": 0, "file_ids": 1}


_SOME_FILES = 10
# Walking all that waits of a large library takes longer than an answer may.
_WALK_SECONDS = 60.0


async def progress_of(
    batches: BatchCollection, run_ids: Sequence[RunId]
) -> dict[RunId, RunProgress]:
    """Return the counters of runs; one that is not there is left out."""
    wanted = {"run_id": {"$in": list(run_ids)}}
    parts: dict[RunId, list[Document]] = {}
    for row in await batches.rows([{"$match": wanted}, {"$group": _SUMS}]):
        named = row["_id"]
        run_id = RunId(named["run_id"])
        row |= {"run_id": run_id, "status": named.get("status")}
        parts.setdefault(run_id, []).append(row)
    others = [run_id for run_id in run_ids if run_id not in parts]
    for batch in await batches.of_others(others):
        parts[RunId(batch["batch_id"])] = [batch]
    return {run_id: _summed(run_id, rows) for run_id, rows in parts.items()}


async def newest_runs(
    batches: BatchCollection, whose: Document, limit: int
) -> tuple[RunProgress, ...]:
    """Return the newest runs of those that `whose` matches, the newest first."""
    run = {"$ifNull": ["$run_id", "$batch_id"]}
    rows = await batches.rows(
        [
            {"$match": whose},
            {"$group": {"_id": run, "created_at": {"$min": "$created_at"}}},
            {"$sort": {"created_at": -1, "_id": -1}},
            {"$limit": limit},
        ],
    )
    newest = [RunId(row["_id"]) for row in rows if isinstance(row["_id"], str)]
    found = await progress_of(batches, newest)
    return tuple(found[run_id] for run_id in newest if run_id in found)


async def files_in(
    batches: BatchCollection, run_id: RunId, state: State, limit: int, fields: Sequence[str] = ()
) -> list[tuple[FileId, Document]]:
    """Files of a run in a state with these fields of their entries, in order."""
    found: list[tuple[FileId, Document]] = []
    # What another program counts may lag behind what it writes of the files.
    ours = {"run_id": run_id, state.value: {"$gt": 0}}
    theirs = {"batch_id": run_id, "run_id": None}
    for counters in await batches.counters({"$or": [ours, theirs]}):
        if len(found) >= limit:
            break
        found += await picked(batches, counters, state, limit=limit - len(found), fields=fields)
    return found


async def unfinished_files(
    batches: BatchCollection, where: Mapping[str, Any], fields: Sequence[str]
) -> list[FileId]:
    """Return the files of batches that have not ended; `fields` are what they are told by."""

    async def work() -> list[FileId]:
        found: list[FileId] = []
        async for batch in batches.collection.find(where, {"_id": 0} | dict.fromkeys(fields, 1)):
            results = results_of(batch).items()
            found += (file_id for file_id, result in results if not result.status.ended)
        return found

    return await batches.line.ask(work, seconds=_WALK_SECONDS)


async def some_of(batches: BatchCollection, run: Document) -> tuple[FileId, ...]:
    """Return some files of the first and the last batch of a run."""
    where = run | {"total_files": {"$gt": 0}}
    files: dict[FileId, None] = {}
    for ids in (await _files_at(batches, where, way=1), await _files_at(batches, where, way=-1)):
        files |= {FileId(ids[place]): None for place in spread(len(ids), _SOME_FILES)}
    return tuple(files)


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


def rows_of(batch: Mapping[str, Any]) -> list[Document]:
    """The same rows, a file each, of a batch that was read."""
    return [
        {
            "_id": {"run_id": batch["run_id"], "worker": entry.get("worker")},
            "batch": batch["_id"],
            "place": place,
            "key": file_id,
            "entry": entry,
            "files": 1,
        }
        for place, file_id, entry in entries(batch)
        if state_of(entry) is State.PROCESSING
    ]


def unplaced(row: Mapping[str, Any]) -> bool:
    """True if a file's id is not the name of its entry, so that nothing is known of its place."""
    return row["place"] == UNPLACED or "%" in row["key"]


def held_of(row: Mapping[str, Any]) -> Held:
    """Read what a worker is at."""
    result = result_of(row["entry"])
    return Held(
        run_id=RunId(row["_id"]["run_id"]),
        file_id=FileId(row["key"]),
        worker=result.worker or "",
        attempt=result.attempt,
        claimed_at=result.claimed_at,
        lease_until=result.lease_until,
        besides=row["files"] - 1,
    )


def failure_of(file_id: FileId, entry: Mapping[str, Any], nameless: str) -> Failure:
    """Read why a file failed; `nameless` is the code where none was written."""
    return Failure(
        file_id=file_id,
        code=text_in(entry.get("code")) or nameless,
        error=text_in(entry.get("error")) or "Another program says no more than that it failed",
        attempt=count_in(entry.get("attempt")),
    )


async def picked(
    batches: BatchCollection,
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
        rows = await batches.rows([*rows_in(where, state), {"$limit": limit}, {"$project": wanted}])
        if not any(unplaced(row) for row in rows):
            return [(FileId(row["key"]), row.get("entry", {})) for row in rows]
    batch = await batches.get(counters["batch_id"]) or {}
    found = ((file_id, mapping_in(entry)) for _, file_id, entry in entries(batch))
    return [(file_id, dict(entry)) for file_id, entry in found if state_of(entry) is state][:limit]


def _summed(run_id: RunId, parts: Sequence[Mapping[str, Any]]) -> RunProgress:
    """Add up the batches of a run, put together by status."""
    counts = [_counts(part) for part in parts]
    created_at = min(time_in(part.get("created_at")) for part in parts)
    ended = all(batch_state(part).ended for part in parts)
    updated_at = max(time_in(part.get("updated_at"), created_at) for part in parts)
    begun = any(batch_state(part) is State.PROCESSING for part in parts)
    return RunProgress(
        run_id=run_id,
        user_id=_user_id(parts[0].get("user_id")),
        level=min(level_of(part.get("level")) for part in parts),
        total=sum(count["total_files"] for count in counts),
        completed=sum(count["completed"] for count in counts),
        failed=sum(count["failed"] for count in counts),
        cancelled=sum(count["cancelled"] for count in counts),
        processing=sum(count["processing"] for count in counts),
        heard_ms=sum(count["heard_ms"] for count in counts),
        created_at=created_at,
        updated_at=updated_at,
        started_at=min(_times(parts, "started_at"), default=created_at if begun else None),
        finished_at=max(_times(parts, "finished_at"), default=updated_at) if ended else None,
        cancel_requested_at=min(_times(parts, "cancel_requested_at"), default=None),
        is_foreign=any(is_foreign(part) for part in parts),
    )


def _counts(part: Mapping[str, Any]) -> dict[str, int]:
    """The counters of batches with one status; what another program did not count is made up."""
    counts = {name: max(0, count_in(part.get(name))) for name in _COUNTS}
    status = batch_state(part)
    told = counts["completed"] + counts["failed"] + counts["cancelled"]
    if status.ended and told < counts["total_files"]:
        counts[status.value] += counts["total_files"] - told
    return counts


def _times(parts: Iterable[Mapping[str, Any]], name: str) -> list[datetime]:
    return [at for part in parts if (at := time_or_none(part.get(name))) is not None]


def _user_id(value: object) -> UserId | None:
    text = text_or_none(value)
    return None if text is None else UserId(text)


async def _files_at(batches: BatchCollection, where: Document, *, way: int) -> tuple[str, ...]:
    """The files of the first or the last batch."""
    batch = await batches.line.ask(
        lambda: batches.collection.find_one(where, _FILES, sort=[("_id", way)])
    )
    return () if batch is None else texts_in(batch.get("file_ids"))
