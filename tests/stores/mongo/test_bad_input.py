"""What is wrong with an address or a server is one sentence with a hint, without any password."""

from __future__ import annotations

import asyncio
import logging
import traceback
from pathlib import Path

import pytest

from smtui.domain.errors import SettingInvalid, SmtuiError, StoreUnreachable
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.library import make_ready, opened
from tests.servers.mongo_server import guarded_mongo, old_mongo
from tests.servers.process import free_port
from tests.servers.silent import silent
from tests.servers.tls_front import tls_front

SECRETS = ("geheim", "falsch")


async def refusal(url: str, *, patience: float = 20) -> SmtuiError:
    """Try to open; gives what a person is told. With little patience what would be waited for."""
    line = MongoLine(url, answer_seconds=patience)
    try:
        with pytest.raises(SmtuiError) as told:
            await make_ready(line)
    finally:
        await line.close()
    hold_to_one_sentence(told.value)
    return told.value


def hold_to_one_sentence(told: SmtuiError) -> None:
    assert told.hint.endswith(".")
    assert not told.title.endswith(".")
    assert "\n" not in str(told)
    # What goes into the log with the error, causes and all.
    logged = "".join(traceback.format_exception(told))
    assert not [secret for secret in SECRETS if secret in logged]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "geheim",
        "localhost:27017",
        "http://anna:geheim@host/samplemind",
        "mongodb://",
        "mongodb://anna:ge@heim:geheim@host/samplemind",
        "mongodb://anna:geheim/x@host/samplemind",
        "mongodb://anna:geheim%zz@host/samplemind",
        "mongodb://anna:geheim@host:port/samplemind",
        "mongodb://anna:geheim@host:99999/samplemind",
        "mongodb://anna:geheim@[::1/samplemind",
        "mongodb://anna:geheim@host/a database",
        "mongodb://host/samplemind?geheim=1",
        "mongodb://anna:geheim@host/samplemind?tls=ture",
        "mongodb://anna:geheim@host/samplemind?authMechanism=GEHEIM",
        "mongodb://host/samplemind?tls=true&tlsCAFile=/geheim/ca.pem",
        "mongodb+srv://anna:geheim@a,b/samplemind",
    ],
)
async def test_an_address_that_cannot_be_read(
    url: str, recwarn: pytest.WarningsRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    told = await refusal(url)
    assert isinstance(told, SettingInvalid)
    assert not recwarn.list
    assert not [secret for secret in SECRETS if secret in caplog.text]


async def test_a_file_for_tls_that_is_no_certificate(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("geheim")
    for option in ("tlsCAFile", "tlsCertificateKeyFile"):
        told = await refusal(f"mongodb://host/samplemind?tls=true&{option}={file}")
        assert isinstance(told, SettingInvalid)


@pytest.mark.parametrize("scheme", ["mongodb", "mongodb+srv"])
async def test_a_name_that_is_not_known(scheme: str) -> None:
    told = await refusal(f"{scheme}://anna:geheim@no-such-host.invalid/samplemind", patience=2)
    assert told.title == "The name no-such-host.invalid is not known here"


async def test_nothing_listens() -> None:
    port = free_port()
    told = await refusal(f"mongodb://anna:geheim@127.0.0.1:{port}/samplemind", patience=2)
    assert told.title == f"Nothing listens at 127.0.0.1:{port}"


async def test_a_server_that_accepts_and_never_answers() -> None:
    with silent() as port:
        told = await refusal(f"mongodb://anna:geheim@127.0.0.1:{port}/samplemind", patience=2)
        assert told.title == f"MongoDB at 127.0.0.1:{port} does not answer"


async def test_with_the_usual_patience_it_is_told_before_five_seconds_are_over() -> None:
    assert MongoLine("mongodb://host")._answer_seconds <= 4.5


async def test_a_wrong_password_a_wrong_database_for_it_and_none() -> None:
    with guarded_mongo() as server:
        wrong = await refusal(server.url("studio", account="anna:falsch"))
        assert "refuses the name or the password" in wrong.title
        assert "authSource=admin" in wrong.hint
        none = await refusal(server.url("studio"))
        assert "wants a name and a password" in none.title
        async with opened(server.url("studio", account="anna:geheim")) as documents:
            assert await documents.accounts.all() == ()


async def test_an_account_that_may_only_read() -> None:
    with guarded_mongo() as server:
        for made in (False, True):
            told = await refusal(server.url("studio", account="bert:geheim"))
            assert told.title == "This MongoDB account may only read the database studio"
            if not made:
                async with opened(server.url("studio", account="anna:geheim")):
                    pass


@pytest.mark.parametrize(("wire", "version"), [(17, "6.0.12"), (9, "4.4.0"), (7, "4.0.28")])
async def test_a_server_that_is_too_old(wire: int, version: str) -> None:
    with old_mongo(wire=wire, version=version) as server:
        told = await refusal(server.url("studio"))
        assert "is too old, smtui needs 7.0 or newer" in told.title
        assert "Update" in told.hint


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


async def test_tls_that_is_wanted_unexpected_or_not_to_be_trusted(
    mongo_url: str, tmp_path: Path
) -> None:
    plain = await refusal(f"{mongo_url}?tls=true", patience=2)
    assert "TLS" in plain.title
    assert "tls=true" in plain.hint
    behind = port_of(mongo_url)
    with tls_front(behind, tmp_path) as front:
        url = f"mongodb://localhost:{front.port}/studio"
        wanted = await refusal(url, patience=2)
        assert "closes the line" in wanted.title
        assert "tls=true" in wanted.hint
        unknown = await refusal(f"{url}?tls=true", patience=2)
        assert "is not trusted" in unknown.title
        assert "tlsCAFile" in unknown.hint
        line = MongoLine(f"{url}?tls=true&tlsCAFile={front.authority}")
        assert await line.server()
        await line.close()
    with tls_front(behind, tmp_path, name="another.example.org") as front:
        url = f"mongodb://localhost:{front.port}/?tls=true&tlsCAFile={front.authority}"
        other = await refusal(url, patience=2)
        assert "is not trusted: Hostname mismatch" in other.title


async def test_a_replica_set_that_the_server_is_not_in(mongo_url: str) -> None:
    told = await refusal(f"{mongo_url}?replicaSet=studio", patience=2)
    assert "is not in the replica set that the address names" in told.title


@pytest.mark.parametrize(
    "says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"-ERR no such command\r\n" * 9]
)
async def test_something_that_is_not_mongodb(says: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4)
        writer.write(says)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        told = await refusal(f"mongodb://127.0.0.1:{port}/samplemind", patience=2)
        assert told.title == f"What answers at 127.0.0.1:{port} is not MongoDB"


async def test_no_password_is_logged_even_when_everything_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with guarded_mongo() as server:
        line = MongoLine(server.url("studio", account="anna:geheim"))
        assert isinstance(await refusal(server.url("x", account="anna:falsch")), StoreUnreachable)
        await make_ready(line)
        await line.close()
        assert "geheim" not in repr(line) + line.address
    assert not [secret for secret in SECRETS if secret in caplog.text]
