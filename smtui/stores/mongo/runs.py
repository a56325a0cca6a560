"""Runs as the sums of their batches' counters, and what is told of their files.

The server adds up, one row for each run and status, from an index that has every counter: a run of
a thousand batches is watched ten times a second. It also picks the files in one state, so that a
look costs what it shows: a batch of 1,000 files is 150 kB and more. A batch of another program has
no run_id; it is a run of its own, named like the batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.batch import BatchId, Failure, Held, RunId, RunProgress, State, by_worker, spread
from smtui.domain.error_codes import ErrorCode
from smtui.domain.sample import FileId
from smtui.stores.mongo.batch_codec import (
    batch_state,
    entries,
    is_foreign,
    level_of,
    result_of,
    standing,
    state_of,
)
from smtui.stores.mongo.batch_line import BatchLine
from smtui.stores.mongo.sweeps import OURS
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
    """True if a file's id is not the name of its entry, so that nothing is known of its place."""
    return row["place"] == UNPLACED or "%" in row["key"]


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
_FOREIGN = "another_program"
# Walking all that waits of a large library takes longer than an answer may.
_WALK_SECONDS = 60.0


async def progress(line: BatchLine, run_id: RunId) -> RunProgress | None:
    """The counters of a run."""
    found = await _progress_of(line, [run_id])
    return found.get(run_id)


async def batches_of(line: BatchLine, run_id: RunId) -> tuple[BatchId, ...]:
    """The batches of a run, in their order."""
    return tuple(BatchId(each["batch_id"]) for each in await line.counters(_of_run(run_id)))


async def runs(line: BatchLine, whose: Document, limit: int) -> tuple[RunProgress, ...]:
    """The runs of those that `whose` matches, newest first."""
    rows = await line.rows(
        [
            {"$match": whose},
            {
                "$group": {
                    "_id": {"$ifNull": ["$run_id", "$batch_id"]},
                    "created_at": {"$min": "$created_at"},
                }
            },
            {"$sort": {"created_at": -1, "_id": -1}},
            {"$limit": limit},
        ],
    )
    newest = [RunId(row["_id"]) for row in rows if isinstance(row["_id"], str)]
    found = await _progress_of(line, newest)
    return tuple(found[run_id] for run_id in newest if run_id in found)


async def failures(line: BatchLine, run_id: RunId, limit: int) -> tuple[Failure, ...]:
    """Failed files, in the order of the batches."""
    found = await _in_state(line, run_id, State.FAILED, limit, ("code", "error", "attempt"))
    nameless = ErrorCode.INTERNAL.value if await _is_ours(line, run_id) else _FOREIGN
    return tuple(_failure(file_id, entry, nameless) for file_id, entry in found)


async def _is_ours(line: BatchLine, run_id: RunId) -> bool:
    return await line.first({"run_id": run_id}) is not None


async def heard(line: BatchLine, run_id: RunId, limit: int) -> tuple[FileId, ...]:
    """Completed files, in the order of the batches."""
    found = await _in_state(line, run_id, State.COMPLETED, limit)
    return tuple(file_id for file_id, _ in found)


async def _in_state(
    line: BatchLine, run_id: RunId, state: State, limit: int, fields: Sequence[str] = ()
) -> list[tuple[FileId, Document]]:
    """Files of a run in a state with these fields of their entries, in order."""
    found: list[tuple[FileId, Document]] = []
    # What another program counts may lag behind what it writes of the files.
    ours = {"run_id": run_id, state.value: {"$gt": 0}}
    theirs = {"batch_id": run_id, "run_id": None}
    for counters in await line.counters({"$or": [ours, theirs]}):
        if len(found) >= limit:
            break
        found += await picked(line, counters, state, limit=limit - len(found), fields=fields)
    return found


def _of_run(run_id: RunId) -> Document:
    return {"$or": [{"run_id": run_id}, {"batch_id": run_id, "run_id": None}]}


async def waiting(line: BatchLine, level: Level) -> frozenset[FileId]:
    """Files in runs that go on which have not ended, to be heard at this level or higher."""
    levels = [one.value for one in Level if one.rank >= level.rank]
    where = OURS | {"cancel_requested_at": None, "level": {"$in": levels}}
    # First those that nobody began, whose results are not worth reading. One that is begun between
    # the two questions is met twice, and none is missed.
    untouched = where | {"status": State.PENDING.value, "first_open": 0}
    begun = where | {"first_open": {"$gt": 0}}
    return frozenset(
        [
            *await _read(line, untouched, {"_id": 0, "file_ids": 1}),
            *await _read(line, begun, {"_id": 0, "file_ids": 1, "results": 1, "first_open": 1}),
        ]
    )


