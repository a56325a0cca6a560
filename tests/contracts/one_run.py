"""One run, as the suites of a BatchStore make its batches, claim their files and look at it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from smtui.domain.analysis import Level
from smtui.domain.batch import Batch, BatchId, Claimed, RunId, RunProgress
from smtui.domain.ports.batches import BatchStore
from smtui.domain.sample import FileId
from tests.contracts.document_stores import ANNA, NOW

RUN = RunId("run")


def batch(*files: str, **changes: Any) -> Batch:
    facts: dict[str, Any] = {
        "batch_id": BatchId(str(uuid4())),
        "run_id": RUN,
        "user_id": ANNA,
        "level": Level.ADVANCED,
        "file_ids": tuple(FileId(file) for file in files),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Batch(**(facts | changes))


async def claim(
    batches: BatchStore,
    limit: int = 100,
    *,
    worker: str = "w",
    lease: float = 60.0,
    machine: str = "",
    recipe: int | None = None,
) -> tuple[Claimed, ...]:
    return await batches.claim(
        RUN,
        worker=worker,
        limit=limit,
        lease_seconds=lease,
        machine=machine,
        recipe_version=recipe,
    )


async def progress(batches: BatchStore) -> RunProgress:
    seen = await batches.progress(RUN)
    assert seen is not None
    return seen
