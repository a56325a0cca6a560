"""The library on shared servers: nothing is started here, everything is reached by its address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from smtui import logs
from smtui.jobs.queue import CeleryQueue
from smtui.local.refusals import prepared
from smtui.paths import Places
from smtui.settings import Settings
from smtui.stores.chroma.texts import ChromaTexts
from smtui.stores.redis.cache import RedisCache
from smtui.stores.redis.workers import RedisWorkers
from smtui.wiring.documents import documents
from smtui.wiring.foundation import Foundation
from smtui.wiring.index import chroma_index, chroma_line, owner_of
from smtui.wiring.shared_health import SharedHealth
from smtui.wiring.shared_redis import ListeningWorkers, SharedAddress, shared_link


@asynccontextmanager
async def on_servers(here: Places, settings: Settings) -> AsyncIterator[Foundation]:
    """Open the documents; the other servers are reached when somebody first asks for them.

    Raises:
        StoreUnreachable: MongoDB cannot be reached or used, or the folders of this machine.
        StoreTooNew: a newer smtui has written the documents.
    """
    prepared(here)
    logs.start(here.log)
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(documents(here, settings))
        link = shared_link(settings.servers)
        stack.push_async_callback(link.close)
        line = chroma_line(settings)
        owner = owner_of(opened)
        index = chroma_index(line, private=False, owner=owner)
        stack.push_async_callback(index.close)
        yield Foundation(
            documents=opened,
            link=link,
            cache=RedisCache(link),
            index=index,
            texts=ChromaTexts(line, owner=owner),
            queue=CeleryQueue(
                SharedAddress(settings.servers), ListeningWorkers(RedisWorkers(link))
            ),
            health=SharedHealth(settings.servers),
        )