async def _read(
    line: BatchLine, where: Mapping[str, Any], projection: Mapping[str, Any]
) -> list[FileId]:
    async def work() -> list[FileId]:
        found: list[FileId] = []
        async for batch in line.collection.find(where, projection):
            found += (one for one, result in standing(batch).items() if not result.status.ended)
        return found

    return await line.line.ask(work, seconds=_WALK_SECONDS)


def _failure(file_id: FileId, entry: Mapping[str, Any], nameless: str) -> Failure:
    return Failure(
        file_id=file_id,
        code=text_in(entry.get("code")) or nameless,
        error=text_in(entry.get("error")) or "Another program says no more than that it failed",
        attempt=count_in(entry.get("attempt")),
    )


async def _progress_of(line: BatchLine, run_ids: Sequence[RunId]) -> dict[RunId, RunProgress]:
    wanted = {"run_id": {"$in": list(run_ids)}}
    parts: dict[RunId, list[Document]] = {}
    for row in await line.rows([{"$match": wanted}, {"$group": _SUMS}]):
        named = row["_id"]
        run_id = RunId(named["run_id"])
        row |= {"run_id": run_id, "status": named.get("status")}
        parts.setdefault(run_id, []).append(row)
    others = [run_id for run_id in run_ids if run_id not in parts]
    for batch in await line.of_others(others):
        parts[RunId(batch["batch_id"])] = [batch]
    return {run_id: _summed(run_id, rows) for run_id, rows in parts.items()}


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


_SOME = 10
_AT_ONCE = 20
_FILES = {"_id": 0, "file_ids": 1}
_BY_WORKER: Document = {
    "$group": {
        "_id": {"batch": "$_id", "run_id": "$run_id", "worker": "$entry.worker"},
        "batch": {"$first": "$_id"},
        "place": {"$min": "$place"},
        "key": {"$first": "$key"},
        "entry": {"$first": "$entry"},
        "files": {"$sum": 1},
    }
}


async def held(line: BatchLine, run_ids: Sequence[RunId]) -> tuple[Held, ...]:
    """What workers are at, in the order of the batches."""
    where = {
        "run_id": {"$in": list(run_ids)},
        "processing": {"$gt": 0},
        "pending": {"$exists": True},
    }
    rows = await line.rows([*rows_in(where, State.PROCESSING), _BY_WORKER]) if run_ids else []
    if any(unplaced(row) for row in rows):
        batches = [await line.one(counters["batch_id"]) for counters in await line.counters(where)]
        rows = [row for batch in batches if batch is not None for row in _rows_of(batch)]
    rows.sort(key=lambda row: (row["batch"], row["place"]))
    return by_worker(map(_held, rows))


async def some(line: BatchLine, run_ids: Sequence[RunId]) -> Mapping[RunId, tuple[FileId, ...]]:
    """Some files of the first and the last batch of each run that has any."""
    found: dict[RunId, tuple[FileId, ...]] = {}
    for start in range(0, len(run_ids), _AT_ONCE):
        part = run_ids[start : start + _AT_ONCE]
        for run_id, files in zip(
            part, await asyncio.gather(*(_some_of(line, one) for one in part)), strict=True
        ):
            if files:
                found[run_id] = files
    return found


async def _some_of(line: BatchLine, run_id: RunId) -> tuple[FileId, ...]:
    where = {
        "$or": [{"run_id": run_id}, {"batch_id": run_id, "run_id": None}],
        "total_files": {"$gt": 0},
    }
    files: dict[FileId, None] = {}
    for ids in (await _files_at(line, where, way=1), await _files_at(line, where, way=-1)):
        files |= {FileId(ids[place]): None for place in spread(len(ids), _SOME)}
    return tuple(files)


async def _files_at(line: BatchLine, where: Document, *, way: int) -> tuple[str, ...]:
    """The files of the first or the last batch."""
    batch = await line.line.ask(
        lambda: line.collection.find_one(where, _FILES, sort=[("_id", way)])
    )
    return () if batch is None else texts_in(batch.get("file_ids"))


def _rows_of(batch: Mapping[str, Any]) -> list[Document]:
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


def _held(row: Mapping[str, Any]) -> Held:
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
