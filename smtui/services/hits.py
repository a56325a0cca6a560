"""Why sounds were found: one phrase for each, whoever found it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from smtui.domain.hit_list import Form, FoundSound, written
from smtui.domain.likeness import Hit
from smtui.domain.path_map import PathMap
from smtui.domain.ports.documents import AnalysisStore, SampleStore
from smtui.domain.ports.likeness import OutsideListener
from smtui.domain.sample import FileId
from smtui.domain.search import Search, Seed
from smtui.domain.traits import Traits, traits
from smtui.domain.why import why

_AT_ONCE = 500


class Reasons:
    """Compares what was heard of hits with what was heard of the seed."""

    def __init__(
        self, samples: SampleStore, analyses: AnalysisStore, outside: OutsideListener
    ) -> None:
        self._samples = samples
        self._analyses = analyses
        self._outside = outside

    async def of(self, search: Search, hits: Sequence[Hit]) -> Mapping[FileId, str]:
        """Say of each hit why it was found; those of which nothing is known are left out.

        What the search said itself stands; else a hit is compared with the first seed.

        Raises:
            SoundUnreadable: the seed is a file from outside that can no longer be listened to.
        """
        told = {hit.file_id: hit.why for hit in hits if hit.why}
        unsaid = [hit for hit in hits if not hit.why]
        seed = await self._of_seed(search.more[0]) if unsaid and search.more else None
        if seed is None:
            return told
        for start in range(0, len(unsaid), _AT_ONCE):
            some = unsaid[start : start + _AT_ONCE]
            known = await self._traits([hit.file_id for hit in some])
            for hit in some:
                if hit.file_id in known and (words := why(seed, known[hit.file_id], hit.likeness)):
                    told[hit.file_id] = words
        return told

    async def _of_seed(self, seed: Seed) -> Traits | None:
        if seed.path is not None:
            return (await self._outside.heard(seed.path)).traits
        if seed.file_id is None:
            return None
        return (await self._traits([seed.file_id])).get(seed.file_id)

    async def _traits(self, file_ids: Sequence[FileId]) -> dict[FileId, Traits]:
        heard = await self._analyses.briefs(file_ids)
        samples = await self._samples.get(file_ids)
        return {one.file_id: traits(one, heard.get(one.file_id)) for one in samples}


class HitLists:
    """Writes hits; the file itself is the caller's."""

    def __init__(
        self, samples: SampleStore, analyses: AnalysisStore, reasons: Reasons, paths: PathMap
    ) -> None:
        self._samples = samples
        self._analyses = analyses
        self._reasons = reasons
        self._paths = paths

    async def of(self, search: Search, hits: Sequence[Hit], form: Form) -> tuple[bytes, int]:
        """Write them, best first; gives the bytes and how many sounds are in them.

        Sounds that are no longer in the library are left out.

        Raises:
            SoundUnreadable: the seed is a file from outside that can no longer be listened to.
        """
        ids = [hit.file_id for hit in hits]
        samples = {one.file_id: one for one in await self._samples.get(ids)}
        reasons = await self._reasons.of(search, hits)
        heard = await self._analyses.newest_of(ids) if form is Form.JSON_LINES else {}
        found = [
            FoundSound(
                hit=hit,
                sample=samples[hit.file_id],
                path=self._paths.here(samples[hit.file_id].path),
                why=reasons.get(hit.file_id, ""),
                analysis=heard.get(hit.file_id),
            )
            for hit in hits
            if hit.file_id in samples
        ]
        # Thousands of numbers for each sound.
        return await asyncio.to_thread(written, found, form)
