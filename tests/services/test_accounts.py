"""Accounts: signing in and out, staying, keeping. On the real documents and a real Valkey."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from smtui.domain.account import SessionId
from smtui.domain.errors import (
    AlreadyTaken,
    InputInvalid,
    NotFound,
    NotSignedIn,
    ServerUnavailable,
    SignInRefused,
    TooManyTries,
)
from smtui.services.accounts import Accounts, NewAccount
from smtui.services.sessions import AccountPorts
from smtui.stores.bcrypt_passwords import BcryptPasswords
from smtui.stores.memory import memory_documents
from smtui.stores.redis.limits import RedisLimits
from smtui.stores.redis.link import RedisLink
from smtui.stores.redis.sessions import RedisSessions
from smtui.stores.resume_file import ResumeFile
from tests.servers.valkey_server import ValkeyServer, running

NOON = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
ANNA = NewAccount(username="anna", password="kick drum", email="Anna@Example.org")
HOME = {"stay": False, "address": "10.0.0.7"}


class StandingClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture(scope="module")
def one_valkey() -> Iterator[ValkeyServer]:
    with running() as server:
        yield server


@pytest.fixture
async def raw(one_valkey: ValkeyServer) -> AsyncIterator[Any]:
    client = Redis.from_url(await one_valkey.address())
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def ports(
    tmp_path: Path, one_valkey: ValkeyServer, raw: Any, clock: StandingClock
) -> AsyncIterator[AccountPorts]:
    link = RedisLink(one_valkey.address)
    documents = memory_documents()
    yield AccountPorts(
        accounts=documents.accounts,
        sessions=RedisSessions(link),
        limits=RedisLimits(link),
        passwords=BcryptPasswords(rounds=4),
        resume_token=ResumeFile(tmp_path / "resume.json"),
        clock=clock,
    )
    await link.close()


@pytest.fixture
def accounts(ports: AccountPorts) -> Accounts:
    return Accounts(ports)


async def refusal(accounts: Accounts, login: str, password: str) -> str:
    with pytest.raises(SignInRefused) as refused:
        await accounts.sessions.sign_in(login, password, **HOME)  # type: ignore[arg-type]
    return str(refused.value)


@pytest.mark.parametrize(
    "login", ["anna", "ANNA", " anna ", "anna@example.org", "Anna@Example.org"]
)
async def test_one_signs_in_by_name_or_e_mail(accounts: Accounts, login: str) -> None:
    made = await accounts.add(ANNA)
    signed_in = await accounts.sessions.sign_in(login, "kick drum", stay=False, address="10.0.0.7")
    assert signed_in.account.user_id == made.user_id
    assert signed_in.session.email == "Anna@Example.org"
    assert signed_in.session.ip_address == "10.0.0.7"


async def test_signing_in_sets_last_login(accounts: Accounts, clock: StandingClock) -> None:
    await accounts.add(ANNA)
    clock.time += timedelta(days=1)
    signed_in = await accounts.sessions.sign_in("anna", "kick drum", stay=False, address="local")
    assert signed_in.account.last_login == clock.time
    assert (await accounts.list())[0].last_login == clock.time


async def test_a_refusal_does_not_tell_what_was_wrong(accounts: Accounts) -> None:
    await accounts.add(ANNA)
    await accounts.add(NewAccount(username="bert", password="snare"))
    await accounts.disable("bert")
    words = {
        await refusal(accounts, "nobody", "kick drum"),
        await refusal(accounts, "anna", "kick"),
        await refusal(accounts, "anna", ""),
        await refusal(accounts, "bert", "snare"),
    }
    assert words == {"Wrong name or password"}


async def test_every_refusal_costs_one_comparison(ports: AccountPorts) -> None:
    """The same work, hence the same time, whether or not there is such an account."""
    compared = []

    class Counted(BcryptPasswords):
        async def matches(self, password: str, hashed_password: str | None) -> bool:
            compared.append(password)
            return await super().matches(password, hashed_password)

    accounts = Accounts(
        AccountPorts(
            accounts=ports.accounts,
            sessions=ports.sessions,
            limits=ports.limits,
            passwords=Counted(rounds=4),
            resume_token=ports.resume_token,
            clock=ports.clock,
        )
    )
    await accounts.add(ANNA)
    await refusal(accounts, "nobody", "1")
    await refusal(accounts, "anna", "2")
    await accounts.disable("anna")
    await refusal(accounts, "anna", "kick drum")
    assert compared == ["1", "2", "kick drum"]


async def test_the_eleventh_try_in_a_minute_waits_even_with_the_right_password(
    accounts: Accounts,
) -> None:
    await accounts.add(ANNA)
    for number in range(10):
        login = "anna" if number % 2 else "anna@example.org"
        with pytest.raises(SignInRefused):
            await accounts.sessions.sign_in(login, "guess", stay=False, address=f"10.0.0.{number}")
    with pytest.raises(TooManyTries):
        await accounts.sessions.sign_in("anna", "kick drum", stay=False, address="10.0.9.9")


async def test_one_address_cannot_try_many_names(accounts: Accounts) -> None:
    await accounts.add(ANNA)
    for number in range(10):
        await refusal(accounts, f"name{number}", "guess")
    with pytest.raises(TooManyTries):
        await accounts.sessions.sign_in("anna", "kick drum", **HOME)  # type: ignore[arg-type]


async def test_unknown_names_are_limited_like_known_ones(accounts: Accounts, raw: Any) -> None:
    await accounts.add(ANNA)
    for number in range(10):
        with pytest.raises(SignInRefused):
            await accounts.sessions.sign_in(
                "No:body", "guess", stay=False, address=f"10.0.0.{number}"
            )
    with pytest.raises(TooManyTries):
        await accounts.sessions.sign_in("no:body", "guess", stay=False, address="10.0.9.9")
    assert not [key async for key in raw.scan_iter("ratelimit:*ody*")]


async def test_the_next_start_goes_on_where_one_stayed(accounts: Accounts, tmp_path: Path) -> None:
    await accounts.add(ANNA)
    signed_in = await accounts.sessions.sign_in("anna", "kick drum", stay=True, address="local")
    resumed = await accounts.sessions.resume()
    assert resumed is not None
    assert resumed.session.session_id == signed_in.session.session_id
    assert (tmp_path / "resume.json").stat().st_mode & 0o777 == 0o600


async def test_without_staying_the_next_start_asks_again(accounts: Accounts) -> None:
    await accounts.add(ANNA)
    await accounts.sessions.sign_in("anna", "kick drum", stay=True, address="local")
    await accounts.sessions.sign_in("anna", "kick drum", stay=False, address="local")
    assert await accounts.sessions.resume() is None


async def test_signing_out_removes_session_and_token(accounts: Accounts, tmp_path: Path) -> None:
    await accounts.add(ANNA)
    signed_in = await accounts.sessions.sign_in("anna", "kick drum", stay=True, address="local")
    await accounts.sessions.sign_out(signed_in.session.session_id)
    assert await accounts.sessions.resume() is None
    assert await accounts.sessions.touch(signed_in.session.session_id) is None
    assert not (tmp_path / "resume.json").exists()


async def test_signing_out_elsewhere_leaves_this_token(accounts: Accounts) -> None:
    await accounts.add(ANNA)
    other = await accounts.sessions.token("anna")
    here = await accounts.sessions.sign_in("anna", "kick drum", stay=True, address="local")
    await accounts.sessions.sign_out(SessionId(other))
    resumed = await accounts.sessions.resume()
    assert resumed is not None
    assert resumed.session.session_id == here.session.session_id


async def test_a_session_that_ended_takes_its_token_along(
    accounts: Accounts, raw: Any, tmp_path: Path
) -> None:
    await accounts.add(ANNA)
    await accounts.sessions.sign_in("anna", "kick drum", stay=True, address="local")
    await raw.flushall()
    assert await accounts.sessions.resume() is None
    assert not (tmp_path / "resume.json").exists()


async def test_use_renews_the_session(accounts: Accounts, clock: StandingClock, raw: Any) -> None:
    await accounts.add(ANNA)
    signed_in = await accounts.sessions.sign_in("anna", "kick drum", stay=False, address="local")
    key = f"session:{signed_in.session.session_id}"
    await raw.expire(key, 60)
    clock.time += timedelta(days=6)
    touched = await accounts.sessions.touch(signed_in.session.session_id)
    assert touched is not None
    assert touched.session.last_active == clock.time
    assert await raw.ttl(key) > 600_000


async def test_another_password_ends_every_session(accounts: Accounts) -> None:
    await accounts.add(ANNA)
    sessions = [
        await accounts.sessions.sign_in("anna", "kick drum", stay=True, address="local")
        for _ in range(3)
    ]
    await accounts.set_password("anna@example.org", "snare drum")
    assert [await accounts.sessions.touch(one.session.session_id) for one in sessions] == [None] * 3
    assert await accounts.sessions.resume() is None
    await refusal(accounts, "anna", "kick drum")
    await accounts.sessions.sign_in("anna", "snare drum", stay=False, address="local")


async def test_a_disabled_account_is_out_until_it_is_enabled(accounts: Accounts) -> None:
    await accounts.add(ANNA)
    before = await accounts.sessions.sign_in("anna", "kick drum", stay=True, address="local")
    await accounts.disable("anna")
    assert await accounts.sessions.touch(before.session.session_id) is None
    await refusal(accounts, "anna", "kick drum")
    with pytest.raises(NotSignedIn, match="disabled"):
        await accounts.sessions.token("anna")
    await accounts.enable("anna")
    assert await accounts.sessions.touch(before.session.session_id) is None
    await accounts.sessions.sign_in("anna", "kick drum", stay=False, address="local")


async def test_a_session_left_over_by_a_lost_server_does_not_open_a_disabled_account(
    accounts: Accounts, ports: AccountPorts
) -> None:
    made = await accounts.add(ANNA)
    token = await accounts.sessions.token("anna")
    await ports.accounts.set_active(made.user_id, active=False)
    assert await accounts.sessions.touch(SessionId(token)) is None
    await ports.accounts.set_active(made.user_id, active=True)
    assert await accounts.sessions.touch(SessionId(token)) is None


async def test_a_password_changed_while_the_old_one_is_checked_wins(ports: AccountPorts) -> None:
    class Slow(BcryptPasswords):
        async def matches(self, password: str, hashed_password: str | None) -> bool:
            right = await super().matches(password, hashed_password)
            await Accounts(ports).set_password("anna", "snare drum")
            return right

    await Accounts(ports).add(ANNA)
    slow = Accounts(
        AccountPorts(
            accounts=ports.accounts,
            sessions=ports.sessions,
            limits=ports.limits,
            passwords=Slow(rounds=4),
            resume_token=ports.resume_token,
            clock=ports.clock,
        )
    )
    with pytest.raises(SignInRefused):
        await slow.sessions.sign_in("anna", "kick drum", stay=True, address="local")
    assert await Accounts(ports).sessions.resume() is None


async def test_names_and_e_mails_are_unique_whatever_their_case(accounts: Accounts) -> None:
    await accounts.add(ANNA)
    with pytest.raises(AlreadyTaken):
        await accounts.add(NewAccount(username="ANNA", password="x", email="b@example.org"))
    with pytest.raises(AlreadyTaken):
        await accounts.add(NewAccount(username="bert", password="x", email="anna@EXAMPLE.org"))
    assert len(await accounts.list()) == 1


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (NewAccount(username="jo", password="x"), "3 to 50"),
        (NewAccount(username="a" * 51, password="x"), "3 to 50"),
        (NewAccount(username="anna lena", password="x"), "letters and digits"),
        (NewAccount(username="anna@home", password="x"), "letters and digits"),
        (NewAccount(username="anna\x1b", password="x"), "letters and digits"),
        (NewAccount(username="anna", password="x", email="anna"), "e-mail"),
        (NewAccount(username="anna", password="x", email="a b@c"), "e-mail"),
        (NewAccount(username="anna", password="x", email="a@b@c"), "e-mail"),
        (NewAccount(username="anna", password="x", email=f"{'a' * 250}@b.org"), "e-mail"),
        (NewAccount(username="anna", password=""), "empty"),
        (NewAccount(username="anna", password="x" * 73), "72"),
    ],
)
async def test_what_cannot_be_used_is_said_in_a_sentence(
    accounts: Accounts, new: NewAccount, words: str
) -> None:
    with pytest.raises(InputInvalid, match=words):
        await accounts.add(new)
    assert await accounts.list() == ()


async def test_an_account_that_is_not_there_is_said(accounts: Accounts) -> None:
    for doing in (
        accounts.set_password("nobody", "x"),
        accounts.disable("nobody"),
        accounts.enable("nobody"),
        accounts.sessions.token("nobody"),
    ):
        with pytest.raises(NotFound, match="nobody"):
            await doing


async def test_the_welcome_makes_the_account_and_signs_in(accounts: Accounts) -> None:
    assert not await accounts.any_account()
    signed_in = await accounts.welcome("anna", address="local")
    assert signed_in.account.email == "anna@localhost"
    assert signed_in.account.hashed_password.startswith("$2b$")
    assert await accounts.any_account()
    resumed = await accounts.sessions.resume()
    assert resumed is not None
    assert resumed.account.username == "anna"
    await refusal(accounts, "anna", "")
    with pytest.raises(AlreadyTaken):
        await accounts.welcome("bert", address="local")


async def test_what_a_first_scan_made_waits_for_its_person(accounts: Accounts) -> None:
    """Nobody knows the password of the account that a scan makes: the welcome hands it over."""
    made = await accounts.for_command_line()
    assert not await accounts.any_account()
    assert await accounts.suggested_first() == made.username
    with pytest.raises(AlreadyTaken, match=made.username):
        await accounts.welcome("somebodyelse", address="local")
    signed_in = await accounts.welcome(made.username, password="kick drum", address="local")
    assert signed_in.account.user_id == made.user_id
    assert await accounts.any_account()
    await accounts.sessions.sign_in(made.username, "kick drum", stay=False, address="local")


async def test_the_command_line_acts_for_the_first_account_or_for_who_stays(
    accounts: Accounts, clock: StandingClock
) -> None:
    anna = await accounts.add(ANNA)
    clock.time += timedelta(seconds=1)
    bert = await accounts.add(NewAccount(username="bert", password="snare"))
    assert (await accounts.for_command_line()).user_id == anna.user_id
    await accounts.sessions.sign_in("bert", "snare", stay=True, address="local")
    assert (await accounts.for_command_line()).user_id == bert.user_id
    assert (
        await accounts.for_command_line(await accounts.sessions.token("anna"))
    ).username == "anna"


async def test_the_command_line_never_acts_for_a_disabled_account(
    accounts: Accounts, clock: StandingClock
) -> None:
    await accounts.add(ANNA)
    clock.time += timedelta(seconds=1)
    await accounts.add(NewAccount(username="bert", password="snare"))
    await accounts.disable("anna")
    assert (await accounts.for_command_line()).username == "bert"
    await accounts.disable("bert")
    with pytest.raises(NotSignedIn, match="disabled"):
        await accounts.for_command_line()


async def test_a_token_that_ended_is_said(accounts: Accounts) -> None:
    await accounts.add(ANNA)
    with pytest.raises(NotSignedIn, match="SMTUI_TOKEN"):
        await accounts.for_command_line("not-a-session")


async def test_two_first_scans_at_once_share_one_account(accounts: Accounts) -> None:
    both = await asyncio.gather(accounts.for_command_line(), accounts.for_command_line())
    assert both[0].user_id == both[1].user_id
    assert len(await accounts.list()) == 1


@pytest.mark.parametrize(
    ("system", "name"),
    [("anna-lena_k", "annalenak"), ("jo", "jouser"), ("", "user"), ("_", "user")],
)
async def test_any_system_name_gives_a_first_account(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, system: str, name: str
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: system)
    assert (await accounts.for_command_line()).username == name


async def test_with_one_account_the_command_line_needs_no_server(ports: AccountPorts) -> None:
    await Accounts(ports).welcome("anna", address="local")

    async def nowhere() -> str:
        raise ServerUnavailable("Valkey cannot be had")

    link = RedisLink(nowhere)
    offline = Accounts(
        AccountPorts(
            accounts=ports.accounts,
            sessions=RedisSessions(link),
            limits=RedisLimits(link),
            passwords=ports.passwords,
            resume_token=ports.resume_token,
            clock=ports.clock,
        )
    )
    assert (await offline.for_command_line()).username == "anna"
    with pytest.raises(ServerUnavailable):
        await offline.sessions.sign_in("anna", "x", stay=False, address="local")
    with pytest.raises(ServerUnavailable, match="The password is set, but"):
        await offline.set_password("anna", "x")


async def test_a_token_that_cannot_be_written_does_not_keep_anybody_out(
    accounts: Accounts, tmp_path: Path
) -> None:
    await accounts.add(ANNA)
    (tmp_path / "resume.json").mkdir()
    signed_in = await accounts.sessions.sign_in("anna", "kick drum", stay=True, address="local")
    assert await accounts.sessions.touch(signed_in.session.session_id) is not None


async def test_no_secret_is_in_what_is_printed_of_it(accounts: Accounts) -> None:
    made = await accounts.add(ANNA)
    signed_in = await accounts.sessions.sign_in("anna", "kick drum", stay=False, address="local")
    printed = f"{ANNA!r} {made!r} {signed_in!r}"
    assert "kick" not in printed
    assert "$2b$" not in printed
    assert signed_in.session.session_id not in printed
