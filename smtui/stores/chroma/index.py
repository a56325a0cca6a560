"""The similarity index in Chroma: the collection `audio_embeddings`, held to its description."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from smtui.domain.embedding import DIMENSIONS
from smtui.domain.errors import IndexUnusable
from smtui.domain.ports.similarity_index import Entry, IndexState
from smtui.domain.sample import FileId
from smtui.domain.text import counted
from smtui.stores.chroma.client import REBUILD, ChromaLine
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

COLLECTION = "audio_embeddings"
EMBEDDING = "smtui"
"""The name of the embedding, as the collection's own metadata has it."""

_GENERATION = "generation"
_GENERATION_BITS = 52
_BATCH = 1_000
_AMONG = 5_000
_LOOKED_AT = 1_000


class ChromaIndex:
    """Implements SimilarityIndex.

    `about` says whether names and tags may be kept there; `owner` is the library where several may
    use one Chroma.
    """

    def __init__(
        self, line: ChromaLine, *, recipe_version: int, about: bool, owner: Owner | None = None
    ) -> None:
        self._line = line
        self._owner = owner
        self._recipe = recipe_version
        self._about = about
        self._known: AsyncCollection | None = None
        # How many there were in which generation: counting costs as much as a search.
        self._counted = (-1, 0)

    async def state(self) -> IndexState:
        async def work(client: AsyncClientAPI) -> IndexState:
            self._known = None
            collection = await self._adopted(await self._opened(client))
            told = collection.metadata or {}
            version, generation = told.get(VERSION), int(told.get(_GENERATION) or 0)
            if self._counted[0] != generation:
                self._counted = (generation, await collection.count())
            trouble = self._trouble(collection)
            if not trouble:
                self._known = collection
            return IndexState(
                sounds=self._counted[1],
                generation=generation,
                recipe_version=version if isinstance(version, int) else None,
                trouble=trouble,
                hint=await self._hint(collection) if trouble else "",
            )

        return await self._ask(work)

    async def nearest(
        self, query: Sequence[float], *, limit: int, among: Sequence[FileId] | None = None
    ) -> tuple[FileId, ...]:
        if among is not None and not among:
            return ()
        asked: list[str] | None = None if among is None else list(among[:_AMONG])
        try:
            return await self._nearest(query, limit, asked, insist=asked is None)
        except IndexUnusable:
            if asked is None:
                raise
        # It refuses to look among ids of which it lacks one.
        known = await self._held(asked)
        return await self._nearest(query, limit, known) if known else ()

    async def put(self, entries: Sequence[Entry]) -> None:
        for start in range(0, len(entries), _BATCH):
            part = entries[start : start + _BATCH]
            await self._changed(partial(self._upserted, part))

    async def remove(self, file_ids: Sequence[FileId]) -> None:
        for start in range(0, len(file_ids), _BATCH):
            part: list[str] = list(file_ids[start : start + _BATCH])
            await self._changed(partial(_deleted, part))

    async def ids(self, *, limit: int, skip: int = 0) -> tuple[FileId, ...]:
        async def work(client: AsyncClientAPI) -> tuple[FileId, ...]:
            collection = await self._usable(client)
            found = await collection.get(limit=limit, offset=skip, include=[])
            return tuple(FileId(each) for each in found["ids"])

        return await self._ask(work)

    async def clear(self) -> None:
        async def work(client: AsyncClientAPI) -> None:
            self._known = None
            await dropped(client, COLLECTION)
            await self._opened(client)

        await self._ask(work)

    async def close(self) -> None:
        """Close the line."""
        await self._line.close()

    async def _nearest(
        self, query: Sequence[float], limit: int, among: list[str] | None, *, insist: bool = True
    ) -> tuple[FileId, ...]:
        async def work(client: AsyncClientAPI) -> tuple[FileId, ...]:
            collection = await self._usable(client)
            found = await collection.query(
                query_embeddings=list(query), n_results=limit, ids=among, include=[]
            )
            return tuple(FileId(each) for each in found["ids"][0])

        return await self._ask(work, insist=insist)

    async def _held(self, file_ids: list[str]) -> list[str]:
        async def work(client: AsyncClientAPI) -> list[str]:
            collection = await self._usable(client)
            return list((await collection.get(ids=file_ids, include=[]))["ids"])

        return await self._ask(work)

    async def _upserted(self, entries: Sequence[Entry], collection: AsyncCollection) -> None:
        # A late import: the library has loaded it.
        import numpy as np

        embeddings: Any = [np.frombuffer(entry.embedded.numbers, "<f4") for entry in entries]
        metadatas: Any = [self._metadata(entry) for entry in entries]
        ids: list[str] = [entry.embedded.file_id for entry in entries]
        # Its graph takes a vector out and in again many times sooner than it replaces one.
        if known := list((await collection.get(ids=ids, include=[]))["ids"]):
            await collection.delete(ids=known)
        await collection.upsert(ids=ids, embeddings=embeddings, metadatas=metadatas)

    def _metadata(self, entry: Entry) -> Mapping[str, Any]:
        """Every key every time, for what is left out would stay as it was."""
        told = {"file_id": entry.embedded.file_id, "kind": entry.about.get("kind")}
        if not self._about:
            return told
        about = {name: _value(value) for name, value in entry.about.items()}
        return about | told

    async def _changed(self, change: Callable[[AsyncCollection], Awaitable[Any]]) -> None:
        """Change the content, then the generation: what was answered between is newer, not older.

        Random and not counted on: of two who change at once neither needs to know the other.
        """

        async def work(client: AsyncClientAPI) -> None:
            # What the collection says now, not when it was opened: somebody may have taken it over.
            self._known = None
            collection = await self._usable(client)
            await change(collection)
            generation = {_GENERATION: secrets.randbits(_GENERATION_BITS)}
            await collection.modify(metadata={**(collection.metadata or {}), **generation})

        await self._ask(work)

    async def _ask(
        self, work: Callable[[AsyncClientAPI], Awaitable[Answer]], *, insist: bool = True
    ) -> Answer:
        """Ask; a collection that somebody has made anew meanwhile is opened once more."""
        try:
            return await self._line.ask(work, insist=insist)
        except LookupError:
            self._known = None
        try:
            return await self._line.ask(work, insist=insist)
        except LookupError as error:
            raise IndexUnusable("The index is being rebuilt", hint="Try again.") from error

    async def _usable(self, client: AsyncClientAPI) -> AsyncCollection:
        if self._known is None:
            collection = await self._adopted(await self._opened(client))
            if trouble := self._trouble(collection):
                raise IndexUnusable(trouble, hint=await self._hint(collection))
            self._known = collection
        return self._known

    async def _adopted(self, collection: AsyncCollection) -> AsyncCollection:
        """Take a collection that no library has claimed yet, if the sounds in it are ours.

        Of one that two libraries have filled in turn, it becomes whose sounds are in it.
        """
        owner, told = self._owner, collection.metadata or {}
        if owner is None or LIBRARY in told or told.get(NAME) != EMBEDDING:
            return collection
        some = (await collection.get(limit=_LOOKED_AT, include=[]))["ids"]
        if 2 * await owner.knows([FileId(each) for each in some]) < len(some):
            return collection
        await collection.modify(metadata={**told, LIBRARY: owner.library_id})
        return collection

    async def _hint(self, collection: AsyncCollection) -> str:
        """Say what mends it, and what would be lost by that."""
        if self._is_a_strangers(collection):
            return (
                "Give each library a database in Chroma: ?database=NAME at the end of"
                f" servers.chroma_url. `smtui index rebuild` drops {await _vectors(collection)} of"
                " the other library."
            )
        if (collection.metadata or {}).get(NAME) != EMBEDDING:
            return (
                f"`smtui index rebuild` drops {await _vectors(collection)} of that program and"
                " makes smtui's anew. ?database=NAME at the end of servers.chroma_url keeps both."
            )
        return REBUILD

    def _is_a_strangers(self, collection: AsyncCollection) -> bool:
        """True if it is another library's, or nobody's and full of sounds that are not ours."""
        told = collection.metadata or {}
        if self._owner is None or told.get(NAME) != EMBEDDING:
            return False
        return told.get(LIBRARY) != self._owner.library_id

    async def _opened(self, client: AsyncClientAPI) -> AsyncCollection:
        told = {
            NAME: EMBEDDING,
            VERSION: self._recipe,
            DIMENSION: DIMENSIONS,
            _GENERATION: secrets.randbits(_GENERATION_BITS),
        }
        if self._owner is not None:
            told[LIBRARY] = self._owner.library_id
        return await opened(client, COLLECTION, told)

    def _trouble(self, collection: AsyncCollection) -> str:
        """Say why the collection cannot be used; empty where it can."""
        told = collection.metadata or {}
        if told.get(NAME) != EMBEDDING:
            return "The index holds the embeddings of another program"
        if self._is_a_strangers(collection):
            return "The index holds the sounds of another library"
        if told.get(DIMENSION) != DIMENSIONS:
            return f"The index holds embeddings of another length than {DIMENSIONS}"
        if (collection.configuration.get("hnsw") or {}).get("space") != "cosine":
            return "The index does not compare by cosine"
        if told.get(VERSION) != self._recipe:
            return "The index is of another version of the recipe than sounds are analysed by here"
        return ""


async def _vectors(collection: AsyncCollection) -> str:
    return counted(await collection.count(), "vector")


async def _deleted(file_ids: list[str], collection: AsyncCollection) -> None:
    await collection.delete(ids=file_ids)


def _value(value: object) -> object:
    """Write a list as Chroma takes it, which refuses an empty one."""
    return (list(value) or None) if isinstance(value, tuple) else value
