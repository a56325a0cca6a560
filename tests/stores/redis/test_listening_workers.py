"""Who asks for work on servers is told when nobody there would understand it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version

import pytest

from smtui.domain.errors import ServerUnavailable
from smtui.domain.health import WorkerReport
from smtui.stores.redis.link import RedisLink
from smtui.stores.redis.workers import RedisWorkers
from smtui.wiring.backends import ListeningWorkers

WORKER = WorkerReport(
    name="nas:1",
    machine="nas",
    version=version("smtui"),
    children=2,
    started_at=datetime(2024, 1, 1, tzinfo=UTC),
)


async def told(link: RedisLink, *reports: WorkerReport) -> str:
    board = RedisWorkers(link)
    for report in reports:
        await board.report(report, seconds=60)
    try:
        await ListeningWorkers(board)()
    except ServerUnavailable as error:
        return str(error)
    finally:
        for report in reports:
            await board.leave(report.name)
    return ""


async def test_a_worker_of_this_smtui_is_all_that_is_needed(link: RedisLink) -> None:
    older = replace(WORKER, name="old:1", machine="old", version="0.0.1")
    assert await told(link, WORKER, older) == ""


@pytest.mark.parametrize("other", ["0.0.1", "9.0.0"])
async def test_workers_of_another_smtui_alone_are_said_with_both_versions(
    link: RedisLink, other: str
) -> None:
    said = await told(link, replace(WORKER, version=other))
    assert f"nas works with smtui {other}; this is {version('smtui')}" in said
    assert "the same smtui" in said


async def test_a_worker_of_this_smtui_that_rests_does_not_hide_that_the_other_is_older(
    link: RedisLink,
) -> None:
    rests = replace(WORKER, rests="paused")
    older = replace(WORKER, name="old:1", machine="old", version="0.0.1")
    assert "old works with smtui 0.0.1" in await told(link, rests, older)
