"""One computation for all who wait, whoever of them leaves."""

from __future__ import annotations

import asyncio

import pytest

from smtui.domain.errors import NotFound
from smtui.services.flights import Aside, Flights


class Work:
    """Work that ends when it is let go; counts how often it was begun and stopped."""

    def __init__(self) -> None:
        self.begun = 0
        self.stopped = 0
        self.go = asyncio.Event()
        self.beginnings: asyncio.Queue[int] = asyncio.Queue()

    async def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        self.beginnings.put_nowait(number)
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        return number


async def test_many_waiters_share_one_computation() -> None:
    flights: Flights[str, int] = Flights()
    work = Work()
    waiting = [asyncio.create_task(flights.result("a", work)) for _ in range(50)]
    assert await work.beginnings.get() == 1
    work.go.set()
    assert await asyncio.gather(*waiting) == [1] * 50
    assert await flights.result("a", work) == 2


async def test_what_differs_is_computed_apart() -> None:
    flights: Flights[str, int] = Flights()
    work = Work()
    work.go.set()
    results = await asyncio.gather(*(flights.result(key, work) for key in "aab"))
    assert sorted(results) == [1, 1, 2]


async def test_the_others_have_their_answer_when_the_first_leaves() -> None:
    flights: Flights[str, int] = Flights()
    work = Work()
    first = asyncio.create_task(flights.result("a", work))
    assert await work.beginnings.get() == 1
    second = asyncio.create_task(flights.result("a", work))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    work.go.set()
    assert await second == 1
    assert (work.begun, work.stopped) == (1, 0)


async def test_when_the_last_leaves_it_stops_and_the_next_begins_anew() -> None:
    flights: Flights[str, int] = Flights()
    work = Work()
    waiting = [asyncio.create_task(flights.result("a", work)) for _ in range(3)]
    assert await work.beginnings.get() == 1
    for one in waiting:
        one.cancel()
    # Before the stopped one has had its turn: it must not be joined.
    await asyncio.sleep(0)
    late = asyncio.create_task(flights.result("a", work))
    assert await work.beginnings.get() == 2
    work.go.set()
    assert await late == 2
    assert work.stopped == 1
    assert all(one.cancelled() for one in waiting)


async def test_an_error_is_everybodys_and_is_not_kept() -> None:
    flights: Flights[str, int] = Flights()
    fails = True

    async def work() -> int:
        await asyncio.sleep(0)
        if fails:
            raise NotFound("Gone")
        return 7

    waiting = [flights.result("a", work) for _ in range(3)]
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in results] == [NotFound] * 3
    fails = False
    assert await flights.result("a", work) == 7


async def test_work_aside_is_finished_before_the_end() -> None:
    aside = Aside()
    done: list[int] = []

    async def work(number: int) -> None:
        for _ in range(number):
            await asyncio.sleep(0)
        done.append(number)

    for number in (5, 3):
        aside.do(work(number))
    await aside.end()
    assert sorted(done) == [3, 5]
