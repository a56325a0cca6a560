"""The similarity index in both set-ups: a private Chroma that is asked for, or a shared one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.settings import Servers, Settings
from smtui.stores.chroma.index import ChromaIndex
from smtui.stores.chroma.line import ChromaLine

if TYPE_CHECKING:
    from smtui.local.servers import PrivateServers


def chroma_index(settings: Settings, private: PrivateServers | None = None) -> ChromaIndex:
    """Stand ready to ask the index; nothing is started or connected before.

    A private server asks nobody who they are, so it is told no names and no tags.
    """
    if private is None:
        line = ChromaLine(_Shared(settings.servers))
    else:
        line = ChromaLine(_Private(private))
    return ChromaIndex(line, recipe_version=RECIPE_VERSION, about=private is None)


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
