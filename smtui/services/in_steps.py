"""Keeping what came of a file where no transaction spans documents: step by step."""

from __future__ import annotations

from smtui.domain.outcome import Outcome
from smtui.services.documents import Documents


class InSteps:
    """Writes in an order in which each step can be repeated.

    A claim that is repeated after a kill repairs what is missing: the analysis and `heard` come
    before the result that says that they are there.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def keep(self, outcome: Outcome) -> bool:
        """Save the analysis, the row's `heard`, the result with its count; whether it counted."""
        documents, claimed = self._documents, outcome.claimed
        analysis_id = await documents.analyses.save(outcome.analysis)
        file_hash = outcome.analysis.measured.file_hash
        await documents.samples.set_heard(claimed.file_id, outcome.heard, file_hash=file_hash)
        counted = await documents.batches.complete(claimed, analysis_id, heard_ms=outcome.heard_ms)
        if counted and claimed.user_id is not None:
            await documents.accounts.count_use(claimed.user_id, analyses=1)
        return counted
