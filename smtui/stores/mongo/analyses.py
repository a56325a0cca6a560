"""What was heard, on MongoDB (`analyses`): of smtui one document per file and recipe version.

One port, `AnalysisStore`, in a file of its own; `library` alone opens it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import uuid4

from pymongo.errors import DuplicateKeyError

from smtui.domain.analysis import Analysis, AnalysisHead, AnalysisId, Level, Measurement
from smtui.domain.errors import StoreUnreachable
from smtui.domain.masking import Outline
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
from smtui.stores.mongo.client import Collection, MongoLine
from smtui.stores.mongo.indexes import ANALYSES, AUDIO_FILES
from smtui.stores.mongo.values import Document, in_parts

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
            sounds = {each["file_id"]: each for each in await self._sounds(part)}
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

        async def work() -> list[FileId]:
            of_files = {"file_id": {"$in": file_ids}, **HAS_AI}
            fields = {"_id": False, "file_id": True}
            cursor = self._line.collection(ANALYSES).find(of_files, fields)
            return [FileId(analysis["file_id"]) for analysis in await cursor.to_list(None)]

        return await self._line.ask(work)

    async def _of_files(
        self, file_ids: list[FileId], names: Sequence[str] | Mapping[str, bool] | None = None
    ) -> list[Document]:
        """Every analysis of the files, or with `names` only these fields of it, or without them."""

        async def work() -> list[Document]:
            of_files = {"file_id": {"$in": file_ids}}
            return await self._line.collection(ANALYSES).find(of_files, names).to_list(None)

        return await self._line.ask(work)

    async def _sounds(self, file_ids: list[FileId]) -> list[Document]:
        """What the sounds themselves say of their bytes and of what was heard."""

        async def work() -> list[Document]:
            asked = {"file_id": {"$in": file_ids}}
            sounds = self._line.collection(AUDIO_FILES)
            return await sounds.find(asked, OUTLINE_SOUND_FIELDS).to_list(None)

        return await self._line.ask(work)


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
