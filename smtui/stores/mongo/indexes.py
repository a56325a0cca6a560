"""Every index that smtui needs, by collection: made once, checked at every start.

What stands in the place of one is reported and never dropped.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import IndexModel
from pymongo.errors import OperationFailure

from smtui.domain.errors import StoreUnreachable
from smtui.domain.text import shown
from smtui.stores.mongo.client import NEEDED, MongoLine, Server
from smtui.stores.mongo.errors import CHECK, in_short, is_lacking

USERS, AUDIO_FILES, ANALYSES, BATCH_JOBS = "users", "audio_files", "analyses", "batch_jobs"
FOLDERS, SEARCHES, STATE = "smtui_folders", "smtui_searches", "smtui_state"
UNREADABLE = "smtui_unreadable"

UP, DOWN = 1, -1


_BUILD_SECONDS = 1800.0
"""A database of another program may hold millions of documents without our indexes."""

# DuplicateKey.
_DOUBLES = frozenset({11000, 11001})
# IndexOptionsConflict and IndexKeySpecsConflict.
_AGAINST_INDEXES = frozenset({85, 86})

_TOLD = 6
"""How many indexes one sentence names; the line for mongosh has all."""

# What changes which documents an index holds, or how it compares them.
_CHANGING = ("partialFilterExpression", "collation", "expireAfterSeconds", "wildcardProjection")


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index as it must be; `keys` are fields in order, each UP or DOWN."""

    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    sparse: bool = False

    @property
    def name(self) -> str:
        """What MongoDB calls it by itself: `user_id_1_uploaded_at_-1`."""
        return "_".join(f"{field}_{direction}" for field, direction in self.keys)


def up(*fields: str) -> Index:
    """A plain index, every field rising."""
    return Index(keys=tuple((field, UP) for field in fields))


def down(field: str) -> Index:
    """A plain index, falling."""
    return Index(keys=((field, DOWN),))


def unique(field: str, *, sparse: bool = False) -> Index:
    """An index that lets a value be there once; sparse: documents without the field are free."""
    return Index(keys=((field, UP),), unique=True, sparse=sparse)


USER_INDEXES = (
    unique("user_id"),
    unique("email"),
    unique("username"),
    down("created_at"),
    unique("email_key", sparse=True),
    unique("username_key", sparse=True),
)

# What the table sorts by; each order is walked along its index, equal values by file_id.
_SORTED = (
    "search_key",
    "folder_key",
    "length_key",
    "added_key",
    "tags_key",
    "heard.kind",
    "heard.tempo",
    "heard.key_label",
    "heard.loudness_lufs",
)

# What a filter alone is answered by, and the walk along what was not heard yet.
_FILTERED = (
    up("tag_keys"),
    up("folder_parts"),
    up("inside"),
    up("format"),
    up("sample_rate"),
    up("channels"),
    up("heard.mode", "file_id"),
    up("heard.is_loop", "file_id"),
    up("heard.root_note"),
    up("heard.rank", "file_id"),
    Index(keys=(("heard.recipe_version", UP),), sparse=True),
    # What a row took from another program's analysis, which may go or change without a word.
    Index(keys=(("heard.source", UP),), sparse=True),
    up("disagrees", "file_id"),
    up("heard.true_peak_dbtp"),
    up("heard.bits_used"),
    up("heard.clipped_samples"),
    up("heard.dc_offset"),
    up("heard.silence_head"),
    up("heard.silence_tail"),
    up("heard.stereo_correlation"),
    Index(keys=(("trouble.code", UP),), sparse=True),
    Index(keys=(("missing_since", UP),), sparse=True),
)

AUDIO_FILE_INDEXES = (
    unique("file_id"),
    up("user_id"),
    down("uploaded_at"),
    Index(keys=(("user_id", UP), ("uploaded_at", DOWN))),
    up("tags"),
    up("file_hash"),
    unique("path_key", sparse=True),
    Index(keys=(("audio_mark", UP),), sparse=True),
    *(up(field, "file_id") for field in _SORTED),
    *_FILTERED,
)

ANALYSIS_INDEXES = (
    unique("analysis_id"),
    up("file_id"),
    up("user_id"),
    down("analyzed_at"),
    Index(keys=(("user_id", UP), ("analyzed_at", DOWN))),
    up("file_hash", "recipe_version"),
    # One document per file and recipe: {file_hash, recipe_version} is shared by equal bytes,
    # and other programs write several documents for one file.
    unique("smtui_key", sparse=True),
    # What lacks it nobody has looked at: another program's, or an older smtui's.
    up("shape"),
)

