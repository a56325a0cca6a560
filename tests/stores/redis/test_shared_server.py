"""A shared Redis by its address: each thing that can be wrong with it is one sentence in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from redis.asyncio import Redis

from smtui.domain.account import Session, SessionId, UserId
from smtui.domain.errors import ServerUnavailable
from smtui.stores.redis.errors import SHARED
from smtui.stores.redis.link import About, RedisLink
from smtui.stores.redis.sessions import RedisSessions
from smtui.wiring import SystemClock
from tests.servers.process import free_port
from tests.servers.redis_tcp import RedisServer, running_redis
from tests.servers.silent import silent
from tests.servers.tls_front import TlsFront, tls_front

SECRET = "p@ss/w:rd#1? %41+é"


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with running_redis(password=SECRET) as server:
        yield server


@pytest.fixture
async def raw(server: RedisServer) -> AsyncIterator[Any]:
    client = Redis.from_url(server.url())
    yield client
    await client.aclose()


@pytest.fixture
def front(server: RedisServer, tmp_path: Path) -> Iterator[TlsFront]:
    with tls_front(server.port, tmp_path) as front:
        yield front


@asynccontextmanager
async def linked(url: str) -> AsyncIterator[RedisLink]:
    async def address() -> str:
        return url

    link = RedisLink(address, refusals=SHARED)
    yield link
    await link.close()


async def read(client: Redis) -> object:
    return await client.get("a")


async def write(client: Redis) -> object:
    return await client.set("a", b"x")


async def write_in_a_pipeline(client: Redis) -> object:
    async with client.pipeline(transaction=True) as together:
        together.set("a", b"anna@example.org")
        return await together.execute()


async def refusal(url: str, work: Any = write) -> ServerUnavailable:
    """What a person is told; within 5 s, in one sentence, without the password."""
    async with linked(url) as link:
        async with asyncio.timeout(5):
            with pytest.raises(ServerUnavailable) as told:
                await link.ask(work)
        error = told.value
    assert error.title.startswith("Redis ")
    assert error.hint
    for words in (str(error), repr(error)):
        assert "\n" not in words
        for secret in (SECRET, quote(SECRET, safe=""), "p@ss", "anna@example.org"):
            assert secret not in words
    return error


@pytest.mark.parametrize("scheme", ["redis", "valkey", "REDIS"])
async def test_address_password_and_database_are_used(
    server: RedisServer, raw: Any, scheme: str
) -> None:
    async with linked(server.url(3).replace("redis://", f"{scheme}://")) as link:
        await link.ask(write)
    assert await raw.get("a") is None
    await raw.select(3)
    assert await raw.get("a") == b"x"


async def test_it_says_what_it_is(server: RedisServer, raw: Any) -> None:
    async with linked(server.url()) as link:
        about = await link.ask(About.of)
        assert about.version.startswith("Valkey ")
        assert (about.evicts, about.keeps) == ("", True)
        await raw.config_set("maxmemory-policy", "allkeys-lru")
        await raw.config_set("appendonly", "no")
        about = await link.ask(About.of)
        assert (about.evicts, about.keeps) == ("allkeys-lru", False)


@pytest.mark.parametrize("password", ["wrong", ""])
async def test_a_wrong_and_a_missing_password(server: RedisServer, password: str) -> None:
    assert "password" in (await refusal(server.url(password=password))).title


async def test_a_password_where_there_is_none() -> None:
    with running_redis(password="") as server:
        told = await refusal(server.url(password=SECRET))
    assert told.title == "Redis has no password, but its address gives one"


async def test_a_database_that_is_not_there(server: RedisServer) -> None:
    assert "no database" in (await refusal(server.url(99))).title


@pytest.mark.parametrize("work", [write, write_in_a_pipeline])
async def test_an_account_that_may_only_read(server: RedisServer, raw: Any, work: Any) -> None:
    await raw.execute_command("ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read", "+multi")
    url = f"redis://reader:secret@127.0.0.1:{server.port}"
    assert "does not let this account" in (await refusal(url, work)).title
    async with linked(url) as link:
        assert await link.ask(read) is None


@pytest.mark.parametrize("work", [write, write_in_a_pipeline])
async def test_a_copy_that_can_only_be_read(server: RedisServer, raw: Any, work: Any) -> None:
    await raw.execute_command("REPLICAOF", "127.0.0.1", free_port())
    assert "only be read" in (await refusal(server.url(), work)).title


@pytest.mark.parametrize("work", [write, write_in_a_pipeline])
async def test_a_full_memory(server: RedisServer, raw: Any, work: Any) -> None:
    await raw.config_set("maxmemory", "1")
    assert "no memory left" in (await refusal(server.url(), work)).title


@pytest.mark.parametrize("work", [write, write_in_a_pipeline])
async def test_a_disk_that_cannot_be_written(server: RedisServer, raw: Any, work: Any) -> None:
    folder = Path((await raw.config_get("dir"))["dir"])
    # Nobody, not even root, can put a file where a folder is.
    await raw.config_set("appendonly", "no")
    await asyncio.to_thread((folder / "dump.rdb" / "x").mkdir, parents=True)
    await raw.config_set("save", "1 1")
    await raw.bgsave()
    async with asyncio.timeout(30):
        while (await raw.info("persistence"))["rdb_last_bgsave_status"] == "ok":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert "cannot write to its disk" in (await refusal(server.url(), work)).title


async def test_a_key_that_holds_something_else(server: RedisServer, raw: Any) -> None:
    await raw.lpush("a", "b")
    told = await refusal(server.url(), read)
    assert "something else" in told.title
    assert "database of its own" in told.hint


async def test_a_server_that_takes_no_more_lines(server: RedisServer, raw: Any) -> None:
    await raw.config_set("maxclients", 1)
    assert "no room for another line" in (await refusal(server.url())).title
    await raw.config_set("maxclients", 100)


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
async def test_a_server_that_accepts_and_never_answers(scheme: str) -> None:
    with silent() as port:
        told = await refusal(f"{scheme}://:{quote(SECRET, safe='')}@127.0.0.1:{port}/1")
    assert told.title == "Redis does not answer"


async def test_nobody_there() -> None:
    told = await refusal(f"redis://:secret@127.0.0.1:{free_port()}")
    assert told.title == "Redis cannot be reached"
    assert "smtui services check" in told.hint


async def test_no_socket_there(tmp_path: Path) -> None:
    assert (await refusal(f"unix://{tmp_path}/none.sock")).title == "Redis cannot be reached"


async def test_an_address_into_the_void() -> None:
    # Packets to this network go nowhere, or are refused on the way; both are in time.
    assert (await refusal("redis://:secret@192.0.2.1:6379")).title in (
        "Redis does not answer",
        "Redis cannot be reached",
    )


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70, "ex..ample"])
async def test_a_host_name_that_does_not_resolve(host: str) -> None:
    assert "host name" in (await refusal(f"redis://:secret@{host}:6379")).title


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hidden",
        "http://:hidden@localhost",
        "redis://:hid/den@localhost:6379",
        "redis://:hid#den@localhost:6379",
        "redis://:hidden@localhost:port",
        "redis://:hidden@localhost:99999999",
        "redis://:hidden@localhost/library",
        "redis://:hidden@localhost?socket_timeout=0",
        "redis://:hidden@localhost?db=hidden",
        "redis://localhost?password=hidden",
        "redis://localhost?ssl_ca_certs=/hidden",
        "rediss://:hidden@localhost?ssl_cert_reqs=hidden",
    ],
)
async def test_an_address_that_cannot_be_used_is_never_quoted(url: str) -> None:
    told = await refusal(url)
    assert "hid" not in str(told)


async def said(answer: bytes) -> str:
    """The title for a server that gives this one answer to INFO, and knows nothing else."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while word := await reader.readline():
            if word.strip() in (b"SETINFO", b"INFO"):
                writer.write(answer if word.strip() == b"INFO" else b"-ERR unknown\r\n")
        writer.close()

    talking = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with talking:
        port = talking.sockets[0].getsockname()[1]
        return (await refusal(f"redis://127.0.0.1:{port}")).title


