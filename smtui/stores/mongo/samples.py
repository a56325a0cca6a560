"""The sounds of the library on MongoDB (`audio_files`), and what scans remember beside them.

One port, `SampleStore`, in a file of its own; `library` alone opens it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pymongo import UpdateOne

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.parts import in_parts
from smtui.domain.question import Cut, Page, Place, Question
from smtui.domain.sample import (
    FileId,
    Folder,
    FoundFile,
    Heard,
    Sample,
    Stamp,
    Trouble,
    path_key,
)
from smtui.domain.tag_change import Retagged, Retagging, Tags
from smtui.domain.text import folded, storable
from smtui.domain.unreadable import MOST_KEPT, UnreadableFile
from smtui.stores.mongo.client import BACKGROUND_SECONDS, MongoLine, upsert
from smtui.stores.mongo.filters import (
    BY_ID,
    BY_PATH,
    Filter,
    Find,
    both,
    filter_of,
    stretches_below,
    visible,
    walks_of_unheard,
)
from smtui.stores.mongo.foreign_documents import Adoption, with_others
from smtui.stores.mongo.indexes import ANALYSES, AUDIO_FILES, FOLDERS, UNREADABLE, UP
from smtui.stores.mongo.optimistic_updates import (
    AT_ONCE,
    found_changes,
    guarded,
    insertion,
    raise_generation,
    read_documents,
    read_generation,
    seen_again_changes,
    tag_changes,
    until_done,
    write_updates,
)
from smtui.stores.mongo.planner import USUAL, Effort, Planner, fetch
from smtui.stores.mongo.sample_codec import (
    derived,
    folder_key,
    folder_of,
    owner_of,
    sample_of,
    stamp_of,
    storable_metadata,
    trouble_document,
    unreadable_of,
    unreadable_update,
)
from smtui.stores.mongo.values import (
    Document,
    cut_to_ms,
    text_in,
)

_ADOPTING_SECONDS = 1.0
_IDS_AT_ONCE = 5_000
_STAMP_FIELDS = (
    *("path_key", "file_id", "file_size", "mtime_ns", "file_hash", "missing_since"),
    *("ctime_ns", "uploaded_at", "trouble"),
)


class MongoSamples:
    """Implements SampleStore: pages by declared indexes, changes guarded and repeatable."""

    def __init__(self, line: MongoLine, *, effort: Effort = USUAL) -> None:
        self._line = line
        self._planner = Planner(line, effort=effort)
        self._adoption = Adoption(line)

    async def get(self, file_ids: Sequence[FileId]) -> tuple[Sample, ...]:
        if len(file_ids) == 1:
            # Somebody looks at it: what another program said of it since must not wait.
            await self._adoption.look_at(file_ids[0])
        found: dict[str, Sample] = {}
        for part in in_parts(file_ids, AT_ONCE):
            documents = await read_documents(self._line, "file_id", part)
            found |= {file_id: sample_of(document) for file_id, document in documents.items()}
        return tuple(found[file_id] for file_id in file_ids if file_id in found)

    async def page(
        self,
        question: Question,
        *,
        limit: int,
        after: Place | None = None,
        before: Place | None = None,
        skip: int = 0,
    ) -> Page:
        await self._adoption.now_and_then()
        cut = Cut(limit=limit, after=after, before=before, skip=skip)
        page, rows = await self._planner.page(question, cut)
        await self._adoption.mend(zip(rows, page.samples, strict=True))
        return page

    async def matching(self, question: Question, file_ids: Sequence[FileId]) -> frozenset[FileId]:
        await self._adoption.now_and_then()
        where = both(visible(question.viewer), filter_of(question.expression))
        found: set[FileId] = set()
        for part in in_parts(file_ids, _IDS_AT_ONCE):
            asked = both({"file_id": {"$in": part}}, where)
            find = Find(filter=asked, order=BY_ID, hint=BY_ID)
            found |= {
                FileId(row["file_id"]) for row in await fetch(self._line, find, 0, ["file_id"])
            }
        return frozenset(found)

    async def count(self, question: Question) -> int:
        await self._adoption.now_and_then()
        return await self._planner.count(question)

    async def signposts(self, question: Question, *, every: int) -> tuple[Place, ...]:
        await self._adoption.now_and_then()
        return await self._planner.signposts(question, every)

    async def ids(
        self, question: Question, *, limit: int, after: Place | None = None
    ) -> tuple[tuple[FileId, ...], Place | None]:
        await self._adoption.now_and_then()
        found = await self._planner.places(question, Cut(limit=limit + 1, after=after))
        shown = found[:limit]
        last = shown[-1] if shown and len(found) > limit else None
        return tuple(place.file_id for place in shown), last

    async def stamps(
        self, paths: Sequence[tuple[str, bytes | None]], *, user_id: UserId | None
    ) -> Mapping[str, Stamp]:
        # A scan must meet what other programs know under the same paths.
        await self._adoption.now(seconds=BACKGROUND_SECONDS)
        keys = [path_key(user_id, storable(path), raw) for path, raw in paths]
        found: dict[str, Stamp] = {}
        for part in in_parts(keys, AT_ONCE):
            find = Find(filter={"path_key": {"$in": part}}, order=BY_PATH, hint=BY_PATH)
            for row in await fetch(self._line, find, len(part), _STAMP_FIELDS):
                found[row["path_key"]] = stamp_of(row)
        return found

    async def by_hashes(
        self, hashes: Sequence[str], *, user_id: UserId | None
    ) -> tuple[Sample, ...]:
        return await _by_field(self._line, "file_hash", hashes, user_id)

    async def by_marks(self, marks: Sequence[str], *, user_id: UserId | None) -> tuple[Sample, ...]:
        return await _by_field(self._line, "audio_mark", marks, user_id)

    async def add_found(
        self, found: Sequence[FoundFile], *, user_id: UserId | None, at: datetime
    ) -> tuple[FileId, ...]:
        """Each file is guarded by itself; two who add the same at once add it once."""
        await self._adoption.now(seconds=BACKGROUND_SECONDS)
        file_ids: list[FileId] = []
        for part in _parts_by_path(found, user_id):
            fresh = {key: insertion(file, user_id, at) for key, file in part.items()}
            ids = await _add(self._line, part, fresh, at)
            file_ids += [ids[key] for key in part]
        if file_ids:
            await raise_generation(self._line)
        return tuple(file_ids)

    async def move(self, file_id: FileId, found: FoundFile) -> bool:
        cleaned = _storable(found)
        moved = False

        async def decide() -> bool:
            nonlocal moved
            before = (await read_documents(self._line, "file_id", [file_id])).get(file_id)
            moved = before is not None
            if before is None:
                return True
            key = path_key(owner_of(before), cleaned.file_path, cleaned.path_bytes)
            taken = (await read_documents(self._line, "path_key", [key])).get(key)
            if taken is not None and taken["_id"] != before["_id"]:
                moved = False
                return True
            update = found_changes(before, sample_of(before).moved(cleaned))
            return not update or await write_updates(self._line, [guarded(before, update)])

        await until_done(decide)
        if moved:
            await raise_generation(self._line)
        return moved

    async def unreadable(self, *, viewer: UserId | None) -> tuple[UnreadableFile, ...]:
        async def work() -> list[Document]:
            found = self._line.collection(UNREADABLE).find(visible(viewer), limit=2 * MOST_KEPT)
            return await found.sort([("_id", 1)]).to_list(None)

        return tuple(unreadable_of(document) for document in await self._line.ask(work))

    async def note_unreadable(self, files: Sequence[UnreadableFile]) -> None:
        for part in in_parts([unreadable_update(file) for file in files], AT_ONCE):

            async def work(updates: list[UpdateOne] = part) -> None:
                await self._line.collection(UNREADABLE).bulk_write(updates, ordered=False)

            await self._line.ask(work)
        if files:
            await raise_generation(self._line)

    async def drop_unreadable(self, path_keys: Sequence[str]) -> None:
        for part in in_parts([storable(key) for key in path_keys], AT_ONCE):

            async def work(keys: list[str] = part) -> None:
                await self._line.collection(UNREADABLE).delete_many({"_id": {"$in": keys}})

            await self._line.ask(work)
        if path_keys:
            await raise_generation(self._line)

    async def remove(self, file_ids: Sequence[FileId]) -> int:
        """The sounds go before their analyses.

        An analysis without its sound is seen by nobody, and repeating it drops that, too.
        """
        unique = list(dict.fromkeys(file_ids))
        count = sum([await _remove(self._line, part) for part in in_parts(unique, AT_ONCE)])
        if count:
            await raise_generation(self._line)
        return count

    async def set_missing(self, file_ids: Sequence[FileId], at: datetime | None) -> None:
        """Of sounds that are missing already the first time is kept."""
        changed = [await _set_missing(self._line, part, at) for part in in_parts(file_ids, AT_ONCE)]
        if any(changed):
            await raise_generation(self._line)

    async def below(
        self, folder: str, *, user_id: UserId | None, after: str | None, limit: int
    ) -> tuple[tuple[str, bytes | None, FileId], ...]:
        """Paths that only bytes can say have keys of their own, all after the others."""
        names = ("file_path", "path_bytes", "file_id")
        found: list[Document] = []
        for find in stretches_below(folder, user_id, after):
            if len(found) < limit:
                found += await fetch(self._line, find, limit - len(found), names)
        return tuple(
            (row["file_path"], row.get("path_bytes"), FileId(row["file_id"])) for row in found
        )

    async def set_heard(self, file_id: FileId, heard: Heard, *, file_hash: str) -> bool:
        """Whether name and tags disagree follows from the whole document, so it is read, and
        written only while it is as it was read.
        """
        done = False

        async def decide() -> bool:
            nonlocal done
            before = (await read_documents(self._line, "file_id", [file_id])).get(file_id)
            after = None if before is None else sample_of(before).listened_to(heard, file_hash)
            done = after is not None
            if before is None or after is None:
                return True
            there = {**before, "file_hash": file_hash}
            fields: Document = {
                "heard": await with_others(self._line, there, heard),
                "file_hash": file_hash,
            }
            if "disagrees" in before:  # else it is adopted later, with all that we find it by
                fields["disagrees"] = derived(sample_of({**before, **fields}))["disagrees"]
            update = guarded(before, {"$set": fields, "$unset": {"trouble": ""}})
            return await write_updates(self._line, [update])

        await until_done(decide)
        if done:
            await raise_generation(self._line)
        return done

    async def set_trouble(self, file_id: FileId, trouble: Trouble) -> bool:
        update = {"$set": {"trouble": trouble_document(trouble)}}

        async def work() -> bool:
            files = self._line.collection(AUDIO_FILES)
            return (await files.update_one({"file_id": file_id}, update)).matched_count > 0

        # Told even if nothing changed: the try that did may be one whose answer was lost.
        is_there = await self._line.ask(work)
        if is_there:
            await raise_generation(self._line)
        return is_there

    async def retag(self, file_ids: Sequence[FileId], change: Retagging) -> Retagged:
        change = change.storable
        await self._adoption.now(seconds=0.0)
        before = await _change_tags(self._line, file_ids, lambda _, tags: change.of(tags))
        return Retagged(change=change, before=before)

    async def take_back(self, retagged: Retagged) -> int:
        before, change = retagged.before, retagged.change
        await self._adoption.now(seconds=0.0)
        return len(
            await _change_tags(
                self._line,
                tuple(before),
                lambda file_id, tags: change.taken_back(tags, before[file_id]),
            )
        )

    async def unheard(  # noqa: PLR0913 - the port asks for these
        self,
        *,
        user_id: UserId | None,
        level: Level,
        below: str | None,
        limit: int,
        after: FileId | None = None,
        retry: bool = False,
    ) -> tuple[Sample, ...]:
        await self._adoption.now_and_then()
        walks = walks_of_unheard(level, user_id=user_id, below=below, after=after, retry=retry)
        parts = await asyncio.gather(
            *(fetch(self._line, walk, limit, seconds=BACKGROUND_SECONDS) for walk in walks)
        )
        found = [sample_of(document) for part in parts for document in part]
        return tuple(sorted(found, key=lambda sample: sample.file_id)[:limit])

    async def outdated(
        self, *, user_id: UserId | None, recipe_version: int
    ) -> Mapping[Level, tuple[FileId, ...]]:
        where = _heard_by_an_older_recipe(user_id, recipe_version)
        fields = {"_id": False, "file_id": True, "heard.rank": True}
        levels = {level.rank: level for level in Level}

        async def work() -> dict[Level, list[FileId]]:
            found: dict[Level, list[FileId]] = {}
            async for row in self._line.collection(AUDIO_FILES).find(where, fields):
                # Not the level that the row shows, which may be another program's.
                level = levels.get(row["heard"].get("rank"), Level.ADVANCED)
                found.setdefault(level, []).append(FileId(text_in(row.get("file_id"))))
            return found

        found = await self._line.ask(work, seconds=BACKGROUND_SECONDS)
        return {level: tuple(sorted(ids)) for level, ids in found.items()}

    async def count_outdated(self, *, user_id: UserId | None, recipe_version: int) -> int:
        where = _heard_by_an_older_recipe(user_id, recipe_version)
        return await self._line.ask(
            lambda: self._line.collection(AUDIO_FILES).count_documents(where),
            seconds=BACKGROUND_SECONDS,
        )

    async def tags_in_use(self, *, viewer: UserId | None, limit: int) -> tuple[str, ...]:
        """Of several spellings the most used."""
        steps: list[Document] = [
            {"$match": both({"tags": {"$gte": ""}}, visible(viewer))},
            {"$project": {"_id": 0, "tags": 1}},
            {"$unwind": "$tags"},
            {"$group": {"_id": "$tags", "count": {"$sum": 1}}},
        ]

        async def work() -> list[Document]:
            cursor = self._line.collection(AUDIO_FILES).aggregate(steps, hint={"tags": 1})
            return await cursor.to_list(None)

        rows = await self._line.ask(work, seconds=BACKGROUND_SECONDS)
        spellings = {row["_id"]: int(row["count"]) for row in rows if isinstance(row["_id"], str)}
        counts: Counter[str] = Counter()
        shown: dict[str, str] = {}
        for tag in sorted(spellings, key=lambda tag: (-spellings[tag], tag)):
            counts[folded(tag)] += spellings[tag]
            shown.setdefault(folded(tag), tag)
        most_used = sorted(counts, key=lambda key: (-counts[key], key))
        return tuple(shown[key] for key in most_used[:limit])

    async def folders(self, *, user_id: UserId | None) -> tuple[Folder, ...]:
        documents = await self._line.find(FOLDERS, {"user_id": user_id}, sort=[("folder_path", UP)])
        return tuple(folder_of(document, user_id) for document in documents)

    async def remember_folder(self, folder: Folder) -> None:
        update: Document = {"$set": {"path_bytes": folder.path_bytes}}
        if folder.scanned_at is not None:
            update["$set"]["scanned_at"] = cut_to_ms(folder.scanned_at)
        else:
            update["$setOnInsert"] = {"scanned_at": None}
        key = folder_key(folder.folder_path, folder.user_id)
        await self._line.ask(lambda: upsert(self._line.collection(FOLDERS), key, update))

    async def forget_folder(self, folder_path: str, *, user_id: UserId | None) -> bool:
        return await self._line.delete_one(FOLDERS, folder_key(folder_path, user_id))

    async def generation(self) -> int:
        # Asked every second, in the background.
        await self._adoption.now_and_then(seconds=_ADOPTING_SECONDS)
        return await self._line.ask(lambda: read_generation(self._line))


async def _by_field(
    line: MongoLine, field: str, values: Sequence[str], user_id: UserId | None
) -> tuple[Sample, ...]:
    found: list[Sample] = []
    for part in in_parts(values, AT_ONCE):
        where: Filter = {field: {"$in": part}, "user_id": user_id}
        find = Find(filter=where, order=BY_ID, hint=((field, 1),))
        found += [sample_of(document) for document in await fetch(line, find, 0)]
    return tuple(sorted(found, key=lambda sample: sample.file_id))


async def _change_tags(
    line: MongoLine, file_ids: Sequence[FileId], decide: Callable[[FileId, Tags], Tags]
) -> dict[FileId, Tags]:
    """Give sounds the tags that are decided; return what those that changed had before."""
    changed: dict[FileId, Tags] = {}
    for part in in_parts(list(dict.fromkeys(file_ids)), AT_ONCE):

        async def attempt(part: list[FileId] = part) -> bool:
            updates = []
            documents = await read_documents(line, "file_id", part)
            for key, document in documents.items():
                file_id, sample = FileId(key), sample_of(document)
                before = Tags.of(sample)
                update = tag_changes(document, sample, decide(file_id, before))
                if update:
                    # Read again after another was quicker, it is as before this change.
                    changed.setdefault(file_id, before)
                    updates.append(guarded(document, update))
            return await write_updates(line, updates)

        await until_done(attempt)
    if changed:
        await raise_generation(line)
    return changed


async def _add(
    line: MongoLine, part: Mapping[str, FoundFile], fresh: Mapping[str, Document], at: datetime
) -> dict[str, FileId]:
    """Add files, by path_key, or change the sounds that are there; return the ids."""
    ids: dict[str, FileId] = {}

    async def decide() -> bool:
        present = await read_documents(line, "path_key", list(part))
        updates = []
        for key, found in part.items():
            before = present.get(key)
            ids[key] = FileId((fresh[key] if before is None else before)["file_id"])
            if before is None:
                rest = {name: value for name, value in fresh[key].items() if name != "path_key"}
                updates.append(UpdateOne({"path_key": key}, {"$setOnInsert": rest}, upsert=True))
            elif update := seen_again_changes(before, found, at):
                updates.append(guarded(before, update))
        if not await write_updates(line, updates):
            return False
        # An upsert that met what another scan had just added changed nothing, and says "matched".
        return len(present) == len(part) or await are_there()

    async def are_there() -> bool:
        find = Find(filter={"file_id": {"$in": list(ids.values())}}, order=(), hint=BY_ID)
        rows = await fetch(line, find, 0, ["file_id", "path_key"])
        return {row.get("path_key"): row["file_id"] for row in rows} == ids

    await until_done(decide)
    return ids


def _parts_by_path(
    found: Sequence[FoundFile], user_id: UserId | None
) -> Iterator[dict[str, FoundFile]]:
    """Cut files into parts of one message each, by path_key, in none of them a path twice."""
    part: dict[str, FoundFile] = {}
    for file in map(_storable, found):
        key = path_key(user_id, file.file_path, file.path_bytes)
        if len(part) == AT_ONCE or key in part:
            yield part
            part = {}
        part[key] = file
    if part:
        yield part


def _storable(found: FoundFile) -> FoundFile:
    """Return the file as a document can hold it."""
    return replace(found.storable, metadata=storable_metadata(found.metadata))


async def _remove(line: MongoLine, file_ids: list[FileId]) -> int:
    where = {"file_id": {"$in": file_ids}}
    there: int | None = None

    async def work() -> int:
        # Counted first: where an answer was lost, a second try finds less to drop.
        nonlocal there
        if there is None:
            there = await line.collection(AUDIO_FILES).count_documents(where)
        await line.collection(AUDIO_FILES).delete_many(where)
        await line.collection(ANALYSES).delete_many(where)
        return there

    return await line.ask(work)


async def _set_missing(line: MongoLine, file_ids: list[FileId], at: datetime | None) -> bool:
    where: Document = {"file_id": {"$in": file_ids}}
    if at is None:
        where["missing_since"] = {"$ne": None}
        update: Document = {"$unset": {"missing_since": ""}}
    else:
        where["missing_since"] = None
        update = {"$set": {"missing_since": cut_to_ms(at)}}
    met = False

    async def work() -> bool:
        # Looked at first: a repeated update changes nothing, though the first one did.
        nonlocal met
        files = line.collection(AUDIO_FILES)
        met = met or await files.find_one(where, ["_id"]) is not None
        if met:
            await files.update_many(where, {**update, "$inc": {"rev": 1}})
        return met

    return await line.ask(work)


def _heard_by_an_older_recipe(user_id: UserId | None, recipe_version: int) -> Filter:
    # What another program has heard has no recipe: number 0, or none.
    older = {"heard.recipe_version": {"$gt": 0, "$lt": recipe_version}}
    return both(older, visible(user_id), {"missing_since": None}, {"trouble.code": None})
