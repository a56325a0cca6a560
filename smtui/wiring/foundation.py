"""What the services stand on: the same parts in both set-ups, made by one or the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smtui.paths import Places
from smtui.settings import Settings

if TYPE_CHECKING:
    from smtui.domain.ports.likeness import SimilarityIndex
    from smtui.domain.ports.sessions import Cache
    from smtui.domain.ports.words import TextVectors
    from smtui.domain.ports.work import HealthCheck, JobQueue
    from smtui.services.documents import Documents
    from smtui.stores.redis.link import RedisLink


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """The parts that differ between the set-ups.

    Attributes:
        link: the line to Redis or Valkey; nothing is connected before it is asked.
        cache: looking at sounds through it starts nothing.
        index, texts: nothing is started or connected before one is asked.
        guarded: the operating system keeps others out of the library's folder.
    """

    documents: Documents
    link: RedisLink
    cache: Cache
    index: SimilarityIndex
    texts: TextVectors
    queue: JobQueue
    health: HealthCheck
    guarded: bool


def guarded(settings: Settings) -> bool:
    """Whether the operating system keeps others out of the library, so that it may ask for less."""
    return not settings.servers.given


@asynccontextmanager
async def foundation(here: Places, settings: Settings) -> AsyncIterator[Foundation]:
    """Open the documents and stand ready for the rest.

    Raises:
        StoreUnreachable: the folders or the documents cannot be used.
        StoreTooNew: a newer smtui has written the documents.
    """
    # Late imports, here and in this whole room: nothing of it is needed before the first frame.
    if settings.servers.given:
        from smtui.wiring.on_servers import on_servers as standing
    else:
        from smtui.wiring.embedded import embedded as standing
    async with standing(here, settings) as made:
        yield made


@asynccontextmanager
async def documents(
    here: Places, settings: Settings, *, for_worker: bool = False
) -> AsyncIterator[Documents]:
    """Open the documents alone, as worker children do; errors as `foundation`.

    Embedded, what a worker writes may be on the disk a little later than what a person does, since
    it can be heard again; and it takes less memory. Servers keep every write on most of their
    members before they answer.
    """
    from smtui.services.documents import Documents

    if settings.servers.mongo_url is not None:
        from smtui.stores.mongo.opening import opened as opened_on_server
        from smtui.wiring.shared_redis import cached

        opening = opened_on_server(settings.servers.mongo_url)
        async with opening as shared, cached(shared.analyses, settings.servers) as analyses:
            yield Documents(
                accounts=shared.accounts,
                samples=shared.samples,
                analyses=analyses,
                batches=shared.batches,
                embeddings=shared.embeddings,
                searches=shared.searches,
            )
        return
    from smtui.stores.sqlite.connections import Durability
    from smtui.stores.sqlite.opening import MODEST, ROOMY, opened

    durability, caches = (Durability.NORMAL, MODEST) if for_worker else (Durability.FULL, ROOMY)
    async with opened(here.database, durability, caches=caches) as kept:
        yield Documents(
            accounts=kept.accounts,
            samples=kept.samples,
            analyses=kept.analyses,
            batches=kept.batches,
            outcomes=kept.outcomes,
            embeddings=kept.embeddings,
            searches=kept.searches,
        )
