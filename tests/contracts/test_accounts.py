"""What every AccountStore does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from smtui.domain.account import OneTimeCode, Role, UserId
from smtui.domain.errors import AlreadyTaken
from smtui.domain.ports.documents import AccountStore
from tests.contracts.document_stores import NOW, DocumentStores, account


@pytest.fixture
def accounts(documents: DocumentStores) -> AccountStore:
    return documents.accounts


async def test_an_account_comes_back_as_it_was_given(accounts: AccountStore) -> None:
    anna = account("Anna", last_login=NOW, is_verified=True, total_analyses=3, total_uploads=4)
    await accounts.add(anna)
    assert await accounts.by_id(anna.user_id) == anna


@pytest.mark.parametrize("login", ["Straße", "STRASSE", "straße@EXAMPLE.org"])
async def test_a_login_is_found_folded(accounts: AccountStore, login: str) -> None:
    anna = account("Straße")
    await accounts.add(anna)
    assert await accounts.by_login(login) == anna


async def test_nobody_is_found_under_an_unknown_or_empty_login(accounts: AccountStore) -> None:
    await accounts.add(account("anna", email=""))
    assert await accounts.by_login("bert") is None
    assert await accounts.by_login("") is None
    assert await accounts.by_id(UserId("nobody")) is None


async def test_a_taken_name_or_e_mail_is_named(accounts: AccountStore) -> None:
    await accounts.add(account("anna"))
    with pytest.raises(AlreadyTaken, match="username"):
        await accounts.add(account("ANNA", email="other@example.org"))
    with pytest.raises(AlreadyTaken, match="e-mail"):
        await accounts.add(account("other", email="Anna@Example.org"))
    assert [one.username for one in await accounts.all()] == ["anna"]


async def test_accounts_without_an_e_mail_do_not_take_it_from_each_other(
    accounts: AccountStore,
) -> None:
    await accounts.add(account("anna", email=""))
    await accounts.add(account("bert", email=""))
    assert len(await accounts.all()) == 2


async def test_of_many_who_ask_for_a_name_at_once_one_gets_it(accounts: AccountStore) -> None:
    tries = [accounts.add(account("anna", email=f"{n}@example.org")) for n in range(8)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert all(result is None or isinstance(result, AlreadyTaken) for result in results)


async def test_accounts_are_listed_oldest_first(accounts: AccountStore) -> None:
    for days, name in ((2, "third"), (0, "first"), (1, "second")):
        await accounts.add(account(name, created_at=NOW + timedelta(days=days)))
    assert [one.username for one in await accounts.all()] == ["first", "second", "third"]


async def test_changes_are_kept_and_unknown_accounts_are_said(accounts: AccountStore) -> None:
    anna = account("anna")
    await accounts.add(anna)
    assert await accounts.set_password(anna.user_id, "$2b$12$new")
    assert await accounts.set_active(anna.user_id, active=False)
    assert await accounts.signed_in(anna.user_id, NOW)
    changed = replace(anna, hashed_password="$2b$12$new", is_active=False, last_login=NOW)
    assert await accounts.by_id(anna.user_id) == changed
    nobody = UserId("nobody")
    assert not await accounts.set_password(nobody, "x")
    assert not await accounts.set_active(nobody, active=True)
    assert not await accounts.signed_in(nobody, NOW)


async def test_uses_are_counted_whoever_counts_at_the_same_time(accounts: AccountStore) -> None:
    anna = account("anna")
    await accounts.add(anna)
    await asyncio.gather(
        *(accounts.count_use(anna.user_id, analyses=2, uploads=1) for _ in range(20))
    )
    kept = await accounts.by_id(anna.user_id)
    assert kept == replace(anna, total_analyses=40, total_uploads=20)


CODE = OneTimeCode(hashed_code="$2b$12$code", expires_at=NOW + timedelta(hours=1))


async def test_a_role_and_a_code_come_back_as_they_were_given(accounts: AccountStore) -> None:
    anna = account("anna", role=Role.LISTENER, code=CODE)
    await accounts.add(anna)
    await accounts.add(account("bert", created_at=NOW + timedelta(days=1)))
    assert await accounts.by_id(anna.user_id) == anna
    assert [one.role for one in await accounts.all()] == [Role.LISTENER, Role.MEMBER]


async def test_a_role_is_changed_alone(accounts: AccountStore) -> None:
    anna = account("anna", code=CODE)
    await accounts.add(anna)
    for role in Role:
        assert await accounts.set_role(anna.user_id, role)
        assert await accounts.by_id(anna.user_id) == replace(anna, role=role)
    assert not await accounts.set_role(UserId("nobody"), Role.ADMIN)


async def test_a_code_is_replaced_and_taken_away(accounts: AccountStore) -> None:
    anna = account("anna")
    await accounts.add(anna)
    for code in (CODE, replace(CODE, hashed_code="$2b$12$another"), None, None):
        assert await accounts.set_code(anna.user_id, code)
        assert await accounts.by_id(anna.user_id) == replace(anna, code=code)
    assert not await accounts.set_code(UserId("nobody"), CODE)


async def test_a_code_is_spent_once_and_only_while_it_is_this_one(accounts: AccountStore) -> None:
    anna = account("anna", code=CODE)
    await accounts.add(anna)
    assert not await accounts.spend_code(anna.user_id, "$2b$12$other", "$2b$12$new")
    assert not await accounts.spend_code(UserId("nobody"), CODE.hashed_code, "$2b$12$new")
    assert await accounts.by_id(anna.user_id) == anna
    assert await accounts.spend_code(anna.user_id, CODE.hashed_code, "$2b$12$new")
    assert not await accounts.spend_code(anna.user_id, CODE.hashed_code, "$2b$12$newer")
    kept = await accounts.by_id(anna.user_id)
    assert kept == replace(anna, hashed_password="$2b$12$new", code=None)


async def test_of_many_who_spend_a_code_at_once_one_does(accounts: AccountStore) -> None:
    anna = account("anna", code=CODE)
    await accounts.add(anna)
    tries = [f"$2b$12$new {number}" for number in range(8)]
    spent = await asyncio.gather(
        *(accounts.spend_code(anna.user_id, CODE.hashed_code, one) for one in tries)
    )
    kept = await accounts.by_id(anna.user_id)
    assert kept is not None
    assert [one for one, done in zip(tries, spent, strict=True) if done] == [kept.hashed_password]
