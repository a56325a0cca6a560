"""A collection by its name: opened, made where there is none, or dropped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smtui.domain.sample import FileId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chromadb.api.async_api import AsyncClientAPI
    from chromadb.api.models.AsyncCollection import AsyncCollection

NAME, VERSION, DIMENSION = "embedding_name", "embedding_version", "embedding_dimension"
"""What a collection's own metadata records of the vectors that it holds."""

LIBRARY = "library_id"
"""Whose sounds a collection is for: two libraries on one Chroma would empty it for each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The library that a line to Chroma works for.

    Attributes:
        library_id: of its documents.
        knows: tells how many of these sounds it has.
    """

    library_id: str
    knows: Callable[[Sequence[FileId]], Awaitable[int]]


_COSINE: Any = {"hnsw": {"space": "cosine"}}


async def opened(client: AsyncClientAPI, name: str, metadata: Mapping[str, Any]) -> AsyncCollection:
    """Open it as it is; one that is made compares by cosine and gets this metadata."""
    # A late import, here and below: the line has loaded the library.
    from chromadb.errors import NotFoundError

    try:
        return await client.get_collection(name, embedding_function=None)
    except NotFoundError:
        return await client.get_or_create_collection(
            name, configuration=_COSINE, metadata=dict(metadata), embedding_function=None
        )


async def dropped(client: AsyncClientAPI, name: str) -> None:
    """Drop it; one that is not there is no mistake."""
    from chromadb.errors import NotFoundError

    with suppress(NotFoundError):
        await client.delete_collection(name)
