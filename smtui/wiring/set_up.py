"""Which of the two set-ups it is, which the settings alone decide; and what both are made of.

Nothing of it is needed before the first frame, so what is heavy is imported late.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.paths import Places
from smtui.settings import Settings
from smtui.wiring.machine import SystemClock

if TYPE_CHECKING:
    from smtui.domain.ports.sessions import Cache
    from smtui.domain.ports.similarity_index import SimilarityIndex
    from smtui.domain.ports.words import TextVectors
    from smtui.domain.ports.work import Clock, HealthCheck, JobQueue, Passwords
    from smtui.services.box import Services
    from smtui.services.documents import Documents
    from smtui.stores.redis.link import RedisLink


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """What the services stand on, made by one set-up or the other; any part may be replaced.

    Attributes:
        link: the line to Redis or Valkey; nothing is connected before it is asked.
        cache: looking at sounds through it starts nothing.
        index, texts: nothing is started or connected before one is asked; without texts sounds
            are found by the words of their descriptions alone.
        guarded: the operating system keeps others out of the library.
    """

    documents: Documents
    link: RedisLink
    cache: Cache
    index: SimilarityIndex
    texts: TextVectors | None
    queue: JobQueue
    health: HealthCheck
    passwords: Passwords
    guarded: bool
    clock: Clock = field(default_factory=SystemClock)
    recipe_version: int = RECIPE_VERSION


@asynccontextmanager
async def services(here: Places, settings: Settings) -> AsyncIterator[Services]:
    """Open everything that screens and commands work with, and close it again.

    Raises:
        StoreUnreachable: the folders or the documents cannot be used.
        StoreTooNew: a newer smtui has written the documents.
    """
    from smtui.wiring.assembly import services_on

    if settings.servers.given:
        from smtui.wiring.backends import on_servers as foundation
    else:
        from smtui.wiring.backends import embedded as foundation
    async with (
        foundation(here, settings) as ground,
        services_on(ground, here, settings) as joined,
    ):
        yield joined


def guarded(settings: Settings) -> bool:
    """True if the operating system keeps others out of the library, so that it may ask for less."""
    return not settings.servers.given


@asynccontextmanager
async def documents(
    here: Places, settings: Settings, *, for_worker: bool = False, clock: Clock | None = None
) -> AsyncIterator[Documents]:
    """Open the documents alone, as worker children do.

    Embedded, what a worker writes may be on the disk a little later than what a person does, since
    it can be heard again; and it takes less memory. Servers keep every write on most of their
    members before they answer. `clock` is for the leases of an embedded library; the system's by
    default.

    Raises:
        StoreUnreachable: they cannot be reached or used.
        StoreTooNew: a newer smtui has written them.
    """
    from smtui.services.documents import Documents

    if settings.servers.mongo_url is not None:
        from smtui.stores.mongo.library import opened as opened_on_server
        from smtui.wiring.backends import cached

        opening = opened_on_server(settings.servers.mongo_url)
        async with opening as shared, cached(shared.analyses, settings.servers) as analyses:
            yield Documents(
                accounts=shared.accounts,
                samples=shared.samples,
                analyses=analyses,
                batches=shared.batches,
                embeddings=shared.embeddings,
                searches=shared.searches,
                library_id=shared.library_id,
            )
        return
    from smtui.stores.sqlite.connections import Durability
    from smtui.stores.sqlite.library import MODEST, ROOMY, opened

    durability, caches = (Durability.NORMAL, MODEST) if for_worker else (Durability.FULL, ROOMY)
    async with opened(here.database, durability, caches=caches, clock=clock) as library:
        yield Documents(
            accounts=library.accounts,
            samples=library.samples,
            analyses=library.analyses,
            batches=library.batches,
            outcomes=library.outcomes,
            embeddings=library.embeddings,
            searches=library.searches,
        )
