"""Opening the library on MongoDB: what must be true of the server, the account, the documents."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from smtui.domain.ports.work import Clock
from smtui.stores.mongo import schema
from smtui.stores.mongo.accounts import MongoAccounts
from smtui.stores.mongo.analyses import MongoAnalyses
from smtui.stores.mongo.batches import MongoBatches
from smtui.stores.mongo.breaks import nowhere
from smtui.stores.mongo.embeddings import MongoEmbeddings
from smtui.stores.mongo.index_making import made
from smtui.stores.mongo.kept_searches import MongoKeptSearches
from smtui.stores.mongo.line import MongoLine
from smtui.stores.mongo.samples import MongoSamples
from smtui.stores.mongo.troubles import too_old

OLDEST_MONGODB = (7, 0)
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
        )
    finally:
        await line.close()


async def make_ready(line: MongoLine) -> None:
    """Check server, account and documents, and make what is missing; raises as `opened` does."""
    refuse_old(await _version(line))
    number = await schema.number_there(line)
    schema.refuse_newer(number)
    await schema.refuse_foreign(line, known=number > 0)
    await schema.write_number(line)
    await made(line)


async def _version(line: MongoLine) -> str:
    """Ask what the server is; a name that nobody knows is told at once and not waited for."""
    asked = asyncio.ensure_future(line.version())
    try:
        while not (await asyncio.wait({asked}, timeout=_LOOK_SECONDS))[0]:
            if (unknown := nowhere(line.reasons())) is not None:
                raise unknown
        return asked.result()
    finally:
        if not asked.done():
            asked.cancel()
            await asyncio.wait({asked})


def refuse_old(version: str) -> None:
    """Raise StoreUnreachable for a server that lacks what smtui needs."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST_MONGODB:
        raise too_old(version)
