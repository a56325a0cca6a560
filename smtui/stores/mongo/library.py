"""Opening the library on MongoDB: what must be true of the server, the account, the documents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from smtui.domain.ports.work import Clock
from smtui.stores.mongo import schema
from smtui.stores.mongo.accounts import MongoAccounts
from smtui.stores.mongo.analyses import MongoAnalyses, MongoEmbeddings
from smtui.stores.mongo.batches import MongoBatches
from smtui.stores.mongo.client import MongoLine, Server, refuse_unfit
from smtui.stores.mongo.errors import nowhere
from smtui.stores.mongo.indexes import make
from smtui.stores.mongo.kept_searches import MongoKeptSearches
from smtui.stores.mongo.samples import MongoSamples

_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """The document stores of one open library."""

    accounts: MongoAccounts
    samples: MongoSamples
    analyses: MongoAnalyses
    batches: MongoBatches
    embeddings: MongoEmbeddings
    searches: MongoKeptSearches
    library_id: str = ""


@asynccontextmanager
async def opened(url: str, *, clock: Clock | None = None) -> AsyncIterator[Documents]:
    """Open the library, making the indexes that are missing.

    Args:
        url: `mongodb://name:password@host:27017/samplemind`, TLS and the like by its options.
        clock: for the leases of batches; the server's by default.

    Raises:
        SettingInvalid: the address cannot be read.
        StoreTooNew: a newer smtui wrote the library.
        StoreUnreachable: it cannot be opened; the hint says why.
    """
    line = MongoLine(url)
    try:
        await make_ready(line)
        yield Documents(
            accounts=MongoAccounts(line),
            samples=MongoSamples(line),
            analyses=MongoAnalyses(line),
            batches=MongoBatches(line, clock),
            embeddings=MongoEmbeddings(line),
            searches=MongoKeptSearches(line),
            library_id=await schema.library_id(line),
        )
    finally:
        await line.close()


async def make_ready(line: MongoLine) -> None:
    """Check server, account and documents, and make what is missing; raises as `opened` does."""
    server = await _ask_server(line)
    refuse_unfit(server)
    found = await schema.examine(line, server)
    if not found.number:
        await schema.trial(line, server)
    await make(line, server, found.missing)
    # Last: who finds it may trust that all the rest was done.
    await schema.write_number(line)


async def _ask_server(line: MongoLine) -> Server:
    """Ask what the server is; a name that nobody knows is told at once and not waited for."""
    asking = asyncio.ensure_future(line.server())
    try:
        while not (await asyncio.wait({asking}, timeout=_LOOK_SECONDS))[0]:
            if (unknown := nowhere(line.reasons())) is not None:
                raise unknown
        return asking.result()
    finally:
        if not asking.done():
            asking.cancel()
            await asyncio.wait({asking})
