"""The library's documents in both set-ups: a file of this machine, or a server's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from smtui.paths import Places
from smtui.settings import Settings

if TYPE_CHECKING:
    from smtui.services.documents import Documents


def guarded(settings: Settings) -> bool:
    """Whether the operating system keeps others out of the library, so that it may ask for less."""
    return not settings.servers.given


@asynccontextmanager
async def documents(
    here: Places, settings: Settings, *, for_worker: bool = False
) -> AsyncIterator[Documents]:
    """Open the documents alone, as worker children do.

    Embedded, what a worker writes may be on the disk a little later than what a person does, since
    it can be heard again; and it takes less memory. Servers keep every write on most of their
    members before they answer.

    Raises:
        StoreUnreachable: they cannot be reached or used.
        StoreTooNew: a newer smtui has written them.
    """
    # Late imports: nothing of this is needed before the first frame.
    from smtui.services.documents import Documents

    if settings.servers.mongo_url is not None:
        from smtui.stores.mongo.library import opened as opened_on_server
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
                library_id=shared.library_id,
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
