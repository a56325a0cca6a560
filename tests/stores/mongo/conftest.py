"""A line to a database of its own, and one on which answers get lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.library import make_ready
from tests.stores.mongo.meddling import Meddler, meddling


@pytest.fixture
async def line(mongo_url: str) -> AsyncIterator[MongoLine]:
    """To a database that nobody has opened."""
    one = MongoLine(mongo_url)
    yield one
    await one.close()


@pytest.fixture
async def meddler(mongo_url: str) -> AsyncIterator[Meddler]:
    async with meddling(mongo_url) as one:
        yield one


@pytest.fixture
async def shaky(meddler: Meddler) -> AsyncIterator[MongoLine]:
    """To an opened library, past the meddler."""
    one = MongoLine(meddler.url)
    await make_ready(one)
    meddler.asked.clear()
    yield one
    await one.close()


@pytest.fixture
async def raw(mongo_url: str) -> AsyncIterator[Any]:
    """The bare database, as another program sees it."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongo_url, tz_aware=True)
    yield client.get_default_database()
    await client.close()
