"""Keeping the index as the library is: adding what was heard, removing what is gone, rebuilding."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from smtui.domain.ports.documents import SampleStore
from smtui.domain.ports.likeness import (
    Embedded,
    EmbeddingStore,
    Entry,
    IndexState,
    SimilarityIndex,
)
from smtui.domain.sample import FileId, Sample

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


class Indexing:
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
    ) -> None:
        self._samples = samples
        self._embeddings = embeddings
        self._index = index
        self._recipe_version = recipe_version

    async def standing(self) -> Standing:
        """Tell how the index stands."""
        heard = await self._embeddings.count(recipe_version=self._recipe_version)
        return Standing(index=await self._index.state(), heard=heard)

    async def add(self, file_ids: Sequence[FileId]) -> int:
        """Put what the documents have of these sounds, take out of what they have nothing."""
        added = 0
        for start in range(0, len(file_ids), AT_ONCE):
            part = file_ids[start : start + AT_ONCE]
            found = await self._embeddings.of(part, recipe_version=self._recipe_version)
            await self._put(list(found.values()))
            if gone := [one for one in part if one not in found]:
                await self._index.remove(gone)
            added += len(found)
        return added

    async def rebuild(self) -> AsyncIterator[int]:
        """Begin anew and put everything; gives how many are in after each part.

        Searches go on meanwhile, with what is in already.
        """
        await self._index.clear()
        done, after = 0, None
        while True:
            part = await self._embeddings.after(
                after, recipe_version=self._recipe_version, limit=AT_ONCE
            )
            await self._put(part)
            done += len(part)
            yield done
            if len(part) < AT_ONCE:
                return
            after = part[-1].file_id

    async def reconcile(self) -> Mended:
        """Where the counts differ, add what is missing and remove what the library lacks."""
        standing = await self.standing()
        if standing.index.trouble or standing.index.sounds == standing.heard:
            return Mended()
        indexed = {one async for part in self._indexed() for one in part}
        missing: list[FileId] = []
        async for part in self._heard():
            missing += [one for one in part if one not in indexed]
            indexed.difference_update(part)
        if missing:
            await self.add(missing)
        if indexed:
            await self._index.remove(sorted(indexed))
        return Mended(added=len(missing), removed=len(indexed))

    async def _indexed(self) -> AsyncIterator[tuple[FileId, ...]]:
        skip = 0
        while part := await self._index.ids(limit=_IDS, skip=skip):
            yield part
            skip += len(part)

    async def _heard(self) -> AsyncIterator[tuple[FileId, ...]]:
        after = None
        while part := await self._embeddings.ids(
            after, recipe_version=self._recipe_version, limit=_IDS
        ):
            yield part
            after = part[-1]

    async def _put(self, embedded: Sequence[Embedded]) -> None:
        if not embedded:
            return
        samples = await self._samples.get([one.file_id for one in embedded])
        about = {sample.file_id: about_of(sample) for sample in samples}
        await self._index.put(
            [
                Entry(embedded=one, about=about[one.file_id])
                for one in embedded
                if one.file_id in about
            ]
        )


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
        "created_at": sample.uploaded_at.isoformat(timespec="milliseconds"),
        "user_id": sample.user_id,
        "recipe_version": heard.recipe_version if heard else None,
    }
