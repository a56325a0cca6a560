"""What descriptions mean, kept in Chroma: the collection `text_embeddings`.

Its id is a hash of the text, not a sound's: most descriptions are shared by many sounds, a sound
that is deleted, renamed or heard again changes nothing, and neither words nor sounds have to be
told to a server that asks nobody who they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from smtui.domain.errors import IndexUnusable
from smtui.domain.ports.words import TextEmbedding
from smtui.stores.chroma.client import ChromaLine
from smtui.stores.chroma.collections import (
    DIMENSION,
    LIBRARY,
    NAME,
    VERSION,
    Owner,
    dropped,
    opened,
)

if TYPE_CHECKING:
    from chromadb.api.async_api import AsyncClientAPI
    from chromadb.api.models.AsyncCollection import AsyncCollection

Answer = TypeVar("Answer")
Work = Callable[["AsyncCollection"], Awaitable[Answer]]

COLLECTION = "text_embeddings"

_HASH_BYTES = 16
_NUMBER_BYTES = 4
_BATCH = 1_000


class ChromaTexts:
    """Implements TextVectors.

    What is kept is worked out from the texts alone, so where it is of another model or damaged it
    is silently made anew, which loses nothing but time. For another model that is done only at the
    first opening: of two people with different models the later wins, and the other works on
    without, rather than each undoing what the other has kept. What another program keeps under
    this name is left alone, and what another library has begun is used, as texts mean the same
    there, but never made anew.
    """

    def __init__(self, line: ChromaLine, *, owner: Owner | None = None) -> None:
        self._line = line
        self._owner = owner
        self._opened: tuple[TextEmbedding, AsyncCollection] | None = None
        self._was_opened = False
        self._was_mended = False

    async def of(self, texts: Sequence[str], *, by: TextEmbedding) -> Mapping[str, bytes]:
        kept: dict[str, bytes] = {}
        for start in range(0, len(texts), _BATCH):
            part = {_id(text): text for text in texts[start : start + _BATCH]}
            found = await self._ask(_reading(list(part)), by)
            kept |= {part[text_id]: numbers for text_id, numbers in found.items()}
        # Of another length is only what somebody else has put there.
        return {text: v for text, v in kept.items() if len(v) == _NUMBER_BYTES * by.dimension}

    async def put(self, vectors: Mapping[str, bytes], *, by: TextEmbedding) -> None:
        pairs = [(_id(text), vector) for text, vector in vectors.items()]
        for start in range(0, len(pairs), _BATCH):
            await self._ask(_writing(pairs[start : start + _BATCH]), by)

    async def _ask(self, work: Work[Answer], by: TextEmbedding) -> Answer:
        """Ask; a collection that somebody has made anew meanwhile is opened once more."""

        async def on_collection(client: AsyncClientAPI) -> Answer:
            return await work(await self._usable(client, by))

        try:
            return await self._line.ask(on_collection)
        except LookupError:
            self._opened = None
        except IndexUnusable:
            if self._opened is None or self._was_mended or self._is_a_strangers(self._opened[1]):
                raise
            # It is ours, and damaged.
            self._was_mended = True
            await self._line.ask(self._emptied)
        try:
            return await self._line.ask(on_collection)
        except LookupError as error:
            raise IndexUnusable("What the index keeps of descriptions is being rebuilt") from error

    async def _usable(self, client: AsyncClientAPI, by: TextEmbedding) -> AsyncCollection:
        if self._opened is not None and self._opened[0] == by:
            return self._opened[1]
        self._opened = None
        collection = await self._collection(client, by)
        if _is_ours(collection) and not _is_of(collection, by) and not self._was_opened:
            if self._is_a_strangers(collection):
                raise IndexUnusable("The index keeps what another library has learnt")
            await self._emptied(client)
            collection = await self._collection(client, by)
        if not _is_ours(collection):
            raise IndexUnusable("The index keeps what another program has learnt")
        if not _is_of(collection, by):
            raise IndexUnusable("The index keeps what another model has learnt")
        self._opened, self._was_opened = (by, collection), True
        return collection

    async def _emptied(self, client: AsyncClientAPI) -> None:
        self._opened = None
        await dropped(client, COLLECTION)

    async def _collection(self, client: AsyncClientAPI, by: TextEmbedding) -> AsyncCollection:
        """Open it; one that no library has claimed becomes this one's."""
        mine = {} if self._owner is None else {LIBRARY: self._owner.library_id}
        told = {NAME: by.name, VERSION: by.version, DIMENSION: by.dimension}
        collection = await opened(client, COLLECTION, told | mine)
        if mine and _is_ours(collection) and LIBRARY not in (collection.metadata or {}):
            await collection.modify(metadata={**(collection.metadata or {}), **mine})
        return collection

    def _is_a_strangers(self, collection: AsyncCollection) -> bool:
        if self._owner is None:
            return False
        return (collection.metadata or {}).get(LIBRARY) != self._owner.library_id


def _is_ours(collection: AsyncCollection) -> bool:
    return {NAME, VERSION, DIMENSION} <= set(collection.metadata or {})


def _is_of(collection: AsyncCollection, by: TextEmbedding) -> bool:
    told = collection.metadata or {}
    kept = told.get(NAME), told.get(VERSION), told.get(DIMENSION)
    return kept == (by.name, by.version, by.dimension)


def _reading(ids: list[str]) -> Work[Mapping[str, bytes]]:
    async def work(collection: AsyncCollection) -> Mapping[str, bytes]:
        # A late import: the library has loaded it.
        import numpy as np

        found = await collection.get(ids=ids, include=["embeddings"])
        rows = found["embeddings"] if found["embeddings"] is not None else []
        if len(rows) != len(found["ids"]):
            # Some of them are just being written, and it is not said which.
            return {}
        return {
            text_id: np.asarray(row, "<f4").tobytes()
            for text_id, row in zip(found["ids"], rows, strict=True)
        }

    return work


def _writing(pairs: Sequence[tuple[str, bytes]]) -> Work[None]:
    async def work(collection: AsyncCollection) -> None:
        import numpy as np

        ids = [text_id for text_id, _ in pairs]
        embeddings: Any = [np.frombuffer(vector, "<f4") for _, vector in pairs]
        await collection.upsert(ids=ids, embeddings=embeddings)

    return work


def _id(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=_HASH_BYTES).hexdigest()
