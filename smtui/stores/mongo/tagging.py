"""Tags of sounds: added, removed, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.sample import FileId, Mark, Sample
from smtui.domain.text import folded
from smtui.stores.mongo import generation
from smtui.stores.mongo.changing import AT_ONCE, changes, guarded, read, until_done, write
from smtui.stores.mongo.filters import both, visible
from smtui.stores.mongo.indexes import AUDIO_FILES
from smtui.stores.mongo.line import MongoLine
from smtui.stores.mongo.looking import BACKGROUND_SECONDS
from smtui.stores.mongo.sample_documents import derived, marks_document, sample_of
from smtui.stores.mongo.values import Document, storable


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """Which tags to add and to remove, and by whom."""

    mark: Mark
    add: tuple[str, ...]
    remove: tuple[str, ...]

    def of(self, sample: Sample) -> Sample:
        """The sound with its tags changed; a tag that was there keeps its spelling and mark."""
        gone = {folded(tag) for tag in self.remove}
        kept = {folded(tag): tag for tag in sample.tags if folded(tag) not in gone}
        marks = {tag: mark for tag, mark in sample.tag_marks.items() if tag in kept.values()}
        for tag in self.add:
            if folded(tag) not in kept:
                kept[folded(tag)] = storable(tag)
                marks[storable(tag)] = self.mark
        return replace(sample, tags=tuple(kept.values()), tag_marks=marks)


async def change_tags(line: MongoLine, file_ids: Sequence[FileId], tagging: Tagging) -> int:
    """Add and remove tags; gives how many sounds changed."""
    unique = list(dict.fromkeys(file_ids))
    count = 0
    for start in range(0, len(unique), AT_ONCE):
        count += await _change(line, unique[start : start + AT_ONCE], tagging)
    if count:
        await generation.rise(line)
    return count


async def _change(line: MongoLine, file_ids: Sequence[FileId], tagging: Tagging) -> int:
    changed: set[str] = set()

    async def decide() -> bool:
        updates = []
        for file_id, before in (await read(line, "file_id", file_ids)).items():
            update = _update(before, tagging)
            if update:
                changed.add(file_id)
                updates.append(guarded(before, update))
        return await write(line, updates)

    await until_done(decide)
    return len(changed)


def _update(before: Mapping[str, Any], tagging: Tagging) -> Document:
    sample = sample_of(before)
    after = tagging.of(sample)
    if (after.tags, after.tag_marks) == (sample.tags, sample.tag_marks):
        return {}
    marks = marks_document(after.tag_marks) or None
    fields: Document = {"tags": list(after.tags), "tag_marks": marks}
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
