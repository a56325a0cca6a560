"""A real server of MongoDB's protocol: one named by hand, a `mongod`, or one in Java.

In this order: the URL in SMTUI_TEST_MONGO_URL; `mongod` on PATH; with Java and Maven the server in
`tests/servers/mongo`. Without any of them the tests that ask for one skip and say so; with CI set
they fail.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.servers.mongo_jar import CannotBuild, jar
from tests.servers.process import ServerProcess, free_port, listens, under_ci


class MongoServer(Protocol):
    """A server that this run of the tests may use as it likes.

    Attributes:
        ours: it can be killed and started; one named by URL cannot.
        keeps_data: what it acknowledged is still there after it was killed and started.
    """

    ours: bool
    keeps_data: bool

    def url(self, database: str) -> str: ...

    def start(self) -> None:
        """Start it at the address it had before."""
        ...

    def kill(self) -> None: ...

    def send(self, number: signal.Signals) -> None:
        """Send a signal: SIGSTOP makes a server that accepts and never answers."""
        ...


class NamedServer:
    """The server of SMTUI_TEST_MONGO_URL; its path, if it has one, is not used."""

    ours = False
    keeps_data = True

    def __init__(self, address: str) -> None:
        self._address = urlsplit(address)

    def url(self, database: str) -> str:
        return urlunsplit(self._address._replace(path=f"/{database}"))

    def start(self) -> None:
        pytest.skip("The server of SMTUI_TEST_MONGO_URL is not ours to start")

    def kill(self) -> None:
        pytest.skip("The server of SMTUI_TEST_MONGO_URL is not ours to kill")

    def send(self, number: signal.Signals) -> None:
        pytest.skip("The server of SMTUI_TEST_MONGO_URL is not ours to stop")


class OwnServer:
    """A server on the loopback, started here."""

    ours = True

    def __init__(self, command: list[str], *, keeps_data: bool) -> None:
        self.keeps_data = keeps_data
        self.port = free_port()
        self._command = [word.replace("{port}", str(self.port)) for word in command]
        self._process: ServerProcess | None = None

    def url(self, database: str, *, account: str = "") -> str:
        at = f"{account}@" if account else ""
        return f"mongodb://{at}127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        self._process = ServerProcess(self._command)
        self._process.wait_until(lambda: listens(self.port), name=self._command[0])

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send(number)


@contextmanager
def running_mongo(*, keeping: bool = False) -> Iterator[MongoServer]:
    """Run a server of one's own, empty; with `keeping`, one whose data outlives its process."""
    named = os.environ.get("SMTUI_TEST_MONGO_URL")
    if named:
        yield NamedServer(named)
        return
    with (
        tempfile.TemporaryDirectory(prefix="smtui-mongo-") as folder,
        _own(_server(Path(folder), keeping=keeping)) as server,
    ):
        yield server


@contextmanager
def _own(server: OwnServer) -> Iterator[OwnServer]:
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def guarded_mongo() -> Iterator[OwnServer]:
    """Run one that wants a password: `anna:geheim` may write, `bert:geheim` may read.

    Only the one in Java, whose accounts are made in starting it; skips where it cannot be had.
    """
    accounts = ("anna:geheim:readWrite", "bert:geheim:read")
    with _own(OwnServer([*java(), "{port}", "-", *accounts], keeps_data=False)) as server:
        yield server


@contextmanager
def old_mongo(*, wire: int, version: str) -> Iterator[OwnServer]:
    """Run one that says it is older; only the one in Java, skips where it cannot be had."""
    said = f"-Dversion={wire},{version.replace('.', ',')}"
    command = java()
    with _own(OwnServer([command[0], said, *command[1:], "{port}"], keeps_data=False)) as server:
        yield server


@functools.cache
def shared_mongo() -> MongoServer:
    """Give the one server that all tests of a run share; nobody kills it before the end."""
    lasting = running_mongo()
    server = lasting.__enter__()
    atexit.register(lasting.__exit__, None, None, None)
    return server


@contextmanager
def fresh_database(server: MongoServer) -> Iterator[str]:
    """Give the URL of a database that nobody has used; it is dropped afterwards."""
    name = f"smtui-test-{uuid4().hex}"
    url = server.url(name)
    try:
        yield url
    finally:
        client: MongoClient[dict[str, Any]] = MongoClient(url, serverSelectionTimeoutMS=5_000)
        with client:
            client.drop_database(name)


def _server(folder: Path, *, keeping: bool) -> OwnServer:
    mongod = shutil.which("mongod")
    if mongod is not None:
        quiet = ["--quiet", "--logpath", "/dev/null", "--nounixsocket"]
        return OwnServer(
            [mongod, "--dbpath", str(folder), "--bind_ip", "127.0.0.1", "--port", "{port}", *quiet],
            keeps_data=True,
        )
    kept = str(folder / "data") if keeping else "-"
    return OwnServer([*java(), "{port}", kept], keeps_data=keeping)


@functools.cache
def _jar_or_reason() -> Path | str:
    """Try to build only once in a run: hundreds of tests ask."""
    try:
        return jar()
    except CannotBuild as reason:
        return str(reason)


def java() -> list[str]:
    """Give the command of the server in Java, or skip."""
    program = _jar_or_reason()
    if isinstance(program, str):
        sentence = (
            f"No MongoDB: SMTUI_TEST_MONGO_URL is not set, no mongod is on PATH, and {program}"
        )
        if under_ci():
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)
    return ["java", "-XX:+UseSerialGC", "-jar", str(program)]
