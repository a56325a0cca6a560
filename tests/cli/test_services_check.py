"""Servers that are not as they should be: one sentence with a hint, by command and on the screen.

The servers are real; what is wrong with them is, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from pymongo import MongoClient

from smtui import settings, wiring
from smtui.cli.app import app
from smtui.domain.health import Condition, WorkerReport
from smtui.paths import places
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.health import MongoHealth, skew_in_words
from smtui.stores.redis.link import RedisLink
from smtui.stores.redis.workers import RedisWorkers
from smtui.ui.app import SmtuiApp
from smtui.ui.options import Options
from tests.cli.shared_servers import Shared, shared
from tests.servers.mongo_server import old_mongo
from tests.servers.silent import silent
from tests.ui.screen_home import seen, until

__all__ = ["shared"]


@pytest.fixture
def database() -> str:
    return f"smtui-test-{uuid4().hex}"


def smtui(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], *words: str) -> Result:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(app, list(words))


def objects(done: Result) -> dict[str, dict[str, Any]]:
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {one["name"]: one for one in found if "name" in one}


def test_well_servers_are_shown_with_version_answer_and_what_is_missing(
    shared: Shared, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = shared.variables(database)
    found = objects(smtui(monkeypatch, variables, "services", "check", "--json"))
    assert list(found) == ["documents", "sessions", "index", "workers"]
    assert found["documents"]["version"].startswith("MongoDB ")
    assert found["documents"]["address"].startswith("mongodb://***@127.0.0.1:")
    assert found["documents"]["trouble"] == "It has no library yet"
    assert found["sessions"]["version"].startswith("Valkey ")
    assert found["sessions"]["address"] == f"redis://***@127.0.0.1:{shared.redis.port}/2"
    assert found["index"]["version"].startswith("Chroma ")
    assert found["workers"]["trouble"] == "No worker is running"
    assert "smtui worker" in found["workers"]["hint"]
    for name in ("documents", "sessions", "index"):
        assert found[name]["condition"] == "ok"
        assert found[name]["milliseconds"] >= 0
    shown = smtui(monkeypatch, variables, "services", "check")
    assert shown.exit_code == 0
    assert "geheim" not in shown.output
    assert "No worker is running." in shown.stdout


async def test_live_workers_are_shown_with_what_they_do_not_have(
    shared: Shared, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def address() -> str:
        return shared.redis.url(2)

    link = RedisLink(address)
    board = RedisWorkers(link)
    report = WorkerReport(
        name="attic:1",
        machine="attic",
        version="1.2.3",
        children=4,
        started_at=datetime(2024, 5, 1, tzinfo=UTC),
        missing=("/mnt/drums",),
    )
    await board.report(report, seconds=60)
    for name, value in shared.variables(database).items():
        monkeypatch.setenv(name, value)
    try:
        here = places()
        found = await wiring.checkup(here, settings.load(here).settings)
    finally:
        await board.leave("attic:1")
        await link.close()
    assert found.workers == (report,)
    assert found.servers[3].condition is Condition.OK
    assert "/mnt/drums" in found.servers[3].trouble


@contextmanager
def wrong(case: str, shared: Shared, database: str) -> Iterator[dict[str, str]]:
    """Give the variables of a case of bad input."""
    mongo = shared.mongo
    with ExitStack() as stack:
        urls = {
            "mongo_password": lambda: {"mongo": mongo.url(database, account="anna:wrong")},
            "mongo_no_password": lambda: {"mongo": mongo.url(database)},
            "mongo_read_only": lambda: {"mongo": mongo.url(database, account="bert:geheim")},
            "mongo_old": lambda: {
                "mongo": stack.enter_context(old_mongo(wire=13, version="5.0.9")).url(database)
            },
            "mongo_silent": lambda: {
                "mongo": f"mongodb://127.0.0.1:{stack.enter_context(silent())}/{database}"
            },
            "mongo_unknown_host": lambda: {"mongo": f"mongodb://nowhere.invalid/{database}"},
            "mongo_nobody": lambda: {"mongo": f"mongodb://127.0.0.1:1/{database}"},
            "mongo_foreign": lambda: _with_a_strangers_document(mongo.url(database, account=ANNA)),
            "redis_password": lambda: {"redis": shared.redis.url(2, password="wrong")},
            "redis_no_password": lambda: {"redis": shared.redis.url(2, password="")},
            "redis_database": lambda: {"redis": shared.redis.url(99)},
            "redis_silent": lambda: {
                "redis": f"redis://127.0.0.1:{stack.enter_context(silent())}/0"
            },
            "redis_unknown_host": lambda: {"redis": "redis://nowhere.invalid"},
            "redis_nobody": lambda: {"redis": "redis://127.0.0.1:1"},
            "chroma_silent": lambda: {
                "chroma": f"http://127.0.0.1:{stack.enter_context(silent())}"
            },
            "chroma_unknown_host": lambda: {"chroma": "http://nowhere.invalid:8002"},
            "chroma_nobody": lambda: {"chroma": "http://127.0.0.1:1"},
            "chroma_is_something_else": lambda: {"chroma": f"http://127.0.0.1:{shared.redis.port}"},
        }[case]()
        yield shared.variables(database, **urls)


ANNA = "anna:geheim"


def _with_a_strangers_document(url: str) -> dict[str, str]:
    client: MongoClient[dict[str, Any]] = MongoClient(url)
    with client:
        client.get_default_database()["users"].insert_one({"name": "a program of another kind"})
    return {"mongo": url}


CASES = {
    "mongo_password": ("documents", "refuses the name or the password"),
    "mongo_no_password": ("documents", "wants a name and a password"),
    "mongo_read_only": ("documents", "may only read"),
    "mongo_old": ("documents", "too old, smtui needs 7.0 or newer"),
    "mongo_silent": ("documents", "does not answer"),
    "mongo_unknown_host": ("documents", "nowhere.invalid is not known here"),
    "mongo_nobody": ("documents", "Nothing listens at 127.0.0.1:1"),
    "mongo_foreign": ("documents", "is another program's"),
    "redis_password": ("sessions", "refuses the password"),
    "redis_no_password": ("sessions", "asks for a password"),
    "redis_database": ("sessions", "no database of that number"),
    "redis_silent": ("sessions", "does not answer"),
    "redis_unknown_host": ("sessions", "host name that cannot be found"),
    "redis_nobody": ("sessions", "cannot be reached"),
    "chroma_silent": ("index", "does not answer"),
    "chroma_unknown_host": ("index", "host name that cannot be found"),
    "chroma_nobody": ("index", "cannot be reached"),
    "chroma_is_something_else": ("index", "not Chroma"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_with_a_server_is_one_sentence_with_a_hint(
    case: str, shared: Shared, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, words = CASES[case]
    with wrong(case, shared, database) as variables:
        done = smtui(monkeypatch, variables, "services", "check", "--json")
    assert done.exit_code == 1, done.output
    found = objects(done)
    assert words in found[name]["trouble"]
    assert "\n" not in found[name]["trouble"]
    assert found[name]["hint"]
    assert found[name]["condition"] == "broken"
    # The others are asked all the same, and what one of them says is not lost.
    others = {"documents", "sessions", "index"} - {name}
    assert all(found[other]["condition"] == "ok" for other in others)
    for secret in ("geheim", "wrong", shared.redis.password):
        assert secret not in done.output


def test_who_has_just_asked_every_server_is_not_sent_to_ask_them(
    shared: Shared, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = {"mongo": "mongodb://127.0.0.1:9/none", "redis": "redis://127.0.0.1:9/0"}
    done = smtui(monkeypatch, shared.variables(database, **nobody), "services", "check")
    assert done.exit_code == 1
    assert "  Is MongoDB running there?\n" in done.stdout
    assert "  Is Redis running?\n" in done.stdout
    assert "smtui services check" not in done.stdout


@pytest.mark.parametrize("case", [case for case in CASES if case.startswith("mongo")])
def test_a_command_that_needs_the_documents_says_the_same(
    case: str, shared: Shared, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wrong(case, shared, database) as variables:
        done = smtui(monkeypatch, variables, "list")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert CASES[case][1] in done.stderr
    assert "geheim" not in done.stderr


@pytest.mark.parametrize("case", ["mongo_password", "mongo_silent", "mongo_unknown_host"])
async def test_the_opening_screen_says_the_same_and_can_be_left(
    case: str, shared: Shared, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wrong(case, shared, database) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        here = places()
        loaded = settings.load(here)
        screens = SmtuiApp(lambda: wiring.services(here, loaded.settings), Options())
        async with screens.run_test() as pilot:
            await until(lambda: "enter tries again" in seen(screens))
            assert CASES[case][1] in " ".join(seen(screens).split())
            await pilot.press("ctrl+q")


@pytest.mark.parametrize("command", ["status", "start", "stop"])
def test_shared_servers_are_neither_started_nor_stopped(
    command: str, shared: Shared, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = smtui(monkeypatch, shared.variables(database), "services", command)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "shared with other machines" in done.stderr
    assert "smtui services check" in done.stderr


def test_the_doctor_asks_shared_servers_instead_of_private_ones(
    shared: Shared, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = shared.variables(database)
    done = smtui(monkeypatch, variables | {"LC_ALL": "C.UTF-8"}, "doctor", "--json")
    found = objects(done)
    assert list(found)[-4:] == ["documents", "sessions", "index", "workers"]
    assert "valkey" not in found
    assert "sqlite" not in found
    broken = smtui(
        monkeypatch,
        shared.variables(database, mongo=shared.mongo.url(database, account="anna:wrong")),
        "doctor",
    )
    assert broken.exit_code == 1
    assert "BROKEN  documents" in broken.stdout
    assert "wrong" not in broken.stdout


@pytest.mark.parametrize(
    ("skew", "words"),
    [
        (timedelta(seconds=42), "This machine's clock is 42 s behind it"),
        (timedelta(minutes=-90), "This machine's clock is 90 min ahead of it"),
    ],
)
async def test_a_clock_that_is_wrong_is_said(
    skew: timedelta, words: str, shared: Shared, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = MongoLine(shared.mongo.url(database, account=ANNA))

    async def skewed() -> timedelta:
        return skew

    monkeypatch.setattr(line, "skew", skewed)
    health = await MongoHealth(line)()
    await line.close()
    assert skew_in_words(skew) == words
    assert (health.condition, health.trouble) == (Condition.OK, words)
    assert "NTP" in health.hint


def test_private_servers_are_asked_without_being_started() -> None:
    done = CliRunner().invoke(app, ["services", "check", "--json"])
    assert done.exit_code == 0
    found = objects(done)
    assert {one["condition"] for one in found.values()} == {"not started"}
    CliRunner().invoke(app, ["list"])
    again = objects(CliRunner().invoke(app, ["services", "check", "--json"]))
    assert again["documents"]["condition"] == "ok"
    assert again["documents"]["milliseconds"] > 0
    assert again["sessions"]["condition"] == "not started"