async def test_a_server_that_is_too_old() -> None:
    facts = b"# Server\r\nredis_version:6.2.14\r\n"
    answer = b"$%d\r\n%s\r\n" % (len(facts), facts)
    assert await said(answer) == "Redis has version 6.2.14; smtui needs 7 or newer"


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x03\r\n"])
async def test_something_that_is_no_redis(answer: bytes) -> None:
    assert await said(answer) == "Redis answers what no Redis would"


async def test_tls_with_the_authority_in_the_address(front: TlsFront, server: RedisServer) -> None:
    url = server.url(2).replace("redis://", "valkeys://").replace("127.0.0.1", "localhost")
    url = url.replace(str(server.port), str(front.port))
    async with linked(f"{url}?ssl_ca_certs={front.authority}") as link:
        assert await link.ask(write)


async def test_tls_with_an_authority_that_nobody_knows(front: TlsFront) -> None:
    told = await refusal(f"rediss://:secret@localhost:{front.port}")
    assert "certificate that is not trusted" in told.title
    assert "ssl_ca_certs" in told.hint


async def test_tls_for_another_name(front: TlsFront) -> None:
    told = await refusal(f"rediss://127.0.0.1:{front.port}?ssl_ca_certs={front.authority}")
    assert "certificate that is not trusted" in told.title


