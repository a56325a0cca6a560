"""What was heard of a sound, and why it could not be heard."""

from __future__ import annotations

from typing import Any

from smtui.domain.sample import FileId, Heard, Trouble
from smtui.stores.mongo import foreign_documents, generation
from smtui.stores.mongo.changing import guarded, read, until_done, write
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.filters import Filter
from smtui.stores.mongo.indexes import AUDIO_FILES
from smtui.stores.mongo.sample_codec import derived, sample_of, trouble_document
from smtui.stores.mongo.values import Document


async def set_heard(line: MongoLine, file_id: FileId, heard: Heard, file_hash: str) -> bool:
    """Guarded by the bytes that were heard and by the level; clears `trouble`.

    Whether name and tags disagree follows from the whole document, so it is read, and written only
    while it is as it was read.
    """
    done = False

    async def decide() -> bool:
        nonlocal done
        before = (await read(line, "file_id", [file_id])).get(file_id)
        after = None if before is None else sample_of(before).listened_to(heard, file_hash)
        done = after is not None
        if before is None or after is None:
            return True
        there = {**before, "file_hash": file_hash}
        fields: Document = {
            "heard": await foreign_documents.with_others(line, there, heard),
            "file_hash": file_hash,
        }
        if "disagrees" in before:  # else it is adopted later, with all that we find it by
            fields["disagrees"] = derived(sample_of({**before, **fields}))["disagrees"]
        return await write(line, [guarded(before, {"$set": fields, "$unset": {"trouble": ""}})])

    await until_done(decide)
    if done:
        await generation.rise(line)
    return done


async def set_trouble(line: MongoLine, file_id: FileId, trouble: Trouble) -> bool:
    """Keep why the last listening failed; False if the sound is gone."""
    return await _set(line, {"file_id": file_id}, {"$set": {"trouble": trouble_document(trouble)}})


async def _set(line: MongoLine, guard: Filter, update: dict[str, Any]) -> bool:
    async def work() -> bool:
        done = await line.collection(AUDIO_FILES).update_one(guard, update)
        return done.matched_count > 0

    # Told even if nothing changed: the try that did may be one whose answer was lost.
    is_there = await line.ask(work)
    if is_there:
        await generation.rise(line)
    return is_there
