"""What was heard of sounds, as a person looks at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smtui.domain.analysis import Analysis
from smtui.domain.ports.documents import AnalysisStore
from smtui.domain.sample import FileId


class Analyses:
    """Reads what was heard; writing is the worker's."""

    def __init__(self, analyses: AnalysisStore) -> None:
        self._analyses = analyses

    async def of(self, file_id: FileId) -> Analysis | None:
        """The analysis that counts for a sound: the highest level, then the newest."""
        return await self._analyses.newest(file_id)

    async def of_many(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        """The same for several sounds; those never heard are left out."""
        return await self._analyses.newest_of(file_ids)
