"""What was heard, in memory: the analyses, and the embeddings that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from uuid import uuid4

from smtui.domain.analysis import Analysis, AnalysisHead, AnalysisId, Level, Measurement
from smtui.domain.embedding import DIMENSIONS
from smtui.domain.masking import Outline, outline_of
from smtui.domain.ports.similarity_index import Embedded, packed
from smtui.domain.sample import (
    FileId,
    Sample,
)
from smtui.domain.storable import cut_to_ms


class MemoryAnalyses:
    """Implements AnalysisStore."""

    def __init__(
        self,
        sounds: Mapping[FileId, Sample],
        *,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._sounds = sounds
        self._new_id = new_id
        self.kept: dict[tuple[FileId, int], Analysis] = {}

    async def save(self, analysis: Analysis) -> AnalysisId:
        key = (analysis.file_id, analysis.measured.recipe_version)
        before = self.kept.get(key)
        if before is None:
            taken = {other.analysis_id for other in self.kept.values()}
            # A claim that a newer smtui repeats has the id that stands for the older recipe.
            analysis_id = analysis.analysis_id
            if analysis_id in taken:
                analysis_id = AnalysisId(self._new_id())
            self.kept[key] = _cut(replace(analysis, analysis_id=analysis_id))
            return analysis_id
        if analysis.replaces(before):
            ai = analysis.ai or before.ai
            self.kept[key] = _cut(replace(analysis, analysis_id=before.analysis_id, ai=ai))
        return before.analysis_id

    async def newest(self, file_id: FileId) -> Analysis | None:
        ranked = sorted(
            (each for each in self.kept.values() if each.file_id == file_id),
            key=lambda each: each.importance,
        )
        # What a language model said outlives a new listening.
        parts = [each.ai for each in ranked if each.ai is not None]
        return replace(ranked[-1], ai=parts[-1] if parts else None) if ranked else None

    async def newest_of(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        newest = [(file_id, await self.newest(file_id)) for file_id in file_ids]
        return {file_id: analysis for file_id, analysis in newest if analysis is not None}

    async def briefs(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        newest = await self.newest_of(file_ids)
        return {
            file_id: replace(each, measured=each.measured.brief) for file_id, each in newest.items()
        }

    async def heads(self, file_ids: Sequence[FileId]) -> Mapping[FileId, AnalysisHead]:
        return {
            file_id: analysis.head for file_id, analysis in (await self.newest_of(file_ids)).items()
        }

    async def outlines(self, file_ids: Sequence[FileId]) -> tuple[Outline, ...]:
        outlines = []
        for sound in (self._sounds[each] for each in file_ids if each in self._sounds):
            analyses = (each for each in self.kept.values() if each.file_id == sound.file_id)
            outlined = [
                (each.importance, outline)
                for each in analyses
                if (outline := outline_of(sound, each.measured)) is not None
            ]
            if outlined:
                outlines.append(max(outlined, key=lambda each: each[0])[1])
        return tuple(outlines)

    async def by_hash(
        self, file_hash: str, *, recipe_version: int, level: Level
    ) -> Measurement | None:
        same = [
            each
            for each in self.kept.values()
            if each.measured.file_hash == file_hash
            and each.measured.recipe_version == recipe_version
            and each.measured.level.rank >= level.rank
        ]
        best = max(same, key=lambda each: each.importance, default=None)
        return None if best is None else best.measured

    def drop(self, file_ids: Collection[FileId]) -> None:
        """Forget the analyses of sounds that are taken out of the library."""
        self.kept = {key: each for key, each in self.kept.items() if key[0] not in file_ids}


def _cut(analysis: Analysis) -> Analysis:
    return replace(analysis, analyzed_at=cut_to_ms(analysis.analyzed_at))


class MemoryEmbeddings:
    """Implements EmbeddingStore: a projection of the sounds and their analyses."""

    def __init__(self, sounds: Mapping[FileId, Sample], analyses: MemoryAnalyses) -> None:
        self._sounds = sounds
        self._analyses = analyses

    async def of(
        self, file_ids: Sequence[FileId], *, recipe_version: int
    ) -> Mapping[FileId, Embedded]:
        every = self._all(recipe_version)
        return {each.file_id: each for each in every if each.file_id in {*file_ids}}

    async def after(
        self, file_id: FileId | None, *, recipe_version: int, limit: int
    ) -> tuple[Embedded, ...]:
        every = self._all(recipe_version)
        return tuple(each for each in every if each.file_id > (file_id or ""))[:limit]

    async def ids(
        self, file_id: FileId | None, *, recipe_version: int, limit: int
    ) -> tuple[FileId, ...]:
        found = await self.after(file_id, recipe_version=recipe_version, limit=limit)
        return tuple(each.file_id for each in found)

    async def count(self, *, recipe_version: int) -> int:
        return len(self._all(recipe_version))

    def _all(self, recipe_version: int) -> list[Embedded]:
        found = []
        for _, sound in sorted(self._sounds.items()):
            heard = sound.heard
            analysis = self._analyses.kept.get((sound.file_id, recipe_version))
            if (
                sound.missing_since is None
                and heard is not None
                and heard.recipe_version == recipe_version
                and analysis is not None
                and len(analysis.measured.embedding) == DIMENSIONS
            ):
                numbers = packed(analysis.measured.embedding)
                found.append(
                    Embedded(file_id=sound.file_id, recipe_version=recipe_version, numbers=numbers)
                )
        return found
