"""The line to the server: late, mended, translated."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis.exceptions
from redis.asyncio import Redis

from smtui.domain.errors import ServerUnavailable
from smtui.stores.redis.link import RedisLink
from tests.servers.valkey_server import ValkeyServer, running


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    with running() as server:
        yield server


async def ping(client: Redis) -> bool:
    return await client.exists("nothing") == 0


async def test_nobody_is_asked_before_the_first_use(valkey: ValkeyServer) -> None:
    link = RedisLink(valkey.address)
    await link.close()
    assert valkey.asked == 0


async def test_many_at_once_share_one_connecting(valkey: ValkeyServer) -> None:
    link = RedisLink(valkey.address)
    assert await asyncio.gather(*(link.ask(ping) for _ in range(20))) == [True] * 20
    assert valkey.asked == 1
    await link.close()


async def test_a_server_that_came_back_elsewhere_is_found_and_has_what_was_kept(
    valkey: ValkeyServer,
) -> None:
    link = RedisLink(valkey.address)
    await link.ask(lambda client: client.set("kept", b"yes"))
    valkey.kill()
    valkey.start(socket_name="again.sock")
    assert await link.ask(lambda client: client.get("kept")) == b"yes"
    await link.close()


async def test_a_server_that_comes_back_while_we_try_loses_nothing(valkey: ValkeyServer) -> None:
    there = asyncio.Event()
    there.set()

    async def address() -> str:
        await there.wait()
        return await valkey.address()

    link = RedisLink(address)
    await link.ask(ping)
    there.clear()
    valkey.kill()
    asking = asyncio.create_task(link.ask(ping))
    await asyncio.to_thread(valkey.start)
    there.set()
    assert await asking
    await link.close()


async def test_a_server_that_stays_away_is_said_with_what_to_do(valkey: ValkeyServer) -> None:
    link = RedisLink(valkey.address)
    valkey.kill()
    with pytest.raises(ServerUnavailable, match="cannot be reached") as away:
        await link.ask(ping)
    assert "smtui services" in away.value.hint
    valkey.start()
    assert await link.ask(ping)
    await link.close()


async def test_a_server_that_hangs_is_not_waited_for_twice(valkey: ValkeyServer) -> None:
    link = RedisLink(valkey.address, answer_seconds=1.0)
    await link.ask(ping)
    valkey.send(signal.SIGSTOP)
    try:
        with pytest.raises(ServerUnavailable, match="does not answer"):
            await link.ask(ping)
        assert valkey.asked == 1
    finally:
        valkey.send(signal.SIGCONT)
    assert await link.ask(ping)
    await link.close()


async def test_work_is_not_broken_by_another_that_lost_its_line(valkey: ValkeyServer) -> None:
    link = RedisLink(valkey.address)
    tries: list[str] = []
    begun = asyncio.Event()

    async def waits(client: Redis) -> Any:
        tries.append("waits")
        begun.set()
        return await client.blpop(["list"], timeout=2)

    async def loses(client: Redis) -> Any:
        tries.append("loses")
        if tries.count("loses") == 1:
            raise redis.exceptions.ConnectionError("lost")
        return await client.rpush("list", "a")

    waiting = asyncio.create_task(link.ask(waits))
    await begun.wait()
    await link.ask(loses)
    assert (await waiting)[1] == b"a"
    assert tries.count("waits") == 1
    await link.close()


async def test_a_full_server_is_said(valkey: ValkeyServer) -> None:
    link = RedisLink(valkey.address)
    await link.ask(lambda client: client.config_set("maxmemory", "1"))
    with pytest.raises(ServerUnavailable, match="no memory left"):
        await link.ask(lambda client: client.set("a", b"x"))
    await link.close()


async def test_a_missing_password_is_said(valkey: ValkeyServer) -> None:
    link = RedisLink(valkey.address)
    await link.ask(lambda client: client.config_set("requirepass", "hidden"))
    await link.close()
    with pytest.raises(ServerUnavailable, match="password"):
        await link.ask(ping)
    await link.close()


async def test_a_server_that_was_never_there(tmp_path: Path) -> None:
    async def nowhere() -> str:
        return f"unix://{tmp_path}/none.sock"

    with pytest.raises(ServerUnavailable, match="cannot be reached"):
        await RedisLink(nowhere).ask(ping)
