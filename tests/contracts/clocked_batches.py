"""Batches by a clock that tests move, on every BatchStore."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from smtui.domain.ports.batches import BatchStore
from smtui.domain.ports.work import Clock
from smtui.stores.memory.batches import MemoryBatches
from smtui.stores.mongo.batches import MongoBatches
from smtui.stores.mongo.client import MongoLine
from smtui.stores.sqlite.library import opened
from tests.servers.mongo_server import fresh_database, shared_mongo


@dataclass
class Hand:
    """A clock that stands still until it is moved."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@asynccontextmanager
async def sqlite(folder: Path, clock: Clock) -> AsyncIterator[BatchStore]:
    async with opened(folder / "library.sqlite3", clock=clock) as documents:
        yield documents.batches


@asynccontextmanager
async def mongodb(folder: Path, clock: Clock) -> AsyncIterator[BatchStore]:
    with ExitStack() as stack:
        server = await asyncio.to_thread(shared_mongo)
        line = MongoLine(stack.enter_context(fresh_database(server)))
        try:
            yield MongoBatches(line, clock)
        finally:
            await line.close()


@asynccontextmanager
async def memory(folder: Path, clock: Clock) -> AsyncIterator[BatchStore]:
    yield MemoryBatches(clock)


CLOCKED: dict[str, Callable[[Path, Clock], AbstractAsyncContextManager[BatchStore]]] = {
    "sqlite": sqlite,
    "mongodb": mongodb,
    "memory": memory,
}
