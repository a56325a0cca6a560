"""Sounds as a scan finds them: added, seen again, moved, missing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from smtui.domain.account import UserId
from smtui.domain.sample import FileId, FoundFile, Sample, path_key
from smtui.stores.mongo import generation
from smtui.stores.mongo.changing import AT_ONCE, changes, guarded, read, until_done, write
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.indexes import AUDIO_FILES
from smtui.stores.mongo.sample_codec import (
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
    cleaned = [_storable(one) for one in found]
    file_ids: list[FileId] = []
    for part in _parts(cleaned, owned):
        kept = await _add(line, part, owned)
        file_ids += [kept[owned.key_of(one)] for one in part]
    if file_ids:
        await generation.rise(line)
    return file_ids


async def move(line: MongoLine, file_id: FileId, found: FoundFile) -> bool:
    """Give a sound a new place; False if it is gone or another sound is already there."""
    cleaned = _storable(found)
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
        update = _update(before, sample_of(before).moved(cleaned))
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
    file_id = FileId(str(uuid.uuid4()))
    sample = Sample.first_found(found, file_id=file_id, user_id=owned.user_id, at=owned.at)
    names = {"metadata_names": list(metadata_document(found.metadata)), "rev": 1}
    return document_of(sample) | names


def _update(before: Mapping[str, Any], after: Sample) -> Document:
    """What makes a document that of a sound as it was found on the disk."""
    found = metadata_document(after.metadata)
    # What other programs know of the sound stays beside what the file says now.
    ours = {*texts_in(before.get("metadata_names")), *found}
    theirs = mapping_in(before.get("metadata"))
    fields: Document = {
        "filename": after.filename,
        "file_path": after.file_path,
        "path_bytes": after.path_bytes,
        "file_size": after.file_size,
        "mtime_ns": after.mtime_ns,
        "file_hash": after.file_hash,
        "duration": after.duration,
        "sample_rate": after.sample_rate,
        "channels": after.channels,
        "format": after.format,
        "metadata": {name: value for name, value in theirs.items() if name not in ours} | found,
        "metadata_names": list(found),
        "missing_since": None,
        **dict.fromkeys(("ctime_ns", "inode", "audio_mark")),
        **where_found(after),
    }
    whole = replace(after, metadata=sample_of({**before, **fields}).metadata)
    return changes(before, fields | derived(whole))


def _update_seen(before: Mapping[str, Any], found: FoundFile, at: datetime) -> Document:
    """The same for a sound seen again; what was heard of other bytes is forgotten."""
    sample = sample_of(before)
    update = _update(before, sample.found_again(found))
    if sample.has_changed(found):
        # Also if there was nothing yet: a worker may be writing it.
        update["$unset"] = update.get("$unset", {}) | {"heard": "", "trouble": ""}
        if sample.file_hash:
            update["$set"] = update.get("$set", {}) | {"bytes_since": cut_to_ms(at)}
    return update


def _storable(found: FoundFile) -> FoundFile:
    """The file as a document can hold it."""
    return replace(found.storable, metadata=storable_metadata(found.metadata))
