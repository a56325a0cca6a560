"""Tags of sounds: added, removed, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.sample import FileId, Sample
from smtui.domain.tagging import Retagged, Retagging, Tags
from smtui.domain.text import folded
from smtui.stores.mongo import generation
from smtui.stores.mongo.changing import AT_ONCE, changes, guarded, read, until_done, write
from smtui.stores.mongo.client import BACKGROUND_SECONDS, MongoLine
from smtui.stores.mongo.filters import both, visible
from smtui.stores.mongo.indexes import AUDIO_FILES
from smtui.stores.mongo.sample_codec import derived, marks_document, sample_of
from smtui.stores.mongo.values import Document


async def retag(
    line: MongoLine, file_ids: Sequence[FileId], change: Retagging
) -> Mapping[FileId, Tags]:
    """Add and remove tags; gives what the sounds that changed had before."""
    return await _rewrite(line, file_ids, lambda _, tags: change.of(tags))


async def take_back(line: MongoLine, retagged: Retagged) -> int:
    """Give sounds back the tags that they had; gives how many changed."""
    before, change = retagged.before, retagged.change
    return len(
        await _rewrite(
            line, tuple(before), lambda file_id, tags: change.taken_back(tags, before[file_id])
        )
    )


_Decide = Callable[[FileId, Tags], Tags]


async def _rewrite(
    line: MongoLine, file_ids: Sequence[FileId], decide: _Decide
) -> dict[FileId, Tags]:
    unique = list(dict.fromkeys(file_ids))
    found: dict[FileId, Tags] = {}
    for start in range(0, len(unique), AT_ONCE):
        found |= await _change(line, unique[start : start + AT_ONCE], decide)
    if found:
        await generation.rise(line)
    return found


async def _change(
    line: MongoLine, file_ids: Sequence[FileId], decide: _Decide
) -> dict[FileId, Tags]:
    changed: dict[FileId, Tags] = {}

    async def attempt() -> bool:
        updates = []
        for key, document in (await read(line, "file_id", file_ids)).items():
            file_id, sample = FileId(key), sample_of(document)
            before = Tags.of(sample)
            update = _update(document, sample, decide(file_id, before))
            if update:
                # Read again after another was quicker, it is as before this change of ours.
                changed.setdefault(file_id, before)
                updates.append(guarded(document, update))
        return await write(line, updates)

    await until_done(attempt)
    return changed


def _update(before: Mapping[str, Any], sample: Sample, tags: Tags) -> Document:
    if tags == Tags.of(sample):
        return {}
    after = replace(sample, tags=tags.words, tag_marks=tags.marks)
    fields: Document = {"tags": list(after.tags), "tag_marks": marks_document(tags.marks) or None}
    if "search_key" in before:
        # Those of a document that was never adopted come with the adoption, all together.
        fields |= {name: value for name, value in derived(after).items() if name != "path_key"}
    return changes(before, fields)


async def tags_in_use(line: MongoLine, viewer: UserId | None, limit: int) -> tuple[str, ...]:
    """Tags by how many of the viewer's sounds have them; of several spellings the most used."""
    tagged = both({"tags": {"$gte": ""}}, visible(viewer))
    steps: list[Document] = [
        {"$match": tagged},
        {"$project": {"_id": 0, "tags": 1}},
        {"$unwind": "$tags"},
        {"$group": {"_id": "$tags", "count": {"$sum": 1}}},
    ]

    async def work() -> list[Document]:
        cursor = line.collection(AUDIO_FILES).aggregate(steps, hint={"tags": 1})
        return await cursor.to_list(None)

    found = await line.ask(work, seconds=BACKGROUND_SECONDS)
    spellings = {one["_id"]: int(one["count"]) for one in found if isinstance(one["_id"], str)}
    counts: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for tag in sorted(spellings, key=lambda one: (-spellings[one], one)):
        counts[folded(tag)] += spellings[tag]
        shown.setdefault(folded(tag), tag)
    most_used = sorted(counts, key=lambda key: (-counts[key], key))
    return tuple(shown[key] for key in most_used[:limit])
