"""What every WorkerBoard does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from smtui.domain.health import WorkerReport
from smtui.domain.ports.sessions import WorkerBoard
from smtui.stores.redis.link import RedisLink
from smtui.stores.redis.workers import RedisWorkers

NOW = datetime(2025, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)


@pytest.fixture
async def board(link: RedisLink, raw: Any) -> WorkerBoard:
    await raw.flushall()
    return RedisWorkers(link)


def report(name: str, **changes: Any) -> WorkerReport:
    facts: dict[str, Any] = {
        "name": name,
        "machine": "attic",
        "version": "1.2.3",
        "children": 4,
        "started_at": NOW,
        "missing": ("/mnt/samples", "/mnt/caf\\xe9"),
    }
    return WorkerReport(**(facts | changes))


async def test_reports_come_back_by_name_as_they_were_put_up(board: WorkerBoard) -> None:
    reports = [report("b:1"), report("a:2", machine="Küche", missing=()), report("a:1")]
    assert await board.reports() == ()
    for one in reports:
        await board.report(one, seconds=100)
    assert await board.reports() == (reports[2], reports[1], reports[0])


async def test_a_later_report_of_a_worker_replaces_the_earlier(board: WorkerBoard) -> None:
    await board.report(report("a:1"), seconds=100)
    later = report("a:1", missing=("/mnt/more",), rests="paused until 14:00")
    await board.report(later, seconds=100)
    assert await board.reports() == (later,)


async def test_who_leaves_is_gone_and_the_others_stay(board: WorkerBoard) -> None:
    for name in ("a:1", "b:2"):
        await board.report(report(name), seconds=100)
    await board.leave("a:1")
    await board.leave("a:1")
    assert await board.reports() == (report("b:2"),)


async def test_a_report_lives_as_long_as_it_was_given(board: WorkerBoard, raw: Any) -> None:
    await board.report(report("a:1"), seconds=100)
    assert 90 < await raw.ttl("worker:a:1") <= 100
    await board.report(report("a:1"), seconds=500)
    assert 490 < await raw.ttl("worker:a:1") <= 500


async def test_what_was_not_renewed_vanishes_by_itself(board: WorkerBoard, raw: Any) -> None:
    await board.report(report("killed"), seconds=1)
    await board.report(report("lives"), seconds=100)
    async with asyncio.timeout(30):
        while len(await board.reports()) > 1:  # noqa: ASYNC110 - the server tells nobody of it
            await asyncio.sleep(0.05)
    assert await board.reports() == (report("lives"),)
    assert await raw.smembers("workers") == {b"lives"}


async def test_who_reports_while_others_look_is_never_forgotten(board: WorkerBoard) -> None:
    for number in range(30):
        one = report(f"{number}")
        await asyncio.gather(board.reports(), board.report(one, seconds=100), board.reports())
    assert len(await board.reports()) == 30


@pytest.mark.parametrize("rubbish", [b"", b"{", b"[]", b'{"machine": "a"}', b"\xff"])
async def test_a_report_of_another_release_is_left_out(
    board: WorkerBoard, raw: Any, rubbish: bytes
) -> None:
    await board.report(report("good"), seconds=100)
    await board.report(replace(report("bad")), seconds=100)
    await raw.set("worker:bad", rubbish)
    assert await board.reports() == (report("good"),)
