"""The library embedded: SQLite, and private servers that start when they are first needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from smtui import logs
from smtui.domain.errors import StoreUnreachable
from smtui.jobs.queue import CeleryQueue
from smtui.local.checks import Verdict, file_system
from smtui.local.health import PrivateHealth
from smtui.paths import Places
from smtui.settings import Settings
from smtui.stores.chroma.texts import ChromaTexts
from smtui.stores.redis.cache import RedisCache
from smtui.stores.redis.link import RedisLink
from smtui.wiring.documents import documents
from smtui.wiring.foundation import Foundation
from smtui.wiring.index import chroma_index, chroma_line
from smtui.wiring.keeper import private_servers


@asynccontextmanager
async def embedded(here: Places, settings: Settings) -> AsyncIterator[Foundation]:
    """Open the documents; Valkey and the worker start when somebody first asks for them.

    Raises:
        StoreUnreachable: the folders or the documents cannot be used.
        StoreTooNew: a newer smtui has written the documents.
    """
    servers = private_servers(here, settings)
    async with servers.using():
        logs.start(here.log)
        await asyncio.to_thread(_refuse_network, here)
        async with documents(here, settings) as opened:
            link = RedisLink(servers.valkey)
            line = chroma_line(settings, servers)
            index = chroma_index(line, private=True)
            try:
                yield Foundation(
                    documents=opened,
                    link=link,
                    cache=RedisCache(link, opens=False),
                    index=index,
                    texts=ChromaTexts(line),
                    queue=CeleryQueue(servers.valkey, servers.worker),
                    health=PrivateHealth(here, servers, opened.samples.generation),
                )
            finally:
                await index.close()
                await link.close()


def _refuse_network(here: Places) -> None:
    """Refuse a data folder where locks do not hold; raises StoreUnreachable."""
    check = file_system(here)
    if check.verdict is Verdict.BROKEN:
        raise StoreUnreachable(check.seen, hint=check.mend)
