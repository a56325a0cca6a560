"""Reads of sounds that are not pages: by id, by path, by bytes, unheard."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.error_codes import ErrorCode
from smtui.domain.question import Question
from smtui.domain.sample import FileId, Sample, Stamp, path_key
from smtui.domain.text import storable
from smtui.stores.mongo.changing import AT_ONCE, read
from smtui.stores.mongo.client import BACKGROUND_SECONDS, MongoLine
from smtui.stores.mongo.filters import Filter, both, filter_of, visible
from smtui.stores.mongo.planner import BY_ID, UNHEARD, Find, Keys, fetch
from smtui.stores.mongo.sample_codec import folder_parts, sample_of
from smtui.stores.mongo.values import Document, count_in, mapping_in, text_in, time_in

BY_PATH: Keys = (("path_key", 1),)
_IDS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """Which sounds wait to be heard; see `SampleStore.unheard`."""

    user_id: UserId | None
    level: Level
    below: str | None
    limit: int
    after: FileId | None
    retry: bool


async def get(line: MongoLine, file_ids: Sequence[FileId]) -> tuple[Sample, ...]:
    """Samples in the order asked for."""
    found: dict[str, Sample] = {}
    for start in range(0, len(file_ids), AT_ONCE):
        documents = await read(line, "file_id", file_ids[start : start + AT_ONCE])
        found |= {file_id: sample_of(one) for file_id, one in documents.items()}
    return tuple(found[file_id] for file_id in file_ids if file_id in found)


async def matching(
    line: MongoLine, question: Question, file_ids: Sequence[FileId]
) -> frozenset[FileId]:
    """Which of these sounds match, each looked up by its id."""
    where = both(visible(question.viewer), filter_of(question.expression))
    found: set[FileId] = set()
    for start in range(0, len(file_ids), _IDS_AT_ONCE):
        part = {"file_id": {"$in": list(file_ids[start : start + _IDS_AT_ONCE])}}
        asked = Find(filter=both(part, where), order=BY_ID, hint=BY_ID)
        found |= {FileId(one["file_id"]) for one in await fetch(line, asked, 0, ("file_id",))}
    return frozenset(found)


async def stamps(
    line: MongoLine, paths: Sequence[tuple[str, bytes | None]], user_id: UserId | None
) -> Mapping[str, Stamp]:
    """What is known of these paths, by path_key."""
    keys = [path_key(user_id, storable(path), raw) for path, raw in paths]
    names = (
        *("path_key", "file_id", "file_size", "mtime_ns", "file_hash", "missing_since"),
        *("ctime_ns", "uploaded_at", "trouble"),
    )
    found: dict[str, Stamp] = {}
    for start in range(0, len(keys), AT_ONCE):
        part = keys[start : start + AT_ONCE]
        asked = Find(filter={"path_key": {"$in": part}}, order=BY_PATH, hint=BY_PATH)
        for one in await fetch(line, asked, len(part), names):
            found[one["path_key"]] = Stamp(
                file_id=FileId(text_in(one.get("file_id"))),
                file_size=count_in(one.get("file_size")),
                mtime_ns=count_in(one.get("mtime_ns")),
                file_hash=text_in(one.get("file_hash")),
                missing=one.get("missing_since") is not None,
                ctime_ns=count_in(one.get("ctime_ns"))
                or round(time_in(one.get("uploaded_at")).timestamp() * 1_000) * 1_000_000,
                vanished=mapping_in(one.get("trouble")).get("code") == ErrorCode.VANISHED,
            )
    return found


async def by_field(
    line: MongoLine, field: str, values: Sequence[str], user_id: UserId | None
) -> tuple[Sample, ...]:
    """The owner's sounds with one of these values in a field that has an index, by file_id."""
    found: list[Sample] = []
    for start in range(0, len(values), AT_ONCE):
        part = list(values[start : start + AT_ONCE])
        where: Filter = {field: {"$in": part}, "user_id": user_id}
        asked = Find(filter=where, order=BY_ID, hint=((field, 1),))
        found += [sample_of(one) for one in await fetch(line, asked, 0)]
    return tuple(sorted(found, key=lambda sample: sample.file_id))


async def below(
    line: MongoLine, folder: str, user_id: UserId | None, after: str | None, limit: int
) -> tuple[tuple[str, bytes | None, FileId], ...]:
    """The owner's sounds in and below a folder, by path_key.

    Paths that only bytes can say have keys of their own, all after the others.
    """
    found: list[Document] = []
    for asked in stretches_below(folder, user_id, after):
        if len(found) < limit:
            names = ("file_path", "path_bytes", "file_id")
            found += await fetch(line, asked, limit - len(found), names)
    return tuple((one["file_path"], one.get("path_bytes"), FileId(one["file_id"])) for one in found)


def stretches_below(folder: str, user_id: UserId | None, after: str | None) -> list[Find]:
    """What `below` asks for: paths as text, then those that only bytes can say."""
    inside = folder_parts(storable(folder))
    end = f"{inside[:-1]}0"
    begin = path_key(user_id, "", None)
    told = {"$gt": begin + inside, "$lt": begin + end}
    raw = {"$gt": f"{begin}bytes:", "$lt": f"{begin}bytes;"}
    stretches: list[Filter] = [
        {"path_key": told},
        {"path_key": raw, "file_path": {"$gt": inside, "$lt": end}},
    ]
    for stretch in stretches:
        stretch["path_key"]["$gt"] = max(stretch["path_key"]["$gt"], after or "")
    return [Find(filter=stretch, order=BY_PATH, hint=BY_PATH) for stretch in stretches]


async def unheard(line: MongoLine, asked: Unheard) -> tuple[Sample, ...]:
    """Sounds not yet heard at a level, by file_id: those of the owner and the shared ones."""
    walks = walks_of_unheard(asked)
    parts = await asyncio.gather(
        *(fetch(line, walk, asked.limit, seconds=BACKGROUND_SECONDS) for walk in walks)
    )
    found = [sample_of(one) for part in parts for one in part]
    found.sort(key=lambda sample: sample.file_id)
    return tuple(found[: asked.limit])


def walks_of_unheard(asked: Unheard) -> list[Find]:
    """One walk for each lower level along (level, file_id), to be joined by file_id."""
    conditions: list[Filter] = [visible(asked.user_id), {"missing_since": None}]
    if asked.after is not None:
        conditions.append({"file_id": {"$gt": asked.after}})
    if not asked.retry:
        conditions.append({"trouble.code": None})
    if asked.below is not None:
        inside = folder_parts(storable(asked.below))
        conditions.append({"file_path": {"$gt": inside, "$lt": f"{inside[:-1]}0"}})
    return [
        Find(filter=both({"heard.rank": rank}, *conditions), order=UNHEARD, hint=UNHEARD)
        for rank in (None, -1, *range(asked.level.rank))
    ]
