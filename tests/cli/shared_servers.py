"""Addresses of servers for commands that are called as a person calls them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.servers.chroma_server import ChromaServer, running_chroma
from tests.servers.mongo_server import OwnServer, guarded_mongo
from tests.servers.redis_tcp import RedisServer, running_redis


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Three servers with passwords, as a studio has them."""

    mongo: OwnServer
    redis: RedisServer
    chroma: ChromaServer

    def variables(self, database: str, **other: str) -> dict[str, str]:
        """The variables that lead to a database of this name; others by mongo, redis, chroma."""
        urls = {
            "mongo": self.mongo.url(database, account="anna:geheim"),
            "redis": self.redis.url(2),
            "chroma": self.chroma.url(),
        } | other
        return {f"SMTUI_SERVERS_{name.upper()}_URL": url for name, url in urls.items()}


def running_shared() -> Iterator[Shared]:
    with ExitStack() as stack:
        yield Shared(
            mongo=stack.enter_context(guarded_mongo()),
            redis=stack.enter_context(running_redis()),
            chroma=stack.enter_context(running_chroma()),
        )


shared = pytest.fixture(scope="module")(running_shared)
