"""What every test can use; and with CI set, a test that has to run fails the run if skipped."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Generator, Iterator

import pytest
from hypothesis import settings

from smtui.stores.redis.link import RedisLink
from tests.servers.manual import READER
from tests.servers.mongo_server import MongoServer, fresh_database, shared_mongo
from tests.servers.valkey_server import ValkeyServer, running

# The same examples at every run of the continuous checks; new ones at every run by hand.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

# Folders of which nothing may be skipped then: the contracts, and what a step of its own names.
_HAVE_TO_RUN = ("tests/contracts/", *os.environ.get("SMTUI_TEST_HAVE_TO_RUN", "").split())
_skipped: list[str] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what a test has printed or logged travel between processes, whatever bytes it has."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections
    ]
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and report.nodeid.startswith(_HAVE_TO_RUN):
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get("CI") and _skipped:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("CI"):
        for nodeid in _skipped:
            terminalreporter.write_line(f"skipped, which fails the run: {nodeid}", red=True)


@pytest.fixture(autouse=True)
def _home_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test ever touches the folders of the person who runs it."""
    monkeypatch.setenv("SMTUI_HOME", str(tmp_path_factory.mktemp("home")))
    for name in ("SSH_CONNECTION", "NO_COLOR", "SMTUI_TOKEN", "TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _mongodb_is_asked_as_its_manual_says() -> Iterator[None]:
    """No test passes that asks for what MongoDB refuses or reads otherwise."""
    READER.taken()
    yield
    assert READER.taken() == []


@pytest.fixture(scope="session")
def mongo() -> MongoServer:
    """The MongoDB that all tests share; who kills one runs one of their own."""
    return shared_mongo()


@pytest.fixture
def mongo_url(mongo: MongoServer) -> Iterator[str]:
    """A database that is this test's alone."""
    with fresh_database(mongo) as url:
        yield url


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    with running() as server:
        yield server


@pytest.fixture
async def link(valkey: ValkeyServer) -> AsyncIterator[RedisLink]:
    line = RedisLink(valkey.address)
    yield line
    await line.close()
