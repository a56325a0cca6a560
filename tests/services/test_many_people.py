"""Roles, one-time codes and sessions where many people share a library on servers."""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from smtui.domain.account import Account, Role, SessionId
from smtui.domain.errors import (
    AlreadyTaken,
    InputInvalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    PasswordToChoose,
    SignInRefused,
    TooManyTries,
)
from smtui.services import sessions
from smtui.services.accounts import Accounts, AskedPerMinute, NewAccount
from smtui.services.sessions import AccountPorts, session_name
from smtui.stores.bcrypt_passwords import BcryptPasswords
from smtui.stores.memory import memory_documents
from smtui.stores.redis.limits import RedisLimits
from smtui.stores.redis.link import RedisLink
from smtui.stores.redis.sessions import RedisSessions
from smtui.stores.resume_file import ResumeFile
from tests.servers.valkey_server import ValkeyServer
from tests.services.people import FIRST_DAY


class MovedClock:
    """A clock that a test moves; a second later at every look, so that accounts have an order."""

    def __init__(self) -> None:
        self.time = FIRST_DAY

    def now(self):
        self.time += timedelta(seconds=1)
        return self.time


@dataclass
class Studio:
    """Accounts on servers, with the three who work there."""

    accounts: Accounts
    clock: MovedClock
    ports: AccountPorts
    admin: Account
    member: Account
    listener: Account


@pytest.fixture
async def ports(tmp_path: Path, valkey: ValkeyServer, link: RedisLink) -> AccountPorts:
    client: Any = Redis.from_url(await valkey.address())
    await client.flushall()
    await client.aclose()
    documents = memory_documents()
    return AccountPorts(
        accounts=documents.accounts,
        sessions=RedisSessions(link),
        limits=RedisLimits(link),
        passwords=BcryptPasswords(rounds=4),
        resume_token=ResumeFile(tmp_path / "resume.json"),
        clock=MovedClock(),
    )


@pytest.fixture
async def studio(ports: AccountPorts) -> Studio:
    accounts = Accounts(ports, guarded_by_system=False)
    admin = await accounts.add(NewAccount(username="anna", password="kick-of-a-drum"))
    new = [
        NewAccount(username="bert", password="snare-of-a-drum"),
        NewAccount(username="lena", password="hat-of-a-drum", role=Role.LISTENER),
    ]
    member, listener = [await accounts.add(one, by=admin) for one in new]
    clock = ports.clock
    assert isinstance(clock, MovedClock)
    return Studio(
        accounts=accounts, clock=clock, ports=ports, admin=admin, member=member, listener=listener
    )


async def roles(studio: Studio) -> dict[str, str]:
    known = await studio.accounts.list(by=studio.admin)
    return {account.username: account.role.value for account in known}


async def test_the_first_account_is_an_admin_and_the_others_what_they_are_made(studio: Studio):
    assert await roles(studio) == {"anna": "admin", "bert": "member", "lena": "listener"}


async def test_an_account_nobody_signed_in_to_is_not_there_for_the_taking(ports: AccountPorts):
    """A welcome would hand the admin's account to whoever opens smtui first."""
    accounts = Accounts(ports, guarded_by_system=False)
    assert not await accounts.any_account()
    await accounts.add(NewAccount(username="anna", password="kick-of-a-drum"))
    assert await accounts.any_account()
    with pytest.raises(AlreadyTaken):
        await accounts.welcome("anna", password="mine-of-a-drum", address="10.0.0.9")


async def test_of_two_first_accounts_only_one_is_an_admin(ports: AccountPorts):
    accounts = Accounts(ports, guarded_by_system=False)
    both = [
        accounts.add(NewAccount(username=name, password="x-of-a-drum")) for name in ("anna", "bert")
    ]
    made = await asyncio.gather(*both)
    assert sorted(account.role for account in made) == [Role.ADMIN, Role.MEMBER]
    kept = await ports.accounts.all()
    assert [account.role for account in kept] == [Role.ADMIN, Role.MEMBER]


async def test_only_admins_keep_accounts(studio: Studio):
    accounts = studio.accounts
    for by in (studio.member, studio.listener):
        for refused in (
            accounts.list(by=by),
            accounts.add(NewAccount(username="carl", password="x-of-a-drum"), by=by),
            accounts.disable("anna", by=by),
            accounts.enable("anna", by=by),
            accounts.set_role(by.username, Role.ADMIN, by=by),
            accounts.code("anna", by=by),
            accounts.code(by.username, by=by),
            accounts.sessions.of("anna", by=by),
            accounts.sessions.end_sessions("anna", by=by),
            accounts.set_password("anna", "x-of-a-drum", by=by),
        ):
            with pytest.raises(NotAllowed, match="Only an admin"):
                await refused
    assert len(await roles(studio)) == 3


