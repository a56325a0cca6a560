"""The servers of the tests are what they say: ended with the tests, keeping data, behind TLS."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from ssl import create_default_context
from typing import Any

import psutil
import pytest
from pymongo import MongoClient
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError
from redis import AuthenticationError, Redis

from tests.servers.chroma_server import running_chroma
from tests.servers.manual import complaints
from tests.servers.mongo_server import (
    MongoServer,
    fresh_database,
    guarded_mongo,
    old_mongo,
    running_mongo,
)
from tests.servers.redis_tcp import running_redis
from tests.servers.silent import silent
from tests.servers.tls_front import tls_front

KILLED = """
import os, signal
from tests.servers.mongo_server import running_mongo
from tests.servers.redis_tcp import running_redis
with running_mongo() as mongo, running_redis() as redis:
    print(mongo._process.pid, redis._process.pid, flush=True)
    signal.pause()
"""


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def ours(mongo: MongoServer) -> None:
    if not mongo.ours:
        pytest.skip("The server of SMTUI_TEST_MONGO_URL is not ours")


def test_servers_end_with_the_tests_even_if_these_are_killed(mongo: MongoServer) -> None:
    ours(mongo)
    tests = subprocess.Popen(
        [sys.executable, "-c", KILLED],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert tests.stdout is not None
    pids = [int(word) for word in tests.stdout.readline().split()]
    assert len(pids) == 2
    assert all(psutil.pid_exists(pid) for pid in pids)
    tests.kill()
    tests.communicate()
    until(lambda: not any(alive(pid) for pid in pids))


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_mongodb_is_as_new_as_it_has_to_be(mongo_url: str) -> None:
    with MongoClient[dict[str, Any]](mongo_url) as client:
        version = client.server_info()["version"]
        assert int(version.partition(".")[0]) >= 7
        hello = client.admin.command("hello")
        assert hello["isWritablePrimary"]
        assert abs(hello["localTime"].timestamp() - time.time()) < 24 * 3600


def test_what_a_keeping_mongodb_acknowledged_outlives_a_kill() -> None:
    with running_mongo(keeping=True) as mongo:
        ours(mongo)
        with fresh_database(mongo) as url, MongoClient[dict[str, Any]](url) as client:
            sounds = client.get_default_database().sounds
            sounds.create_index("name", unique=True)
            sounds.insert_many([{"name": str(number)} for number in range(100)])
            sounds.update_one({"name": "7"}, {"$set": {"tags": ["dark"]}})
            mongo.kill()
            with pytest.raises(PyMongoError):
                MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=50).server_info()
            mongo.start()
            assert sounds.count_documents({}) == 100
            assert sounds.find_one({"name": "7"}, {"_id": 0}) == {"name": "7", "tags": ["dark"]}
            assert sounds.index_information()["name_1"]["unique"]


def test_a_stopped_mongodb_does_not_answer_and_goes_on() -> None:
    with running_mongo() as mongo:
        ours(mongo)
        url = mongo.url("x") + "?serverSelectionTimeoutMS=200&socketTimeoutMS=200"
        with MongoClient[dict[str, Any]](url) as client:
            client.server_info()
            mongo.send(signal.SIGSTOP)
            # A signal takes a moment to reach every thread.
            until(lambda: not answers(client))
            mongo.send(signal.SIGCONT)
            until(lambda: answers(client))


def answers(client: MongoClient[dict[str, Any]]) -> bool:
    try:
        return "version" in client.server_info()
    except PyMongoError:
        return False


def test_a_guarded_mongodb_wants_a_password_and_knows_who_may_write() -> None:
    with guarded_mongo() as server:

        def client(account: str) -> MongoClient[dict[str, Any]]:
            return MongoClient(server.url("library", account=account) + "?authSource=admin")

        with client("anna:geheim") as anna:
            anna.library.sounds.insert_one({"name": "kick"})
        with client("bert:geheim") as bert:
            assert bert.library.sounds.count_documents({}) == 1
            with pytest.raises(OperationFailure, match="not authorized"):
                bert.library.sounds.delete_many({})
        for account in ("anna:wrong", "nobody:geheim"):
            with client(account) as refused, pytest.raises(OperationFailure) as told:
                refused.library.sounds.count_documents({})
            assert told.value.code == 18
        with (
            MongoClient[dict[str, Any]](server.url("library")) as nobody,
            pytest.raises(OperationFailure, match="requires authentication"),
        ):
            nobody.library.sounds.count_documents({})


def test_an_old_mongodb_says_that_it_is_old() -> None:
    with (
        old_mongo(wire=6, version="3.6.0") as server,
        MongoClient[dict[str, Any]](server.url("library")) as client,
        pytest.raises(ConfigurationError, match="wire version 6"),
    ):
        client.server_info()
    with (
        old_mongo(wire=13, version="5.0.0") as server,
        MongoClient[dict[str, Any]](server.url("library")) as client,
    ):
        assert client.server_info()["version"] == "5.0.0"


@pytest.mark.parametrize(
    ("projection", "told"),
    [
        ({"_id": 0, "ids": {"$slice": 2}}, "brings along"),
        ({"ids": {"$slice": [1, 2]}}, "brings along"),
        ({"results": 0, "ids": {"$slice": 2}}, "brings along"),
        ({"name": 1, "results": 0}, "at once"),
        ({"results": 1, "results.a": 1}, "together"),
        ({"_id": 0, "name": 1, "ids": {"$slice": 2}}, ""),
        ({"_id": 0, "results": 0}, ""),
        ({"name": 1, "names": 1}, ""),
    ],
)
def test_what_a_projection_means_is_told_by_the_manual(
    projection: dict[str, Any], told: str
) -> None:
    found = list(complaints("find", {"projection": projection}))
    assert len(found) == bool(told)
    assert not found or told in found[0]


def test_redis_wants_its_password_and_keeps_databases_apart() -> None:
    with running_redis() as server:
        with Redis.from_url(server.url(3)) as client:
            client.set("kept", "yes")
            server.kill()
            server.start()
            assert client.get("kept") == b"yes"
        with Redis.from_url(server.url(0)) as client:
            assert client.get("kept") is None
        for wrong in ("", "wrong"):
            with (
                Redis.from_url(server.url(password=wrong)) as client,
                pytest.raises(AuthenticationError),
            ):
                client.ping()


def test_everything_can_be_had_behind_tls(tmp_path: Path) -> None:
    with running_redis() as server, tls_front(server.port, tmp_path) as front:
        secure = server.url().replace("redis:", "rediss:").replace("127.0.0.1", "localhost")
        secure = secure.replace(f":{server.port}", f":{front.port}")
        with Redis.from_url(secure, ssl_ca_certs=str(front.authority)) as client:
            assert client.ping()
    with running_chroma() as chroma, tls_front(chroma.port, tmp_path) as front:
        trusting = create_default_context(cafile=front.authority)
        page = f"https://localhost:{front.port}/api/v2/heartbeat"
        with urllib.request.urlopen(page, context=trusting) as answer:
            assert answer.status == 200


def test_mongodb_can_be_had_behind_tls(tmp_path: Path) -> None:
    with running_mongo() as mongo:
        ours(mongo)
        port = int(mongo.url("x").rpartition(":")[2].partition("/")[0])
        with tls_front(port, tmp_path) as front:
            options = f"tls=true&tlsCAFile={front.authority}&serverSelectionTimeoutMS=5000"
            url = f"mongodb://localhost:{front.port}/x?{options}"
            with MongoClient[dict[str, Any]](url) as client:
                assert client.admin.command("ping")["ok"] == 1


async def test_who_trusts_nobody_is_not_served_behind_tls(tmp_path: Path) -> None:
    with silent() as port, tls_front(port, tmp_path) as front:
        reading = asyncio.open_connection("localhost", front.port, ssl=create_default_context())
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            await reading


def test_the_silent_one_takes_a_line_and_says_nothing() -> None:
    with silent() as port, socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(0.05)
        line.sendall(b"PING\r\n")
        with pytest.raises(TimeoutError):
            line.recv(1)
