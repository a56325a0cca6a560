"""What is done with hits: spread over folders, explained, listed, walked along."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from smtui.domain.hit_list import Form, FoundSound, encode
from smtui.domain.hit_reason import why
from smtui.domain.likeness import Hit
from smtui.domain.path_map import PathMap
from smtui.domain.ports.documents import AnalysisStore, SampleStore
from smtui.domain.ports.similarity_index import OutsideListener
from smtui.domain.sample import FileId, Sample
from smtui.domain.search import Choice, Search, Seed
from smtui.domain.traits import Traits, traits

if TYPE_CHECKING:
    from smtui.services.library import Library

_AT_ONCE = 500


async def spread(
    hits: Sequence[Hit], samples: SampleStore, *, per_folder: int | None, limit: int
) -> tuple[Hit, ...]:
    """Return the first `limit`, at most `per_folder` of one folder (None: any number), in order."""
    if per_folder is None:
        return tuple(hits[:limit])
    choice = Choice(limit=limit, per_folder=per_folder)
    shown: tuple[Hit, ...] = ()
    for start in range(0, len(hits), _AT_ONCE):
        shown = choice.of(await placed(hits[start : start + _AT_ONCE], samples))
        if choice.is_full:
            break
    return shown


async def placed(hits: Sequence[Hit], samples: SampleStore) -> tuple[Hit, ...]:
    """Return hits with their folders; what has left the library meanwhile is left out."""
    folders: dict[str, str] = {}
    for start in range(0, len(hits), _AT_ONCE):
        ids = [hit.file_id for hit in hits[start : start + _AT_ONCE]]
        folders |= {sample.file_id: sample.folder for sample in await samples.get(ids)}
    return tuple(
        replace(hit, folder=folders[hit.file_id]) for hit in hits if hit.file_id in folders
    )


class Reasons:
    """Says why sounds were found: one phrase for each, whoever found it."""

    def __init__(
        self, samples: SampleStore, analyses: AnalysisStore, outside: OutsideListener
    ) -> None:
        self._samples = samples
        self._analyses = analyses
        self._outside = outside

    async def of(self, search: Search, hits: Sequence[Hit]) -> Mapping[FileId, str]:
        """Return the reason of each hit; those of which nothing is known are left out.

        What the search said itself stands; else a hit is compared with the first seed.

        Raises:
            SoundUnreadable: the seed is a file from outside that can no longer be analysed.
        """
        reasons = {hit.file_id: hit.why for hit in hits if hit.why}
        unsaid = [hit for hit in hits if not hit.why]
        seed = await self._traits_of_seed(search.more[0]) if unsaid and search.more else None
        if seed is None:
            return reasons
        for start in range(0, len(unsaid), _AT_ONCE):
            part = unsaid[start : start + _AT_ONCE]
            known = await self._traits([hit.file_id for hit in part])
            for hit in part:
                if hit.file_id in known and (words := why(seed, known[hit.file_id], hit.likeness)):
                    reasons[hit.file_id] = words
        return reasons

    async def _traits_of_seed(self, seed: Seed) -> Traits | None:
        if seed.path is not None:
            return (await self._outside.analyse(seed.path)).traits
        if seed.file_id is None:
            return None
        return (await self._traits([seed.file_id])).get(seed.file_id)

    async def _traits(self, file_ids: Sequence[FileId]) -> dict[FileId, Traits]:
        briefs = await self._analyses.briefs(file_ids)
        samples = await self._samples.get(file_ids)
        return {sample.file_id: traits(sample, briefs.get(sample.file_id)) for sample in samples}


class HitLists:
    """Writes hits for other programs, with all that is known of them; the file is the caller's."""

    def __init__(
        self, samples: SampleStore, analyses: AnalysisStore, reasons: Reasons, paths: PathMap
    ) -> None:
        self._samples = samples
        self._analyses = analyses
        self._reasons = reasons
        self._paths = paths

    async def of(self, search: Search, hits: Sequence[Hit], form: Form) -> tuple[bytes, int]:
        """Return the list, best first, and how many sounds are in it.

        Sounds that are no longer in the library are left out.

        Raises:
            SoundUnreadable: the seed is a file from outside that can no longer be analysed.
        """
        ids = [hit.file_id for hit in hits]
        samples = {sample.file_id: sample for sample in await self._samples.get(ids)}
        reasons = await self._reasons.of(search, hits)
        analyses = await self._analyses.newest_of(ids) if form is Form.JSON_LINES else {}
        sounds = [
            FoundSound(
                hit=hit,
                sample=samples[hit.file_id],
                path=self._paths.here(samples[hit.file_id].path),
                why=reasons.get(hit.file_id, ""),
                analysis=analyses.get(hit.file_id),
            )
            for hit in hits
            if hit.file_id in samples
        ]
        # Thousands of numbers for each sound.
        return await asyncio.to_thread(encode, sounds, form)


class HitOrder:
    """Goes from one hit to the next, as they stood when one was opened."""

    def __init__(self, library: Library, file_ids: Sequence[FileId]) -> None:
        self._library = library
        self._file_ids = tuple(file_ids)

    async def around(self, file_id: FileId, step: int) -> Sample | None:
        """Return the sound `step` hits after (or before) this one, None beyond either end.

        Sounds that are no longer in the library are passed over.
        """
        if file_id not in self._file_ids or step == 0:
            return None
        place = self._file_ids.index(file_id) + step
        while 0 <= place < len(self._file_ids):
            samples = await self._library.samples([self._file_ids[place]])
            if samples:
                return samples[0]
            place += 1 if step > 0 else -1
        return None
