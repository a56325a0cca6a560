"""Every implementation of the document stores that the contracts hold to their word.

Another one is one more entry in IMPLEMENTATIONS.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from smtui.domain.account import Account, UserId
from smtui.domain.ports.batches import BatchStore
from smtui.domain.ports.documents import (
    AccountStore,
    AnalysisStore,
    KeptSearchStore,
    SampleStore,
)
from smtui.domain.ports.similarity_index import EmbeddingStore
from smtui.domain.sample import FoundFile, Heard
from smtui.stores.memory import memory_documents
from smtui.stores.mongo import library as mongo
from smtui.stores.mongo import planner
from smtui.stores.mongo.accounts import MongoAccounts
from smtui.stores.mongo.analyses import MongoAnalyses, MongoEmbeddings
from smtui.stores.mongo.batches import MongoBatches
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.kept_searches import MongoKeptSearches
from smtui.stores.mongo.samples import MongoSamples
from smtui.stores.sqlite.library import opened
from smtui.stores.sqlite.planner import Effort
from tests.servers.mongo_server import fresh_database, shared_mongo

NOW = datetime(2025, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
ANNA = UserId("11111111-1111-4111-8111-111111111111")
BERT = UserId("22222222-2222-4222-8222-222222222222")


class DocumentStores(Protocol):
    """The stores of one library."""

    @property
    def accounts(self) -> AccountStore: ...
    @property
    def samples(self) -> SampleStore: ...
    @property
    def analyses(self) -> AnalysisStore: ...
    @property
    def batches(self) -> BatchStore: ...
    @property
    def embeddings(self) -> EmbeddingStore: ...
    @property
    def searches(self) -> KeptSearchStore: ...


def sqlite(folder: Path) -> AbstractAsyncContextManager[DocumentStores]:
    return opened(folder / "library.sqlite3")


@asynccontextmanager
async def memory(folder: Path) -> AsyncIterator[DocumentStores]:
    yield memory_documents()


NO_WALK = Effort(
    glance=0,
    glance_outside=0,
    patience=0,
    patience_inside=0,
    patience_outside=0,
    passed=0,
    passed_scattered=0,
)


def sqlite_gathering(folder: Path) -> AbstractAsyncContextManager[DocumentStores]:
    """The same store made to answer as it does where a walk along an index would take long."""
    return opened(folder / "library.sqlite3", effort=NO_WALK)


@asynccontextmanager
async def mongodb(folder: Path) -> AsyncIterator[DocumentStores]:
    """A database of its own on the server that all tests share."""
    with ExitStack() as stack:
        # In a thread: the first to ask waits until the server is built and started.
        server = await asyncio.to_thread(shared_mongo)
        url = stack.enter_context(fresh_database(server))
        async with mongo.opened(url) as stores:
            yield stores


@asynccontextmanager
async def mongodb_with(effort: planner.Effort) -> AsyncIterator[DocumentStores]:
    """The same store made to answer as it does where the library is large."""
    with ExitStack() as stack:
        server = await asyncio.to_thread(shared_mongo)
        line = MongoLine(stack.enter_context(fresh_database(server)))
        try:
            await mongo.make_ready(line)
            yield mongo.Documents(
                accounts=MongoAccounts(line),
                samples=MongoSamples(line, effort=effort),
                analyses=MongoAnalyses(line),
                batches=MongoBatches(line),
                embeddings=MongoEmbeddings(line),
                searches=MongoKeptSearches(line),
            )
        finally:
            await line.close()


def mongodb_walking(folder: Path) -> AbstractAsyncContextManager[DocumentStores]:
    """Nothing is few: every page is a walk along its order."""
    return mongodb_with(planner.Effort(few=0, ids=-1))


def mongodb_of_some(folder: Path) -> AbstractAsyncContextManager[DocumentStores]:
    """More than a handful is many, and a walk is given up at once."""
    return mongodb_with(planner.Effort(few=3, ids=4, counted=6, patience=0.0, shortest=1e-6))


IMPLEMENTATIONS: dict[str, Callable[[Path], AbstractAsyncContextManager[DocumentStores]]] = {
    "sqlite": sqlite,
    "mongodb": mongodb,
    "memory": memory,
}
ANSWERING = IMPLEMENTATIONS | {
    "sqlite gathering": sqlite_gathering,
    "mongodb walking": mongodb_walking,
    "mongodb of some": mongodb_of_some,
}


def account(username: str, **changes: Any) -> Account:
    facts: dict[str, Any] = {
        "user_id": UserId(str(uuid4())),
        "email": f"{username}@example.org",
        "username": username,
        "hashed_password": "$2b$12$abcdefghijklmnopqrstuv",
        "created_at": NOW,
    }
    return Account(**(facts | changes))


def found(file_path: str, **changes: Any) -> FoundFile:
    facts: dict[str, Any] = {
        "file_path": file_path,
        "file_size": 1000,
        "mtime_ns": 1_700_000_000_123_456_789,
        "file_hash": f"hash of {file_path}",
        "duration": 1.5,
        "sample_rate": 44_100,
        "channels": 2,
        "format": "wav",
    }
    return FoundFile(**(facts | changes))


def heard(**changes: Any) -> Heard:
    facts: dict[str, Any] = {"level": "advanced", "recipe_version": 1, "analyzed_at": NOW}
    return Heard(**(facts | changes))
