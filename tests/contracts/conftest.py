"""What the suites begin with: each implementation of the stores, and the bare keys of a Valkey."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from smtui.domain.ports.batches import BatchStore
from tests.contracts.document_stores import IMPLEMENTATIONS, DocumentStores
from tests.servers.valkey_server import ValkeyServer


@pytest.fixture(params=IMPLEMENTATIONS)
async def documents(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[DocumentStores]:
    async with IMPLEMENTATIONS[request.param](tmp_path) as stores:
        yield stores


@pytest.fixture
def batches(documents: DocumentStores) -> BatchStore:
    return documents.batches


@pytest.fixture
async def raw(valkey: ValkeyServer) -> AsyncIterator[Any]:
    """A look at the bare keys in the Valkey that the suites of a module share."""
    client = Redis.from_url(await valkey.address())
    yield client
    await client.aclose()