BATCH_INDEXES = (
    unique("batch_id"),
    up("user_id"),
    up("status"),
    up("user_id", "status"),
    down("created_at"),
    up("run_id", "status", "_id"),
    # Everything that a run is told by, so that nobody reads a batch to watch it. A batch keeps its
    # place among the others whatever becomes of it: no walk misses one that ends meanwhile.
    up(
        "run_id",
        "_id",
        "status",
        "user_id",
        "level",
        "total_files",
        "completed",
        "failed",
        "cancelled",
        "processing",
        "heard_ms",
        "created_at",
        "updated_at",
        "started_at",
        "finished_at",
        "cancel_requested_at",
    ),
    Index(keys=(("user_id", UP), ("created_at", DOWN), ("run_id", UP), ("batch_id", UP))),
)

FOLDER_INDEXES = (up("user_id", "folder_path"),)

SEARCH_INDEXES = (Index(keys=(("user_id", UP), ("kind", UP), ("name", UP), ("used_at", DOWN))),)

INDEXES: Mapping[str, tuple[Index, ...]] = {
    USERS: USER_INDEXES,
    AUDIO_FILES: AUDIO_FILE_INDEXES,
    ANALYSES: ANALYSIS_INDEXES,
    BATCH_JOBS: BATCH_INDEXES,
    FOLDERS: FOLDER_INDEXES,
    SEARCHES: SEARCH_INDEXES,
    UNREADABLE: (up("user_id"),),
    STATE: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """An index that stands where one of smtui's should be."""

    collection: str
    name: str
    difference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is there of the declared indexes, by a look at every collection."""

    missing: Mapping[str, tuple[Index, ...]]
    obstacles: tuple[Obstacle, ...]


async def look(line: MongoLine, declared: Mapping[str, Sequence[Index]] = INDEXES) -> Found:
    """Compare the indexes with those declared; nothing is changed."""
    wanted = {name: indexes for name, indexes in declared.items() if indexes}
    there = await asyncio.gather(*(_present(line, name) for name in wanted))
    missing: dict[str, tuple[Index, ...]] = {}
    obstacles: list[Obstacle] = []
    for (name, indexes), present in zip(wanted.items(), there, strict=True):
        in_the_way = _obstacles(name, indexes, present)
        obstacles += in_the_way
        keys = {_keys(how) for how in present.values()}
        if lacking := tuple(index for index in indexes if index.keys not in keys):
            missing[name] = lacking
    return Found(missing=missing, obstacles=tuple(obstacles))


async def make(line: MongoLine, server: Server, missing: Mapping[str, Sequence[Index]]) -> None:
    """Make indexes that are missing, and see that they are there as they were wanted.

    Raises:
        StoreUnreachable: documents stand against a unique one, or the server keeps another.
    """
    for name, indexes in missing.items():
        await _make(line, name, indexes)
    if missing:
        found = await look(line, missing)
        if found.missing or found.obstacles:
            raise _unkept(server, found)


def doubled(collection: str, index: Index) -> StoreUnreachable:
    """Say what documents share."""
    fields = " and ".join(field for field, _ in index.keys)
    return StoreUnreachable(
        f"Documents in {collection} have the same {fields}, which must be unique",
        hint="They were made by another program; change or remove the doubles there, then start"
        " again.",
    )


async def has_doubles(
    line: MongoLine, name: str, index: Index, *, seconds: float = _BUILD_SECONDS
) -> bool:
    """True if documents share what a unique index would let be there once."""
    (field, _), *_ = index.keys
    pipeline: list[dict[str, Any]] = [
        {"$match": {field: {"$exists": True}} if index.sparse else {}},
        {"$group": {"_id": f"${field}", "count": {"$sum": 1}}},
        {"$match": {"count": {"$gt": 1}}},
        {"$limit": 1},
    ]
    command = {"aggregate": name, "pipeline": pipeline, "cursor": {}, "allowDiskUse": True}

    async def work() -> bool:
        answer = await line.database.command(command)
        return bool(answer["cursor"]["firstBatch"])

    return await line.ask(work, seconds=seconds)


def in_the_way(obstacles: Sequence[Obstacle]) -> StoreUnreachable:
    """Tell of all of them at once, with the line that takes them away."""
    first, *others = obstacles
    drops = " ".join(
        f"db.{index.collection}.dropIndex({json.dumps(index.name)});" for index in obstacles
    )
    if not others:
        return StoreUnreachable(
            f"The index {shown(first.name)} of {first.collection} is not as smtui needs it:"
            f" it {first.difference}",
            hint="Nothing was changed. If no other program needs it so, drop it in mongosh:"
            f" {drops} The next start of smtui makes the right one.",
        )
    told = [f"{shown(index.name)} of {index.collection} {index.difference}" for index in obstacles]
    more = [f"{len(told) - _TOLD} more"] if len(told) > _TOLD else []
    return StoreUnreachable(
        f"{len(told)} indexes are not as smtui needs them: {', '.join(told[:_TOLD] + more)}",
        hint="Nothing was changed. If no other program needs them so, drop them in mongosh:"
        f" {drops} The next start of smtui makes the right ones.",
    )


def _obstacles(
    collection: str, declared: Iterable[Index], present: Mapping[str, Mapping[str, Any]]
) -> list[Obstacle]:
    """The present indexes of another shape than those declared."""
    found: dict[str, str] = {}
    for index in declared:
        there = [(name, how) for name, how in present.items() if _keys(how) == index.keys]
        if not there and index.name in present:
            found[index.name] = "has other fields"
        found |= {name: other for name, how in there if (other := _difference(index, how))}
    return [
        Obstacle(collection=collection, name=name, difference=difference)
        for name, difference in found.items()
    ]


def _keys(how: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    # 1 may come as 1.0 where it was made in a shell.
    return tuple(
        (field, int(direction) if isinstance(direction, int | float) else direction)
        for field, direction in how["key"]
    )


def _difference(index: Index, how: Mapping[str, Any]) -> str:
    """Say how an index with the same fields differs, or nothing."""
    for wanted, there, word in (
        (index.unique, bool(how.get("unique")), "unique"),
        (index.sparse, bool(how.get("sparse")), "sparse"),
    ):
        if wanted != there:
            return f"is {word}" if there else f"is not {word}"
    return next((f"has {option}" for option in _CHANGING if how.get(option) is not None), "")


def _unkept(server: Server, found: Found) -> StoreUnreachable:
    """Say that a server makes other indexes than it is told, so that nobody drops them in vain."""
    told = [f"{index.name} of {index.collection} {index.difference}" for index in found.obstacles]
    told += [
        f"{index.name} of {name} is not there"
        for name in found.missing
        for index in found.missing[name]
    ]
    return StoreUnreachable(
        f"{server.words} does not keep indexes as it is told: {shown(told[0])}", hint=NEEDED
    )


async def _present(line: MongoLine, name: str) -> Mapping[str, Mapping[str, Any]]:
    async def work() -> Mapping[str, Mapping[str, Any]]:
        return await line.collection(name).index_information()

    return await line.ask(work)


async def _make(line: MongoLine, name: str, indexes: Sequence[Index]) -> None:
    """Make them in one walk over the documents; when that fails, in turn, to see which one."""
    try:
        await _create(line, name, indexes)
    except OperationFailure:
        for index in indexes:
            try:
                await _create(line, name, [index])
            except OperationFailure as error:
                # Not chained: the driver's words quote the doubled value, an e-mail perhaps.
                raise await _refused(line, name, index, error) from None


async def _create(line: MongoLine, name: str, indexes: Sequence[Index]) -> None:
    """Make indexes; raises what the server says against them, anything else in words."""

    async def work() -> OperationFailure | None:
        models = [
            IndexModel(
                list(index.keys),
                name=index.name,
                **{word: True for word in ("unique", "sparse") if getattr(index, word)},
            )
            for index in indexes
        ]
        try:
            await line.collection(name).create_indexes(models)
        except OperationFailure as error:
            if is_lacking(error):
                return error
            raise
        return None

    refusal = await line.ask(work, seconds=_BUILD_SECONDS)
    if refusal is not None:
        raise refusal


async def _refused(
    line: MongoLine, name: str, index: Index, error: OperationFailure
) -> StoreUnreachable:
    """Say why an index cannot be made; servers have many words for doubles."""
    if error.code in _DOUBLES or (index.unique and await has_doubles(line, name, index)):
        return doubled(name, index)
    if error.code in _AGAINST_INDEXES:
        other = Obstacle(collection=name, name=index.name, difference="has other options")
        return in_the_way([other])
    # Of a unique one the words may quote a value.
    words = f"error {error.code}" if index.unique else in_short(error)
    return StoreUnreachable(f"The index {index.name} of {name} cannot be made: {words}", hint=CHECK)