async def test_a_certificate_file_that_is_not_there(front: TlsFront) -> None:
    for name in ("/nowhere/ca.pem", str(Path(__file__))):
        told = await refusal(f"rediss://localhost:{front.port}?ssl_ca_certs={name}")
        assert told.title == "Redis needs certificate files that cannot be read"


async def test_tls_asked_of_a_server_without(server: RedisServer) -> None:
    told = await refusal(server.url().replace("redis://", "rediss://"))
    assert "rediss:// is with TLS" in told.hint


async def test_no_tls_asked_of_a_server_with(front: TlsFront) -> None:
    told = await refusal(f"redis://localhost:{front.port}")
    assert "rediss://" in told.hint


async def test_it_recovers_by_itself_when_the_server_is_back(server: RedisServer) -> None:
    async with linked(server.url()) as link:
        await link.ask(write)
        server.kill()
        with pytest.raises(ServerUnavailable, match="cannot be reached"):
            await link.ask(read)
        server.start()
        assert await link.ask(read) == b"x"


async def test_more_who_ask_than_there_are_lines_all_have_their_answer(server: RedisServer) -> None:
    async with linked(server.url()) as link:
        assert await asyncio.gather(*(link.ask(write) for _ in range(300))) == [True] * 300


async def test_sessions_say_the_same(server: RedisServer, raw: Any) -> None:
    await raw.config_set("maxmemory", "1")
    async with linked(server.url()) as link:
        sessions = RedisSessions(link)
        assert not await sessions.alive(SessionId("nobody"))
        with pytest.raises(ServerUnavailable, match="no memory left"):
            await sessions.open(
                Session(
                    session_id=SessionId("s"),
                    user_id=UserId("u"),
                    email="anna@example.org",
                    created_at=SystemClock().now(),
                    last_active=SystemClock().now(),
                    ip_address="local",
                )
            )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("redis://:geheim@studio:6390/2", "Redis at studio:6390"),
        ("rediss://anna:geheim@[::1]:6379/0?ssl_ca_certs=/secret", "Redis at [::1]:6379"),
        ("redis://studio", "Redis at studio"),
        ("unix://:geheim@/run/redis.sock?db=2", "Redis at /run/redis.sock?db=2"),
        ("", "Redis"),
    ],
)
def test_a_refusal_names_host_and_port_and_no_password(url: str, name: str) -> None:
    told = SHARED.at(url).of(ConnectionRefusedError())
    assert told.title == f"{name} cannot be reached"
    assert "geheim" not in str(told)
