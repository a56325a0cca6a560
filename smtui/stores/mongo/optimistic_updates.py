"""Changes of sounds by comparing: read, decide, write only what is still as it was read.

`rev` rises with each such change, so a document with the same `rev` and the same tags (other
programs change those) is the one that was read. What somebody else changed first is read again.
A try whose answer was lost finds its own work done. What a change means is said in the domain;
here it becomes an update of a document.

The generation is a number that changes whenever any process changed the sounds.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from smtui.domain.account import UserId
from smtui.domain.errors import StoreUnreachable
from smtui.domain.sample import FileId, FoundFile, Sample
from smtui.domain.tag_change import Tags
from smtui.stores.mongo.client import MongoLine, upsert
from smtui.stores.mongo.indexes import AUDIO_FILES, STATE
from smtui.stores.mongo.sample_codec import (
    derived,
    document_of,
    marks_document,
    metadata_document,
    sample_of,
    where_found,
)
from smtui.stores.mongo.values import Document, count_in, cut_to_ms, mapping_in, texts_in

AT_ONCE = 500
"""Documents in one message: about 1 MB."""

DOUBLED = 11000
_MOST_ROUNDS = 50
_PAUSE_SECONDS = 0.01


_LIBRARY = {"_id": "library"}


async def until_done(decide: Callable[[], Awaitable[bool]]) -> None:
    """Decide and write again until nothing is left to do; `decide` is True if that is so.

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


async def read_documents(line: MongoLine, by: str, values: Sequence[str]) -> dict[str, Document]:
    """Documents by a unique field."""

    async def work() -> dict[str, Document]:
        cursor = line.collection(AUDIO_FILES).find(
            {by: {"$in": list(values)}}, hint=[(by, 1)], batch_size=len(values) + 1
        )
        return {document[by]: document for document in await cursor.to_list(None)}

    return await line.ask(work) if values else {}


async def write_updates(line: MongoLine, updates: Sequence[UpdateOne]) -> bool:
    """Write updates in any order; return True if each of them found its document.

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
                failure.get("code") != DOUBLED for failure in refused
            ):
                raise
            return False
        return done.matched_count + done.upserted_count == len(updates)

    return await line.ask(work)


def guarded(before: Mapping[str, Any], update: Document) -> UpdateOne:
    """The update, only while the document is the one that was read."""
    guard = {name: before.get(name) for name in ("_id", "rev", "tags")}
    return UpdateOne(guard, {**update, "$inc": {"rev": 1}})


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


def insertion(found: FoundFile, user_id: UserId | None, at: datetime) -> Document:
    """Return the document of a file that nobody knew."""
    file_id = FileId(str(uuid.uuid4()))
    sample = Sample.first_found(found, file_id=file_id, user_id=user_id, at=at)
    names = {"metadata_names": list(metadata_document(found.metadata)), "rev": 1}
    return document_of(sample) | names


def found_changes(before: Mapping[str, Any], after: Sample) -> Document:
    """Return the update that makes a document that of a sound as it was found on the disk."""
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


def seen_again_changes(before: Mapping[str, Any], found: FoundFile, at: datetime) -> Document:
    """Return the update for a sound seen again; what was heard of other bytes is forgotten."""
    sample = sample_of(before)
    update = found_changes(before, sample.found_again(found))
    if sample.has_changed(found):
        # Also if there was nothing yet: a worker may be writing it.
        update["$unset"] = update.get("$unset", {}) | {"heard": "", "trouble": ""}
        if sample.file_hash:
            update["$set"] = update.get("$set", {}) | {"bytes_since": cut_to_ms(at)}
    return update


def tag_changes(before: Mapping[str, Any], sample: Sample, tags: Tags) -> Document:
    """Return the update that gives a sound other tags; empty if it has them."""
    if tags == Tags.of(sample):
        return {}
    after = replace(sample, tags=tags.words, tag_marks=tags.marks)
    fields: Document = {"tags": list(after.tags), "tag_marks": marks_document(tags.marks) or None}
    if "search_key" in before:
        # Those of a document that was never adopted come with the adoption, all together.
        fields |= {name: value for name, value in derived(after).items() if name != "path_key"}
    return changes(before, fields)


async def read_generation(line: MongoLine) -> int:
    """The number at present; to be called within `ask`."""
    kept = await line.collection(STATE).find_one(_LIBRARY)
    return 0 if kept is None else count_in(kept.get("generation"))


async def raise_generation(line: MongoLine) -> None:
    """Tell every process that the sounds changed; to rise twice for one change does no harm."""
    change = {"$inc": {"generation": 1}}
    await line.ask(lambda: upsert(line.collection(STATE), _LIBRARY, change))