async def test_whoever_is_nobody_keeps_nothing(studio: Studio):
    for refused in (
        studio.accounts.list(),
        studio.accounts.add(NewAccount(username="carl", password="x-of-a-drum")),
        studio.accounts.disable("bert"),
        studio.accounts.set_password("bert", "x-of-a-drum"),
        studio.accounts.sessions.of("bert"),
    ):
        with pytest.raises(NotSignedIn):
            await refused


async def test_who_asks_for_another_does_not_learn_whether_there_is_one(studio: Studio):
    said = set()
    for login in ("anna", "nobody"):
        with pytest.raises(NotAllowed) as refused:
            await studio.accounts.sessions.of(login, by=studio.member)
        said.add(str(refused.value))
    assert len(said) == 1


async def test_everybody_changes_their_own_password_and_nobody_anothers(studio: Studio):
    accounts = studio.accounts
    await accounts.set_password("lena", "tom-of-a-drum", by=studio.listener)
    await accounts.sessions.sign_in("lena", "tom-of-a-drum", stay=False, address="local")
    with pytest.raises(NotAllowed, match="Only bert chooses") as refused:
        await accounts.set_password("bert", "mine-of-a-drum", by=studio.admin)
    assert "smtui user code bert" in refused.value.hint


async def test_an_account_disabled_meanwhile_keeps_nothing(studio: Studio):
    await studio.accounts.set_role("bert", Role.ADMIN, by=studio.admin)
    await studio.accounts.disable("bert", by=studio.admin)
    with pytest.raises(NotSignedIn):
        await studio.accounts.list(by=studio.member)


async def test_the_last_admin_stays(studio: Studio):
    accounts = studio.accounts
    with pytest.raises(NotAllowed, match="anna is the only admin"):
        await accounts.disable("anna", by=studio.admin)
    with pytest.raises(NotAllowed, match="anna is the only admin"):
        await accounts.set_role("anna", Role.MEMBER, by=studio.admin)
    await accounts.set_role("bert", Role.ADMIN, by=studio.admin)
    await accounts.set_role("anna", Role.MEMBER, by=studio.admin)
    assert (await accounts.list(by=studio.member))[0].role is Role.MEMBER


async def test_commands_that_write_are_limited(ports: AccountPorts):
    accounts = Accounts(ports, per_minute=AskedPerMinute(commands=2))
    anna = await accounts.add(NewAccount(username="anna", password="x-of-a-drum"))
    await accounts.command(anna)
    await accounts.command(anna)
    with pytest.raises(TooManyTries):
        await accounts.command(anna)


# One-time codes.


async def test_a_code_is_short_and_has_no_signs_that_look_alike():
    codes = {sessions.new_code() for _ in range(200)}
    assert len(codes) == 200
    for code in codes:
        assert re.fullmatch(r"([a-hjkmnp-z2-9]{4}-){2}[a-hjkmnp-z2-9]{4}", code)


@pytest.mark.parametrize("typed", ["{}", "  {} ", "{upper}", "{spaces}", "{bare}"])
async def test_a_code_in_place_of_the_password_leads_to_a_new_one(studio: Studio, typed: str):
    code = (await studio.accounts.code("bert", by=studio.admin)).text
    typed = typed.format(
        code, upper=code.upper(), spaces=code.replace("-", " "), bare=code.replace("-", "")
    )
    with pytest.raises(PasswordToChoose):
        await studio.accounts.sessions.sign_in("bert", typed, stay=False, address="local")
    signed_in = await studio.accounts.sessions.choose_password(
        "bert", typed, "the new one", stay=False, address="local"
    )
    assert signed_in.account.username == "bert"
    assert signed_in.account.code is None
    await studio.accounts.sessions.sign_in("bert", "the new one", stay=False, address="local")
    for spent in (typed, "snare-of-a-drum"):
        with pytest.raises(SignInRefused):
            await studio.accounts.sessions.sign_in("bert", spent, stay=False, address="local")


async def test_nothing_ends_until_the_code_is_used_and_then_every_other_session(studio: Studio):
    accounts = studio.accounts
    before = await accounts.sessions.sign_in("bert", "snare-of-a-drum", stay=False, address="local")
    code = (await accounts.code("bert", by=studio.admin)).text
    assert await accounts.sessions.alive(before.session.session_id)
    await accounts.sessions.sign_in("bert", "snare-of-a-drum", stay=False, address="local")
    after = await accounts.sessions.choose_password(
        "bert", code, "new-of-a-drum", stay=False, address="local"
    )
    assert not await accounts.sessions.alive(before.session.session_id)
    assert await accounts.sessions.alive(after.session.session_id)


