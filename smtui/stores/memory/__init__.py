"""The documents of one library in memory, made of nothing but the domain's own rules.

What the other stores do with tables, indexes and guarded updates is said here in the plainest way.
So it is what they are compared with, and what tests stand on that need documents but no server and
no file. No change waits in its middle, so each is one step to all others on the loop.
"""

from __future__ import annotations

from smtui.domain.ports.work import Clock
from smtui.services.documents import Documents
from smtui.stores.memory.accounts import MemoryAccounts, MemoryKeptSearches
from smtui.stores.memory.analyses import MemoryEmbeddings
from smtui.stores.memory.batches import MemoryBatches
from smtui.stores.memory.samples import MemorySamples


def memory_documents(clock: Clock | None = None) -> Documents:
    """Return the stores of a new, empty library."""
    samples = MemorySamples()
    return Documents(
        accounts=MemoryAccounts(),
        samples=samples,
        analyses=samples.analyses,
        batches=MemoryBatches(clock),
        embeddings=MemoryEmbeddings(samples.sounds, samples.analyses),
        searches=MemoryKeptSearches(),
    )
