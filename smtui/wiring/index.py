"""The similarity index in both set-ups: a private Chroma that is asked for, or a shared one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.domain.sample import FileId
from smtui.paths import Places
from smtui.services.indexing import Indexing
from smtui.settings import Servers, Settings
from smtui.stores.chroma.client import ChromaLine
from smtui.stores.chroma.collections import Owner
from smtui.stores.chroma.index import ChromaIndex
from smtui.wiring.documents import documents
from smtui.wiring.keeper import private_servers

if TYPE_CHECKING:
    from smtui.local.servers import PrivateServers
    from smtui.services.documents import Documents


def chroma_line(settings: Settings, private: PrivateServers | None = None) -> ChromaLine:
    """Stand ready to ask Chroma; nothing is started or connected before."""
    return ChromaLine(_Shared(settings.servers) if private is None else _Private(private))


def chroma_index(line: ChromaLine, *, private: bool, owner: Owner | None = None) -> ChromaIndex:
    """Give the index of what sounds alike; closing it closes the line.

    A private server asks nobody who they are, so it is told no names and no tags.
    """
    return ChromaIndex(line, recipe_version=RECIPE_VERSION, about=not private, owner=owner)


def owner_of(documents: Documents) -> Owner | None:
    """Say whose sounds may be in a Chroma that several libraries can reach."""
    if not documents.library_id:
        return None

    async def knows(file_ids: Sequence[FileId]) -> int:
        return len(await documents.samples.get(file_ids))

    return Owner(library_id=documents.library_id, knows=knows)


@asynccontextmanager
async def indexing(here: Places, settings: Settings) -> AsyncIterator[Indexing]:
    """Open what fills the index, as worker children do; the index itself when it is asked."""
    private = None if settings.servers.given else private_servers(here, settings)
    async with documents(here, settings, for_worker=True) as opened:
        line = chroma_line(settings, private)
        index = chroma_index(line, private=private is not None, owner=owner_of(opened))
        try:
            yield Indexing(opened.samples, opened.embeddings, index, recipe_version=RECIPE_VERSION)
        finally:
            await index.close()


class _Shared:
    """Gives the address of the settings; it never changes."""

    def __init__(self, servers: Servers) -> None:
        self._url = servers.chroma_url or ""

    async def __call__(self) -> str:
        return self._url


class _Private:
    """Starts the private server where it does not run; its keeper sees that it is ours."""

    def __init__(self, servers: PrivateServers) -> None:
        self._servers = servers

    async def __call__(self) -> str:
        host, port = await self._servers.chroma()
        return f"http://{host}:{port}"