async def test_a_code_is_spent_once_also_by_two_at_once(studio: Studio):
    code = (await studio.accounts.code("bert", by=studio.admin)).text
    tries = [
        studio.accounts.sessions.choose_password("bert", code, word, stay=False, address="local")
        for word in ("it is mine", "not yours, mine", "or is it mine")
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    refused = [one for one in results if isinstance(one, SignInRefused)]
    assert len(refused) == 2


async def test_a_code_lives_a_day(studio: Studio):
    code = await studio.accounts.code("bert", by=studio.admin)
    assert code.expires_at - studio.clock.time == timedelta(days=1)
    studio.clock.time += timedelta(days=1)
    for refused in (
        studio.accounts.sessions.sign_in("bert", code.text, stay=False, address="local"),
        studio.accounts.sessions.choose_password(
            "bert", code.text, "new-of-a-drum", stay=False, address="local"
        ),
    ):
        with pytest.raises(SignInRefused):
            await refused


async def test_a_newer_code_and_a_new_password_take_the_code_away(studio: Studio):
    accounts = studio.accounts
    older = (await accounts.code("bert", by=studio.admin)).text
    newer = (await accounts.code("bert", by=studio.admin)).text
    with pytest.raises(SignInRefused):
        await accounts.sessions.choose_password(
            "bert", older, "new-of-a-drum", stay=False, address="local"
        )
    await accounts.set_password("bert", "own-of-a-drum", by=studio.member)
    with pytest.raises(SignInRefused):
        await accounts.sessions.choose_password(
            "bert", newer, "new-of-a-drum", stay=False, address="local"
        )


async def test_a_password_that_cannot_be_used_does_not_cost_the_code(studio: Studio):
    code = (await studio.accounts.code("bert", by=studio.admin)).text
    for bad in ("", "seven-7", "x" * 73):
        with pytest.raises(InputInvalid):
            await studio.accounts.sessions.choose_password(
                "bert", code, bad, stay=False, address="local"
            )
    await studio.accounts.sessions.choose_password(
        "bert", code, "good-of-a-drum", stay=False, address="local"
    )


@pytest.mark.parametrize("short", ["x", "kick", "seven-7"])
async def test_a_password_that_anybody_guesses_is_refused_where_others_reach_the_library(
    studio: Studio, short: str
):
    accounts = studio.accounts
    for refused in (
        accounts.add(NewAccount(username="carl", password=short), by=studio.admin),
        accounts.set_password("bert", short, by=studio.member),
    ):
        with pytest.raises(InputInvalid, match="at least 8 characters"):
            await refused
    await accounts.sessions.sign_in("bert", "snare-of-a-drum", stay=False, address="local")


async def test_a_code_opens_no_disabled_account(studio: Studio):
    code = (await studio.accounts.code("bert", by=studio.admin)).text
    await studio.accounts.disable("bert", by=studio.admin)
    for refused in (
        studio.accounts.sessions.sign_in("bert", code, stay=False, address="local"),
        studio.accounts.sessions.choose_password(
            "bert", code, "new-of-a-drum", stay=False, address="local"
        ),
    ):
        with pytest.raises(SignInRefused):
            await refused
    with pytest.raises(NotAllowed, match="disabled"):
        await studio.accounts.code("bert", by=studio.admin)


async def test_guessed_codes_are_refused_and_limited_like_passwords(studio: Studio):
    await studio.accounts.code("bert", by=studio.admin)
    said = set()
    for number in range(5):
        for login in ("bert", "nobody"):
            guess = sessions.new_code()
            with pytest.raises(SignInRefused) as refused:
                await studio.accounts.sessions.sign_in(
                    login, guess, stay=False, address=f"10.0.1.{number}"
                )
            said.add(str(refused.value))
            with pytest.raises(SignInRefused) as refused:
                await studio.accounts.sessions.choose_password(
                    login, guess, "new-of-a-drum", stay=False, address=f"10.0.2.{number}"
                )
            said.add(str(refused.value))
    assert said == {"Wrong name or password", "Wrong name or code"}
    with pytest.raises(TooManyTries):
        await studio.accounts.sessions.sign_in(
            "bert", "snare-of-a-drum", stay=False, address="10.0.9.9"
        )


async def test_a_guess_costs_the_same_whoever_it_is_for(ports: AccountPorts, studio: Studio):
    compared: list[str] = []

    class Counted(BcryptPasswords):
        async def matches(self, password: str, hashed_password: str | None) -> bool:
            compared.append(password)
            return await super().matches(password, hashed_password)

    counted = Accounts(
        AccountPorts(
            accounts=ports.accounts,
            sessions=ports.sessions,
            limits=ports.limits,
            passwords=Counted(rounds=4),
            resume_token=ports.resume_token,
            clock=ports.clock,
        ),
        guarded_by_system=False,
    )
    await studio.accounts.code("bert", by=studio.admin)
    guess = sessions.new_code()
    costs = []
    for login in ("bert", "anna", "nobody"):
        compared.clear()
        with pytest.raises(SignInRefused):
            await counted.sessions.sign_in(login, guess, stay=False, address="local")
        costs.append(len(compared))
    assert costs == [2, 2, 2]


async def test_no_code_is_in_what_is_printed_of_it(studio: Studio):
    code = await studio.accounts.code("bert", by=studio.admin)
    kept = await studio.ports.accounts.by_id(studio.member.user_id)
    assert kept is not None
    assert kept.code is not None
    assert code.text not in repr(code)
    assert kept.code.hashed_code.startswith("$2b$")
    assert "$2b$" not in f"{kept!r} {kept.code!r}"


# Sessions.


async def test_sessions_are_listed_and_ended_by_their_person_or_an_admin(studio: Studio):
    accounts = studio.accounts
    desk = await accounts.sessions.sign_in("bert", "snare-of-a-drum", stay=True, address="10.0.0.7")
    sofa = await accounts.sessions.sign_in(
        "bert", "snare-of-a-drum", stay=False, address="10.0.0.8"
    )
    listed = await accounts.sessions.of("bert", by=studio.member)
    assert [one.ip_address for one in listed] == ["10.0.0.8", "10.0.0.7"]
    assert await accounts.sessions.of("bert", by=studio.admin) == listed
    name = session_name(sofa.session.session_id)
    assert name not in sofa.session.session_id
    await accounts.sessions.end_session("bert", name[:4], by=studio.member)
    assert not await accounts.sessions.alive(sofa.session.session_id)
    assert await accounts.sessions.alive(desk.session.session_id)
    with pytest.raises(NotFound):
        await accounts.sessions.end_session("bert", name, by=studio.member)
    await accounts.sessions.sign_in("bert", "snare-of-a-drum", stay=False, address="10.0.0.8")
    with pytest.raises(InputInvalid, match="Several"):
        await accounts.sessions.end_session("bert", "", by=studio.member)
    assert await accounts.sessions.end_sessions("bert", by=studio.admin) == 2
    assert await accounts.sessions.of("bert", by=studio.member) == ()


async def test_one_finds_in_the_list_the_machine_at_which_one_forgot_to_sign_out(studio: Studio):
    accounts = studio.accounts
    await accounts.sessions.sign_in("bert", "snare-of-a-drum", stay=True, address="local")
    (forgotten,) = await accounts.sessions.of("bert", by=studio.member)
    assert forgotten.ip_address == os.uname().nodename


async def test_who_was_signed_out_hears_why(studio: Studio):
    accounts = studio.accounts
    bert = (
        await accounts.sessions.sign_in("bert", "snare-of-a-drum", stay=False, address="local")
    ).account
    assert await accounts.sessions.why_ended(bert) == "Your session was ended. Sign in again."
    await accounts.set_password("bert", "other-of-a-drum", by=bert)
    assert "password was changed" in await accounts.sessions.why_ended(bert)
    await accounts.disable("bert", by=studio.admin)
    assert await accounts.sessions.why_ended(bert) == "Your account was disabled."


# The command line.


async def test_on_servers_a_command_is_whoever_signed_in(studio: Studio):
    accounts = studio.accounts
    with pytest.raises(NotSignedIn, match="Sign in first"):
        await accounts.for_command_line()
    await accounts.sessions.sign_in("bert", "snare-of-a-drum", stay=True, address="local")
    assert (await accounts.for_command_line()).username == "bert"
    token = await accounts.sessions.token("lena", "hat-of-a-drum")
    assert (await accounts.for_command_line(token)).username == "lena"
    assert await accounts.sessions.present_session(token) == SessionId(token)
    with pytest.raises(NotSignedIn, match="SMTUI_TOKEN"):
        await accounts.for_command_line("not-a-session")


async def test_on_servers_a_token_wants_the_password(studio: Studio):
    for login, word in (("bert", ""), ("bert", "kick"), ("nobody", "x")):
        with pytest.raises(SignInRefused, match="Wrong name or password"):
            await studio.accounts.sessions.token(login, word)
    assert await studio.accounts.sessions.of("bert", by=studio.member) == ()
