"""Which of the two set-ups it is: the settings alone decide."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from smtui.paths import Places
from smtui.settings import Settings
from smtui.wiring.foundation import Foundation


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
