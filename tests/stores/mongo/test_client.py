"""The line to MongoDB: what a break swallows is done again, and nobody waits for long."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smtui.domain.errors import SmtuiError, StoreUnreachable
from smtui.stores.mongo.client import MongoLine
from tests.servers.mongo_server import running_mongo
from tests.servers.process import free_port
from tests.stores.mongo.meddling import Meddler


async def ping(line: MongoLine) -> Any:
    return await line.ask(lambda: line.database.command("ping"))


async def until_it_answers(line: MongoLine) -> None:
    async with asyncio.timeout(30):
        while True:
            with suppress(StoreUnreachable):
                await ping(line)
                return


async def until_it_does_not(line: MongoLine) -> None:
    """A stopped process may still answer what it was asked in the same moment."""
    async with asyncio.timeout(30):
        while True:
            await ping(line)


async def test_the_database_is_the_address_s_or_the_usual_one(mongo_url: str) -> None:
    server = mongo_url.rpartition("/")[0]
    for url, name in (
        (f"{server}/studio", "studio"),
        (server, "samplemind"),
        (f"{server}/", "samplemind"),
        (f"{server}/?appname=x", "samplemind"),
    ):
        line = MongoLine(url)
        assert line.database.name == name
        await line.close()


async def test_times_are_aware_and_come_back_to_the_millisecond(line: MongoLine) -> None:
    at = datetime(2025, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)

    async def work() -> Any:
        await line.collection("things").insert_one({"at": at})
        return await line.collection("things").find_one({})

    assert (await line.ask(work))["at"] == at


async def test_another_program_s_impossible_date_does_not_hide_the_document(
    line: MongoLine, raw: Any
) -> None:
    from bson.datetime_ms import DatetimeMS

    await raw.things.insert_one({"at": DatetimeMS(2**60), "name": "kick"})
    kept = await line.ask(lambda: line.collection("things").find_one({}))
    assert kept is not None
    assert kept["name"] == "kick"


async def test_writes_wait_for_the_majority_and_its_journal(line: MongoLine) -> None:
    assert line.collection("things").write_concern.document == {"w": "majority", "j": True}


async def test_a_lost_answer_is_asked_for_again(shaky: MongoLine, meddler: Meddler) -> None:
    meddler.asked.clear()
    meddler.lose_once("find")
    assert await shaky.ask(lambda: shaky.collection("users").find_one({})) is None
    assert meddler.asked.count("find") == 2


@pytest.mark.parametrize(
    "refusal",
    [
        {"ok": 0, "code": 10107, "codeName": "NotWritablePrimary", "errmsg": "not primary"},
        {"ok": 0, "code": 11600, "codeName": "InterruptedAtShutdown", "errmsg": "shutdown"},
        {"ok": 0, "code": 13435, "codeName": "NotPrimaryNoSecondaryOk", "errmsg": "not primary"},
        {"ok": 0, "code": 11602, "errmsg": "interrupted due to a change of the replica's state"},
        {"ok": 0, "code": 189, "codeName": "PrimarySteppedDown", "errmsg": "stepped down"},
        {"ok": 0, "code": 112, "codeName": "WriteConflict", "errmsg": "please retry"},
        {"ok": 1, "n": 1, "writeConcernError": {"code": 91, "errmsg": "shutting down"}},
        # As FerretDB 2 says it: in the answer, of one of many, and in words alone.
        {"ok": 0, "code": 16908292, "errmsg": "deadlock detected"},
        {
            "ok": 1,
            "n": 0,
            "writeErrors": [{"index": 0, "code": 16908292, "errmsg": "deadlock detected"}],
        },
        {"ok": 0, "code": 1, "errmsg": "ERROR: could not serialize access (SQLSTATE 40001)"},
        {"ok": 0, "code": 50463173, "errmsg": "the database system is starting up"},
    ],
)
async def test_what_passes_is_waited_for(
    shaky: MongoLine, meddler: Meddler, refusal: dict[str, Any]
) -> None:
    meddler.asked.clear()
    meddler.once("update", refusal)

    async def work() -> Any:
        things = shaky.collection("things")
        return await things.update_one({"_id": 1}, {"$set": {"name": "kick"}}, upsert=True)

    await shaky.ask(work)
    assert meddler.asked.count("update") == 2


async def test_what_does_not_pass_is_told_in_time(meddler: Meddler) -> None:
    deadlock = {"ok": 0, "code": 16908292, "errmsg": "[a.go:1 b.c] deadlock detected"}
    meddler.change = lambda asked, answer: deadlock if asked == "find" else answer
    line = MongoLine(meddler.url, answer_seconds=1.0)
    with pytest.raises(StoreUnreachable, match="cannot do this now: deadlock detected"):
        await line.ask(lambda: line.collection("users").find_one({}))
    assert meddler.asked.count("find") > 2
    await line.close()


@pytest.mark.parametrize(
    ("refusal", "title"),
    [
        (
            {
                "ok": 0,
                "code": 1,
                "errmsg": "[msg_find.go:43 handler.(*Handler).msgFind] [pool.go:7 x.(*P).f.func1]"
                " no such thing",
            },
            r"refuses: no such thing\. ",
        ),
        (
            {
                "ok": 0,
                "code": 1,
                "errmsg": "msg_find.go:43 (handler.(*Handler).msgFind): pool.go:7 (x.y): no room",
            },
            r"refuses: no room\. ",
        ),
        ({"ok": 0, "code": 7777, "errmsg": "[a.go:4 b.c] "}, r"refuses: its error 7777\. "),
        ({"ok": 0, "code": 4293, "errmsg": "no space"}, "The disk of MongoDB at .* is full"),
        ({"ok": 0, "code": 14031, "errmsg": "no space"}, "The disk of MongoDB at .* is full"),
        ({"ok": 0, "code": 50, "errmsg": "time limit"}, "MongoDB at .* does not answer"),
        ({"ok": 0, "code": 13, "errmsg": "not authorized"}, "may not read or write the library"),
        ({"ok": 0, "code": 8, "errmsg": "x\x1b[2J\nsecond"}, r"refuses: x\\x1b\[2J"),
        (
            {"ok": 1, "n": 1, "writeConcernError": {"code": 50, "errmsg": "time limit"}},
            "have not confirmed",
        ),
        (
            {"ok": 1, "n": 1, "writeConcernError": {"code": 64, "errmsg": "timed out"}},
            "have not confirmed",
        ),
    ],
)
async def test_what_the_server_refuses_is_told_at_once(
    shaky: MongoLine, meddler: Meddler, refusal: dict[str, Any], title: str
) -> None:
    meddler.asked.clear()
    meddler.change = lambda command, answer: refusal if command == "insert" else answer
    with pytest.raises(StoreUnreachable, match=title) as told:
        await shaky.ask(lambda: shaky.collection("things").insert_one({}))
    assert told.value.hint
    assert meddler.asked.count("insert") == 1


async def test_answers_that_are_lost_again_and_again_are_told(
    mongo_url: str, meddler: Meddler
) -> None:
    line = MongoLine(meddler.url, answer_seconds=1)
    await ping(line)
    meddler.change = lambda command, answer: None if command == "ping" else answer
    with pytest.raises(StoreUnreachable, match="closes the line"):
        await ping(line)
    meddler.change = lambda command, answer: answer
    assert (await ping(line))["ok"] == 1
    await line.close()


async def test_a_killed_server_is_told_and_found_again_with_what_it_acknowledged() -> None:
    with running_mongo(keeping=True) as server:
        line = MongoLine(server.url("studio"), answer_seconds=1)
        await line.ask(lambda: line.collection("things").insert_one({"_id": 1}))
        server.kill()
        with pytest.raises(StoreUnreachable, match="Nothing listens at"):
            await ping(line)
        server.start()
        await until_it_answers(line)
        assert await line.ask(lambda: line.collection("things").find_one({})) == {"_id": 1}
        await line.close()


async def test_a_restart_within_the_time_goes_unnoticed() -> None:
    with running_mongo() as server:
        line = MongoLine(server.url("studio"), answer_seconds=30)
        await ping(line)
        server.kill()
        waiting = asyncio.create_task(ping(line))
        await asyncio.to_thread(server.start)
        assert (await waiting)["ok"] == 1
        await line.close()


async def test_a_server_that_stands_still_is_told_and_found_again() -> None:
    with running_mongo() as server:
        line = MongoLine(server.url("studio"), answer_seconds=1)
        await ping(line)
        server.send(signal.SIGSTOP)
        with pytest.raises(StoreUnreachable, match="does not answer"):
            await until_it_does_not(line)
        server.send(signal.SIGCONT)
        await until_it_answers(line)
        await line.close()


async def test_what_may_take_long_is_given_up_when_the_server_stands_still() -> None:
    with running_mongo() as server:
        line = MongoLine(server.url("studio"), answer_seconds=1)
        begun = asyncio.Event()

        async def work() -> None:
            while True:
                await line.database.command("ping")
                begun.set()

        waiting = asyncio.create_task(line.ask(work, seconds=600))
        await begun.wait()
        server.send(signal.SIGSTOP)
        async with asyncio.timeout(60):
            with pytest.raises(StoreUnreachable, match="does not answer"):
                await waiting
        server.send(signal.SIGCONT)
        await until_it_answers(line)
        await line.close()


async def test_what_may_take_long_does_not_wait_long_for_a_server() -> None:
    line = MongoLine(f"mongodb://127.0.0.1:{free_port()}", answer_seconds=1)
    async with asyncio.timeout(60):
        with pytest.raises(StoreUnreachable, match="Nothing listens"):
            await line.ask(lambda: line.collection("things").find_one({}), seconds=600)
    await line.close()


async def test_what_takes_long_may_take_longer_than_an_answer(mongo_url: str) -> None:
    line = MongoLine(mongo_url, answer_seconds=1)

    async def work() -> str:
        await asyncio.sleep(2)
        await line.database.command("ping")
        return "done"

    assert await line.ask(work, seconds=60) == "done"
    with pytest.raises(StoreUnreachable, match="does not answer"):
        await line.ask(work)
    await line.close()


async def test_leaving_does_not_wait_for_a_server_that_stands_still() -> None:
    with running_mongo() as server:
        line = MongoLine(server.url("studio"))
        await ping(line)
        server.send(signal.SIGSTOP)
        async with asyncio.timeout(3):
            await line.close()
        server.send(signal.SIGCONT)


async def test_leases_follow_the_server_whose_clock_is_an_hour_ahead(
    shaky: MongoLine, meddler: Meddler
) -> None:
    hour = timedelta(hours=1)

    def ahead(command: str, answer: dict[str, Any]) -> dict[str, Any]:
        if "localTime" in answer:
            answer["localTime"] += hour
        return answer

    meddler.change = ahead
    assert abs(await shaky.skew() - hour) < timedelta(minutes=1)
    now = await shaky.now()
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
    assert abs(now - datetime.now(UTC) - hour) < timedelta(minutes=1)


async def test_the_clock_is_asked_once_for_many_leases(shaky: MongoLine, meddler: Meddler) -> None:
    first = await shaky.now()
    meddler.asked.clear()
    times = [await shaky.now() for _ in range(20)]
    assert sorted(times) == times
    assert first <= times[0]
    assert meddler.asked == []


async def test_a_closed_line_is_made_anew(line: MongoLine) -> None:
    await ping(line)
    await line.close()
    await line.close()
    assert (await ping(line))["ok"] == 1


async def test_work_of_one_s_own_that_fails_is_not_repeated(line: MongoLine) -> None:
    tries = []

    async def work() -> None:
        tries.append(1)
        raise KeyError("mine")

    with pytest.raises(KeyError):
        await line.ask(work)
    assert len(tries) == 1


async def test_many_ask_at_once(line: MongoLine) -> None:
    answers = await asyncio.gather(*(ping(line) for _ in range(200)))
    assert all(answer["ok"] == 1 for answer in answers)


async def test_whoever_stops_waiting_does_not_break_the_line(line: MongoLine) -> None:
    await ping(line)
    waiting = [asyncio.create_task(ping(line)) for _ in range(30)]
    await asyncio.sleep(0)
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert (await ping(line))["ok"] == 1


async def test_nothing_is_asked_before_somebody_asks() -> None:
    line = MongoLine("no address at all")
    await line.close()
    with pytest.raises(SmtuiError, match="cannot be read"):
        await ping(line)
