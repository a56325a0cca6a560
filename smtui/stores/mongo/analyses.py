"""What was heard, on MongoDB (`analyses`): of smtui one document per file and recipe version.

Two ports stand here: `AnalysisStore`, and `EmbeddingStore`, which reads no more of an analysis than
its embedding. It stands alone because `library` only opens what each port has here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import uuid4

from pymongo.errors import DuplicateKeyError

from smtui.domain.analysis import Analysis, AnalysisHead, AnalysisId, Level, Measurement
from smtui.domain.embedding import DIMENSIONS
from smtui.domain.errors import StoreUnreachable
from smtui.domain.masking import Outline
from smtui.domain.parts import in_parts
from smtui.domain.ports.similarity_index import Embedded, packed
from smtui.domain.sample import FileId
from smtui.stores.mongo.analysis_codec import (
    HAS_AI,
    OUTLINE_FIELDS,
    OUTLINE_SOUND_FIELDS,
    WITHOUT_AI,
    analysis_of,
    changes_of,
    key_of,
    outline_of,
    rank_of,
)
from smtui.stores.mongo.client import BACKGROUND_SECONDS, Collection, MongoLine
from smtui.stores.mongo.filters import BY_ID, Filter, Find
from smtui.stores.mongo.indexes import ANALYSES, AUDIO_FILES
from smtui.stores.mongo.planner import fetch
from smtui.stores.mongo.values import Document, numbers_in

# An analysis with its slices has some 30 KB.
_AT_ONCE = 200
_HEAD = (
    "analysis_id",
    "file_id",
    "user_id",
    "analyzed_at",
    "analysis_level",
    "recipe_version",
    "file_hash",
)
_HEADS_AT_ONCE = 1_000
# Of these only a part is fetched, some 12 KB.
_OUTLINES_AT_ONCE = 500
# An embedding has some 9 KB as an array of doubles.
_EMBEDDINGS_AT_ONCE = 1_000
_TRIES = 8
_WITHOUT_LONG = {
    "embedding": False,
    "spectral_features.mfcc": False,
    "spectral_features.chroma": False,
}


class MongoAnalyses:
    """Implements AnalysisStore.

    `smtui_key` (file and recipe version in one text, unique and sparse) lets only one of two who
    save the same at once insert; the other then finds the document there and updates it.
    """

    def __init__(self, line: MongoLine) -> None:
        self._line = line

    async def save(self, analysis: Analysis) -> AnalysisId:
        return await self._line.ask(lambda: _save(self._line.collection(ANALYSES), analysis))

    async def newest(self, file_id: FileId) -> Analysis | None:
        return (await self.newest_of([file_id])).get(file_id)

    async def newest_of(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        return await self._each(file_ids, None)

    async def briefs(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        return await self._each(file_ids, _WITHOUT_LONG)

    async def heads(self, file_ids: Sequence[FileId]) -> Mapping[FileId, AnalysisHead]:
        best: dict[FileId, AnalysisHead] = {}
        for part in in_parts(file_ids, _HEADS_AT_ONCE):
            for document in worst_first(await self._of_files(part, _HEAD)):
                best[FileId(document["file_id"])] = analysis_of(document).head
            for file_id in await self._with_ai(part):
                if file_id in best:
                    best[file_id] = replace(best[file_id], has_ai=True)
        return best

    async def outlines(self, file_ids: Sequence[FileId]) -> tuple[Outline, ...]:
        found: dict[str, Outline] = {}
        for part in in_parts(file_ids, _OUTLINES_AT_ONCE):
            where = {"file_id": {"$in": part}}
            rows = await self._line.find(AUDIO_FILES, where, OUTLINE_SOUND_FIELDS)
            sounds = {row["file_id"]: row for row in rows}
            for document in worst_first(await self._of_files(part, OUTLINE_FIELDS)):
                sound = sounds.get(document["file_id"])
                outline = None if sound is None else outline_of(sound, document)
                if outline is not None:
                    found[outline.file_id] = outline
        return tuple(found[file_id] for file_id in file_ids if file_id in found)

    async def by_hash(
        self, file_hash: str, *, recipe_version: int, level: Level
    ) -> Measurement | None:
        enough = [lower.value for lower in Level if lower.rank >= level.rank]
        wanted = {
            "file_hash": file_hash,
            "recipe_version": recipe_version,
            "analysis_level": {"$in": enough},
        }

        async def work() -> Measurement | None:
            analyses = self._line.collection(ANALYSES)
            # The same bytes may be there a hundred times; only the best one is read whole.
            names = ["analysis_id", "analysis_level", "analyzed_at"]
            known = worst_first(await analyses.find(wanted, names).to_list(None))
            kept = await analyses.find_one({"_id": known[-1]["_id"]}) if known else None
            return None if kept is None else analysis_of(kept).measured

        return await self._line.ask(work) if file_hash else None

    async def _each(
        self, file_ids: Sequence[FileId], names: Mapping[str, bool] | None
    ) -> Mapping[FileId, Analysis]:
        best: dict[FileId, Analysis] = {}
        for part in in_parts(file_ids, _AT_ONCE):
            for document in worst_first(await self._of_files(part, names)):
                found = analysis_of(document)
                before = best.get(found.file_id)
                # The best one that has it: what a language model said outlives a new listening.
                ai = found.ai or (None if before is None else before.ai)
                best[found.file_id] = replace(found, ai=ai)
        return best

    async def _with_ai(self, file_ids: list[FileId]) -> list[FileId]:
        """The files of which some analysis has an AI part; the parts themselves stay there."""
        where = {"file_id": {"$in": file_ids}, **HAS_AI}
        rows = await self._line.find(ANALYSES, where, {"_id": False, "file_id": True})
        return [FileId(row["file_id"]) for row in rows]

    async def _of_files(
        self, file_ids: list[FileId], names: Sequence[str] | Mapping[str, bool] | None = None
    ) -> list[Document]:
        """Every analysis of the files, or with `names` only these fields of it, or without them."""
        return await self._line.find(ANALYSES, {"file_id": {"$in": file_ids}}, names)


class MongoEmbeddings:
    """Implements EmbeddingStore."""

    def __init__(self, line: MongoLine) -> None:
        self._line = line

    async def of(
        self, file_ids: Sequence[FileId], *, recipe_version: int
    ) -> Mapping[FileId, Embedded]:
        found: dict[FileId, Embedded] = {}
        for part in in_parts(file_ids, _EMBEDDINGS_AT_ONCE):
            heard = await self._ids_of({"file_id": {"$in": part}}, recipe_version, len(part))
            found |= await self._numbers(heard, recipe_version)
        return found

    async def after(
        self, file_id: FileId | None, *, recipe_version: int, limit: int
    ) -> tuple[Embedded, ...]:
        found: dict[FileId, Embedded] = {}
        while len(found) < limit:
            wanted = min(limit - len(found), _EMBEDDINGS_AT_ONCE)
            heard = await self.ids(file_id, recipe_version=recipe_version, limit=wanted)
            found |= await self._numbers(heard, recipe_version)
            if len(heard) < wanted:
                break
            file_id = heard[-1]
        return tuple(found[each] for each in sorted(found))

    async def ids(
        self, file_id: FileId | None, *, recipe_version: int, limit: int
    ) -> tuple[FileId, ...]:
        beyond: Filter = {"file_id": {"$gt": file_id or ""}}
        return await self._ids_of(beyond, recipe_version, limit)

    async def count(self, *, recipe_version: int) -> int:
        return await self._line.ask(
            lambda: self._line.collection(AUDIO_FILES).count_documents(
                _has_embedding(recipe_version)
            ),
            seconds=BACKGROUND_SECONDS,
        )

    async def _ids_of(self, where: Filter, recipe_version: int, limit: int) -> tuple[FileId, ...]:
        """Return the ids of sounds that this recipe has heard, in order."""
        asked = where | _has_embedding(recipe_version)
        find = Find(filter=asked, order=BY_ID, hint=BY_ID)
        rows = await fetch(self._line, find, limit, ["file_id"], seconds=BACKGROUND_SECONDS)
        return tuple(FileId(row["file_id"]) for row in rows)

    async def _numbers(
        self, file_ids: Sequence[FileId], recipe_version: int
    ) -> dict[FileId, Embedded]:
        where = {"smtui_key": {"$in": [f"{file_id}\x1f{recipe_version}" for file_id in file_ids]}}
        fields = {"_id": False, "file_id": True, "embedding": True}

        async def work() -> dict[FileId, Embedded]:
            found: dict[FileId, Embedded] = {}
            async for analysis in self._line.collection(ANALYSES).find(where, fields):
                numbers = numbers_in(analysis.get("embedding"))
                if len(numbers) == DIMENSIONS:
                    file_id = FileId(analysis["file_id"])
                    found[file_id] = Embedded(
                        file_id=file_id, recipe_version=recipe_version, numbers=packed(numbers)
                    )
            return found

        return await self._line.ask(work, seconds=BACKGROUND_SECONDS) if file_ids else {}


async def _save(analyses: Collection, analysis: Analysis) -> AnalysisId:
    """Update what stands there if it may be replaced, else leave it, else insert.

    Repeating it changes nothing: what a first try wrote is found by its key and written again.
    """
    key, changes = key_of(analysis), changes_of(analysis)
    measured, new_id = analysis.measured, analysis.analysis_id
    no_higher = [level.value for level in Level if level.rank <= measured.level.rank]
    # What was heard of earlier bytes says nothing about these, at whatever level.
    may_go = [
        {"analysis_level": {"$in": no_higher}},
        {"file_hash": {"$ne": measured.file_hash}},
    ]
    for _ in range(_TRIES):
        # The second: what may not go. Anything else came since the first, which is asked again.
        standing = await analyses.find_one_and_update(
            {"smtui_key": key, "$or": may_go}, {"$set": changes}, ["analysis_id"]
        ) or await analyses.find_one({"smtui_key": key, "$nor": may_go}, ["analysis_id"])
        if standing is not None:
            return AnalysisId(standing["analysis_id"])
        try:
            await analyses.insert_one(
                {"analysis_id": new_id, "smtui_key": key} | WITHOUT_AI | changes
            )
        except DuplicateKeyError:
            # Somebody was quicker, or the id stands for another recipe's analysis of the file: a
            # claim that a newer smtui repeats has the id of the first try.
            if await analyses.find_one({"analysis_id": new_id}, ["_id"]) is not None:
                new_id = AnalysisId(str(uuid4()))
        else:
            return new_id
    raise StoreUnreachable(
        "The analysis could not be saved: others change it all the time", hint="Try again."
    )


def worst_first(documents: Iterable[Document]) -> list[Document]:
    """Sort by level, then time; the last one is what is read."""
    return sorted(documents, key=rank_of)


def _has_embedding(recipe_version: int) -> Filter:
    # What was heard of earlier bytes has no `heard`.
    return {
        "heard.recipe_version": recipe_version,
        "heard.rank": {"$gte": Level.ADVANCED.rank},
        "missing_since": None,
    }
