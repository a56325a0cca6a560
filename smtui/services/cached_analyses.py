"""Reading what was heard: the cache first, then the documents, then into the cache.

The documents say which analysis counts, every time; that is a few bytes by an index. What the
cache has is used only where it is of this very analysis, so no answer is older than the newest
write of any machine, also when a cache could not be told of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smtui.domain.analysis import Analysis, AnalysisHead, AnalysisId, Level, Measurement
from smtui.domain.masking import Outline
from smtui.domain.ports.documents import AnalysisStore
from smtui.domain.ports.sessions import Cache
from smtui.domain.sample import FileId
from smtui.services import remembered
from smtui.services.flights import Aside, Flights
from smtui.services.remembered import ANALYSIS_SECONDS, FEATURES_SECONDS, analysis_key, features_key

# An analysis with its slices has some 40 kB.
_AT_ONCE = 50


class CachedAnalyses:
    """Implements AnalysisStore in front of another one; to be closed before the cache."""

    def __init__(self, analyses: AnalysisStore, cache: Cache) -> None:
        self._analyses = analyses
        self._cache = cache
        self._flights: Flights[tuple[AnalysisHead, ...], Mapping[FileId, Analysis]] = Flights()
        self._aside = Aside()

    async def save(self, analysis: Analysis) -> AnalysisId:
        """Save in the documents, and have the cache forget what it knew before."""
        saved = await self._analyses.save(analysis)
        measured = analysis.measured
        keys = (analysis_key(measured.file_hash), features_key(analysis.file_id))
        await self._cache.drop(*keys)
        return saved

    async def newest(self, file_id: FileId) -> Analysis | None:
        """The highest level, then the newest."""
        return (await self.newest_of([file_id])).get(file_id)

    async def newest_of(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        """The same for several files; files without an analysis are left out."""
        heads = tuple((await self.heads(file_ids)).values())
        found: dict[FileId, Analysis] = {}
        for start in range(0, len(heads), _AT_ONCE):
            some = heads[start : start + _AT_ONCE]

            async def work(some: tuple[AnalysisHead, ...] = some) -> Mapping[FileId, Analysis]:
                return await self._read(some)

            found |= await self._flights.result(some, work)
        return found

    async def briefs(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        """The newest without what is long; read from the documents."""
        return await self._analyses.briefs(file_ids)

    async def heads(self, file_ids: Sequence[FileId]) -> Mapping[FileId, AnalysisHead]:
        """Which analyses `newest_of` would give."""
        return await self._analyses.heads(file_ids)

    async def outlines(self, file_ids: Sequence[FileId]) -> tuple[Outline, ...]:
        """Sounds as far as fitting needs them; read from the documents, where they are small."""
        return await self._analyses.outlines(file_ids)

    async def by_hash(
        self, file_hash: str, *, recipe_version: int, level: Level
    ) -> Measurement | None:
        """What was measured of the same bytes at this level or higher, whoever owns the file."""
        if level is Level.BASIC and file_hash:
            kept = remembered.unpacked(await self._cache.get(analysis_key(file_hash)))
            # What has slices is whole only with them, and these are kept by file.
            if kept and not kept.sliced and _serves(kept.measured, file_hash, recipe_version):
                return kept.measured
        return await self._analyses.by_hash(file_hash, recipe_version=recipe_version, level=level)

    async def close(self) -> None:
        """Let what is being cached be finished."""
        await self._aside.end()

    async def _read(self, heads: tuple[AnalysisHead, ...]) -> Mapping[FileId, Analysis]:
        """Read analyses that are there, or newer ones of the same files."""
        ours = [head for head in heads if _can_be_cached(head)]
        keys = [(analysis_key(head.file_hash), features_key(head.file_id)) for head in ours]
        kept = await self._cache.get_many([key for pair in keys for key in pair])
        found: dict[FileId, Analysis] = {}
        for head, (analysis, features) in zip(ours, keys, strict=True):
            known = remembered.joined(head, kept.get(analysis), kept.get(features))
            if known is not None:
                found[head.file_id] = known
        missing = [head.file_id for head in heads if head.file_id not in found]
        if missing:
            read = await self._analyses.newest_of(missing)
            self._aside.do(self._put(tuple(read.values())))
            found |= read
        return found

    async def _put(self, analyses: tuple[Analysis, ...]) -> None:
        for analysis in analyses:
            if not _can_be_cached(analysis.head):
                continue
            try:
                value, slices = remembered.packed(analysis), remembered.packed_slices(analysis)
            except ValueError:
                # A number that JSON does not know: it is read from the documents each time.
                continue
            file_hash = analysis.measured.file_hash
            if slices is not None:
                key = features_key(analysis.file_id)
                await self._cache.put(key, slices, seconds=FEATURES_SECONDS)
            await self._cache.put(analysis_key(file_hash), value, seconds=ANALYSIS_SECONDS)


def _can_be_cached(head: AnalysisHead) -> bool:
    """Tell whether smtui wrote all of it: others may change what is theirs without a sign of it."""
    return bool(head.file_hash) and head.recipe_version > 0 and not head.has_ai


def _serves(measured: Measurement, file_hash: str, recipe_version: int) -> bool:
    return measured.file_hash == file_hash and measured.recipe_version == recipe_version
