"""The stores of one library, together."""

from __future__ import annotations

from dataclasses import dataclass

from smtui.domain.ports.batches import BatchStore
from smtui.domain.ports.documents import (
    AccountStore,
    AnalysisStore,
    KeptSearchStore,
    OutcomeStore,
    SampleStore,
)
from smtui.domain.ports.similarity_index import EmbeddingStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """The stores of one library, as a worker and the services stand on them.

    Attributes:
        outcomes: keeps what came of a file as a whole, where the documents can.
        library_id: of a library that may share its other servers with others; else empty.
    """

    accounts: AccountStore
    samples: SampleStore
    analyses: AnalysisStore
    batches: BatchStore
    embeddings: EmbeddingStore
    searches: KeptSearchStore
    outcomes: OutcomeStore | None = None
    library_id: str = ""
