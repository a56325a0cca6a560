"""Sounds as a scan finds them: added, seen again, moved, missing."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from smtui.domain.account import UserId
from smtui.domain.sample import FileId, FoundFile, Sample, path_key
from smtui.domain.text import storable
from smtui.stores.mongo import generation
from smtui.stores.mongo.changing import AT_ONCE, changes, guarded, read, until_done, write
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.foreign_documents import source_in
from smtui.stores.mongo.indexes import AUDIO_FILES
from smtui.stores.mongo.sample_codec import (
    clamped,
    derived,
    document_of,
    metadata_document,
    owner_of,
    sample_of,
    storable_metadata,
    where_found,
)
from smtui.stores.mongo.values import Document, cut_to_ms, mapping_in, texts_in


@dataclass(frozen=True, slots=True)
class Owned:
    """Whose the found files are, and when they were found."""

    user_id: UserId | None
    at: datetime

    def key_of(self, found: FoundFile) -> str:
        """What a file is known by."""
        return path_key(self.user_id, found.file_path, found.path_bytes)


async def add_found(line: MongoLine, found: Sequence[FoundFile], owned: Owned) -> list[FileId]:
    """Upsert on path_key, in the order given."""
    cleaned = [_cleaned(one) for one in found]
    file_ids: list[FileId] = []
    for part in _parts(cleaned, owned):
        kept = await _add(line, part, owned)
        file_ids += [kept[owned.key_of(one)] for one in part]
    if file_ids:
        await generation.rise(line)
    return file_ids


async def move(line: MongoLine, file_id: FileId, found: FoundFile) -> bool:
    """Give a sound a new place; False if it is gone or another sound is already there."""
    cleaned = _cleaned(found)
    moved = False

    async def decide() -> bool:
        nonlocal moved
        before = (await read(line, "file_id", [file_id])).get(file_id)
        moved = before is not None
        if before is None:
            return True
        key = path_key(owner_of(before), cleaned.file_path, cleaned.path_bytes)
        taken = (await read(line, "path_key", [key])).get(key)
        if taken is not None and taken["_id"] != before["_id"]:
            moved = False
            return True
        update = _update(before, cleaned)
        return not update or await write(line, [guarded(before, update)])

    await until_done(decide)
    if moved:
        await generation.rise(line)
    return moved


async def set_missing(line: MongoLine, file_ids: Sequence[FileId], at: datetime | None) -> None:
    """Mark sounds as not found since `at`, or as there again; the first time is kept."""
    changed = False
    for start in range(0, len(file_ids), AT_ONCE):
        part = file_ids[start : start + AT_ONCE]
        changed = await _set_missing(line, part, at) or changed
    if changed:
        await generation.rise(line)


async def _set_missing(line: MongoLine, file_ids: Sequence[FileId], at: datetime | None) -> bool:
    asked: Document = {"file_id": {"$in": list(file_ids)}}
    if at is None:
        asked["missing_since"] = {"$ne": None}
        update: Document = {"$unset": {"missing_since": ""}}
    else:
        asked["missing_since"] = None
        update = {"$set": {"missing_since": cut_to_ms(at)}}
    met = False

    async def work() -> bool:
        # Looked at first: a repeated update changes nothing, though the first one did.
        nonlocal met
        files = line.collection(AUDIO_FILES)
        met = met or await files.find_one(asked, ["_id"]) is not None
        if met:
            await files.update_many(asked, {**update, "$inc": {"rev": 1}})
        return met

    return await line.ask(work)


def _parts(found: Sequence[FoundFile], owned: Owned) -> Iterator[list[FoundFile]]:
    """Parts of one message each, in none of them a path twice."""
    part: dict[str, FoundFile] = {}
    for one in found:
        if len(part) == AT_ONCE or owned.key_of(one) in part:
            yield list(part.values())
            part = {}
        part[owned.key_of(one)] = one
    if part:
        yield list(part.values())


async def _add(line: MongoLine, part: Sequence[FoundFile], owned: Owned) -> dict[str, FileId]:
    by_key = {owned.key_of(one): one for one in part}
    fresh = {key: _inserted(one, owned) for key, one in by_key.items()}
    ids: dict[str, FileId] = {}

    async def decide() -> bool:
        present = await read(line, "path_key", list(by_key))
        updates = []
        for key, found in by_key.items():
            before = present.get(key)
            if before is None:
                ids[key] = FileId(fresh[key]["file_id"])
                updates.append(_inserting(key, fresh[key]))
            else:
                ids[key] = FileId(before["file_id"])
                update = _update_seen(before, found, owned.at)
                if update:
                    updates.append(guarded(before, update))
        if not await write(line, updates):
            return False
        # An upsert that met what another scan had just added changed nothing, and says "matched".
        return not any(key not in present for key in by_key) or await _are(line, ids)

    await until_done(decide)
    return ids


async def _are(line: MongoLine, ids: Mapping[str, FileId]) -> bool:
    """Whether the sounds at these paths are those with these ids."""

    async def work() -> bool:
        wanted = {"file_id": {"$in": list(ids.values())}}
        fields = {"_id": False, "file_id": True, "path_key": True}
        cursor = line.collection(AUDIO_FILES).find(wanted, fields, batch_size=len(ids) + 1)
        there = {one.get("path_key"): one["file_id"] for one in await cursor.to_list(None)}
        return there == ids

    return await line.ask(work)


def _inserting(key: str, document: Document) -> UpdateOne:
    rest = {name: value for name, value in document.items() if name != "path_key"}
    return UpdateOne({"path_key": key}, {"$setOnInsert": rest}, upsert=True)


def _inserted(found: FoundFile, owned: Owned) -> Document:
    sample = Sample(
        file_id=FileId(str(uuid.uuid4())),
        filename=found.filename,
        file_path=found.file_path,
        path_bytes=found.path_bytes,
        file_size=found.file_size,
        duration=found.duration,
        sample_rate=found.sample_rate,
        channels=found.channels,
        format=found.format,
        user_id=owned.user_id,
        uploaded_at=cut_to_ms(owned.at),
        metadata=found.metadata,
        file_hash=found.file_hash,
        mtime_ns=found.mtime_ns,
        ctime_ns=found.ctime_ns,
        inode=found.inode,
        audio_mark=found.audio_mark,
    )
    names = {"metadata_names": list(metadata_document(found.metadata)), "rev": 1}
    return document_of(sample) | names


def _update(before: Mapping[str, Any], found: FoundFile) -> Document:
    """What makes a document that of a sound as it was found on the disk."""
    fields: Document = {
        "filename": found.filename,
        "file_path": found.file_path,
        "path_bytes": found.path_bytes,
        "file_size": found.file_size,
        "mtime_ns": found.mtime_ns,
        "file_hash": found.file_hash,
        "duration": found.duration,
        "sample_rate": found.sample_rate,
        "channels": found.channels,
        "format": found.format,
        "metadata": _merged(before, metadata_document(found.metadata)),
        "metadata_names": list(metadata_document(found.metadata)),
        "missing_since": None,
        **dict.fromkeys(("ctime_ns", "inode", "audio_mark")),
        **where_found(found),
    }
    return changes(before, fields | derived(sample_of({**before, **fields})))


def _update_seen(before: Mapping[str, Any], found: FoundFile, at: datetime) -> Document:
    """The same for a sound seen again; what was heard of other bytes is forgotten.

    Of a sound that another program added nobody knew the bytes; what it heard of it is of these.
    """
    changed = before.get("file_hash") != found.file_hash
    if changed and not before.get("file_hash") and source_in(before) is not None:
        changed = False
    told = {name: value for name, value in before.items() if name != "heard" or not changed}
    update = _update(told, found)
    if changed:
        # Also if there was nothing yet: a worker may be writing it.
        update["$unset"] = update.get("$unset", {}) | {"heard": "", "trouble": ""}
        if before.get("file_hash"):
            update["$set"] = update.get("$set", {}) | {"bytes_since": cut_to_ms(at)}
    return update


def _merged(before: Mapping[str, Any], found: Document) -> Document:
    """What the file says now, and what other programs know of the sound."""
    ours = {*texts_in(before.get("metadata_names")), *found}
    present = mapping_in(before.get("metadata"))
    return {name: value for name, value in present.items() if name not in ours} | found


def _cleaned(found: FoundFile) -> FoundFile:
    """Make what a file says of itself storable: whole characters, numbers that are numbers."""
    return replace(
        found,
        file_path=storable(found.file_path),
        duration=found.duration if math.isfinite(found.duration) else 0.0,
        mtime_ns=clamped(found.mtime_ns),
        ctime_ns=clamped(found.ctime_ns),
        metadata=storable_metadata(found.metadata),
    )
