"""Keeping the index as the library is: adding what is new, removing what is gone, rebuilding."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from smtui.domain.account import Account
from smtui.domain.parts import in_parts
from smtui.domain.ports.documents import SampleStore
from smtui.domain.ports.similarity_index import (
    Embedded,
    EmbeddingStore,
    Entry,
    IndexState,
    SimilarityIndex,
)
from smtui.domain.sample import FileId, Sample
from smtui.services.rights import Deed, Rights

AT_ONCE = 1_000
_IDS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the index stands beside the library.

    Attributes:
        heard: how many sounds have an embedding.
    """

    index: IndexState
    heard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What a reconciliation found."""

    added: int = 0
    removed: int = 0


class IndexUpkeep:
    """Fills the index from the documents; every step may be repeated.

    All raise ServerUnavailable where the index is away, and IndexUnusable where it is of other
    embeddings, except `standing` and `rebuild`, which are for then.
    """

    def __init__(
        self,
        samples: SampleStore,
        embeddings: EmbeddingStore,
        index: SimilarityIndex,
        *,
        recipe_version: int,
        rights: Rights | None = None,
    ) -> None:
        """Join the parts; workers have no `rights`, for they only add and remove."""
        self._rights = rights
        self._samples = samples
        self._embeddings = embeddings
        self._index = index
        self._recipe_version = recipe_version
        # Generations of library and index: when looked at last, and when found alike.
        self._seen: tuple[int, int] | None = None
        self._alike_at: tuple[int, int] | None = None

    async def standing(self) -> Standing:
        """Tell how the index stands."""
        heard = await self.count_embedded()
        return Standing(index=await self._index.state(), heard=heard)

    async def count_embedded(self) -> int:
        """How many sounds have an embedding."""
        return await self._embeddings.count(recipe_version=self._recipe_version)

    async def add(self, file_ids: Sequence[FileId]) -> int:
        """Put what the documents have of these sounds, take out of what they have nothing."""
        added = 0
        for part in in_parts(file_ids, AT_ONCE):
            found = await self._embeddings.of(part, recipe_version=self._recipe_version)
            await self._put(list(found.values()))
            if gone := [file_id for file_id in part if file_id not in found]:
                await self._index.remove(gone)
            added += len(found)
        return added

    async def rebuild(self, *, by: Account | None = None) -> AsyncIterator[int]:
        """Begin anew and put everything; return how many are in after each part.

        Searches go on meanwhile, with what is in already. It is everybody's index, so a person who
        asks must be an admin; raises NotAllowed.
        """
        if self._rights is not None and by is not None:
            await self._rights.require(by, Deed.REBUILD, (None,))
        await self._index.clear()
        done = 0
        reading = asyncio.ensure_future(self._after(None))
        try:
            while part := await reading:
                # The next ones are read while these are put.
                reading = asyncio.ensure_future(self._after(part[-1].embedded.file_id))
                await self._index.put(part)
                done += len(part)
                yield done
        finally:
            reading.cancel()

    async def reconcile(self) -> Mended:
        """Add what the index lacks and take out what the library lacks, id by id.

        As many on both sides say nothing: one sound may have gone while another one came.
        """
        if (await self._index.state()).trouble:
            return Mended()
        only_indexed: set[FileId] = set()
        async for part in self._indexed():
            only_indexed.update(part)
        missing: list[FileId] = []
        async for part in self._embedded():
            missing += [file_id for file_id in part if file_id not in only_indexed]
            only_indexed.difference_update(part)
        # What came or went meanwhile is looked up once more: `add` does what is right by then.
        await self.add(missing)
        await self.add(list(only_indexed))
        return Mended(added=len(missing), removed=len(only_indexed))

    async def mend(self) -> Mended:
        """Reconcile if the library or the index has changed since both were found alike.

        The index alone changes where somebody stopped while making it anew, or its server lost
        what it kept. While it changes somebody is at it still: that is left for the next time.
        An empty library needs no index.
        """
        generation = await self._samples.generation()
        if not await self._embeddings.ids(None, recipe_version=self._recipe_version, limit=1):
            return Mended()
        now = generation, (await self._index.state()).generation
        before, self._seen = self._seen, now
        if now == self._alike_at or (before and before[0] == generation and before != now):
            return Mended()
        mended = await self.reconcile()
        self._alike_at = now if mended == Mended() else None
        return mended

    async def _indexed(self) -> AsyncIterator[tuple[FileId, ...]]:
        skip = 0
        while part := await self._index.ids(limit=_IDS, skip=skip):
            yield part
            skip += len(part)

    async def _embedded(self) -> AsyncIterator[tuple[FileId, ...]]:
        after = None
        while part := await self._embeddings.ids(
            after, recipe_version=self._recipe_version, limit=_IDS
        ):
            yield part
            after = part[-1]

    async def _put(self, embedded: Sequence[Embedded]) -> None:
        await self._index.put(await self._entries(embedded))

    async def _after(self, file_id: FileId | None) -> list[Entry]:
        part = await self._embeddings.after(
            file_id, recipe_version=self._recipe_version, limit=AT_ONCE
        )
        return await self._entries(part)

    async def _entries(self, embedded: Sequence[Embedded]) -> list[Entry]:
        samples = await self._samples.get([sound.file_id for sound in embedded])
        about = {sample.file_id: about_of(sample) for sample in samples}
        return [
            Entry(embedded=sound, about=about[sound.file_id])
            for sound in embedded
            if sound.file_id in about
        ]


def _format_time(at: datetime) -> str:
    """Write a time as the system's other programs do: whole seconds, `2025-03-01T12:00:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def about_of(sample: Sample) -> dict[str, str | float | int | bool | tuple[str, ...] | None]:
    """What the index keeps of a sound beside its numbers."""
    heard = sample.heard
    return {
        "filename": sample.filename,
        "duration": sample.duration,
        "tempo": heard.tempo if heard else None,
        "key": heard.key if heard else None,
        "mode": heard.mode if heard else None,
        "kind": heard.kind if heard else None,
        "is_loop": heard.is_loop if heard else None,
        "tags": sample.tags,
        "created_at": _format_time(sample.uploaded_at),
        "user_id": sample.user_id,
        "recipe_version": heard.recipe_version if heard else None,
    }
