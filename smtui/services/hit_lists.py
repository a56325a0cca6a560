"""What was found as a list for other programs, with all that is known of each sound."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from smtui.domain.hit_list import Form, FoundSound, written
from smtui.domain.likeness import Hit
from smtui.domain.path_map import PathMap
from smtui.domain.ports.documents import AnalysisStore, SampleStore
from smtui.domain.search import Search
from smtui.services.reasons import Reasons


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
