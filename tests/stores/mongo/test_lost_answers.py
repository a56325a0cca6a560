"""What was done and whose answer was lost is done once: accounts and analyses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from smtui.domain.account import OneTimeCode, Role, UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.errors import AlreadyTaken
from smtui.domain.sample import FileId
from smtui.stores.mongo.accounts import MongoAccounts
from smtui.stores.mongo.analyses import MongoAnalyses
from smtui.stores.mongo.client import MongoLine
from tests.contracts.document_stores import NOW, account
from tests.contracts.test_analyses import analysis
from tests.stores.mongo.meddling import Meddler

Asked = Callable[[str], None]
ANNA = account("anna")
CODE = OneTimeCode(hashed_code="$2b$12$code", expires_at=NOW)


@pytest.fixture
async def accounts(shaky: MongoLine) -> MongoAccounts:
    return MongoAccounts(shaky)


@pytest.fixture
async def analyses(shaky: MongoLine) -> MongoAnalyses:
    return MongoAnalyses(shaky)


@pytest.fixture
def lost(meddler: Meddler) -> Asked:
    meddler.asked.clear()
    return meddler.lose_once


async def test_a_new_account_is_not_taken_by_itself(accounts: MongoAccounts, lost: Asked) -> None:
    lost("insert")
    await accounts.add(ANNA)
    assert await accounts.all() == (ANNA,)
    lost("insert")
    with pytest.raises(AlreadyTaken, match="username"):
        await accounts.add(replace(ANNA, user_id=UserId("2"), email="other@example.org"))


async def test_a_use_is_counted_once(accounts: MongoAccounts, meddler: Meddler) -> None:
    await accounts.add(ANNA)
    for number in range(1, 5):
        meddler.lose_once("update")
        await accounts.count_use(ANNA.user_id, analyses=2, uploads=1)
        kept = await accounts.by_id(ANNA.user_id)
        assert kept == replace(ANNA, total_analyses=2 * number, total_uploads=number)
    assert meddler.asked.count("update") == 8


async def test_a_code_is_spent_once(accounts: MongoAccounts, lost: Asked) -> None:
    await accounts.add(replace(ANNA, code=CODE))
    lost("update")
    assert await accounts.spend_code(ANNA.user_id, CODE.hashed_code, "$2b$12$new")
    assert not await accounts.spend_code(ANNA.user_id, CODE.hashed_code, "$2b$12$newer")
    assert await accounts.by_id(ANNA.user_id) == replace(ANNA, hashed_password="$2b$12$new")


async def test_what_is_set_is_said_to_be_set(accounts: MongoAccounts, meddler: Meddler) -> None:
    await accounts.add(ANNA)
    changes: list[Callable[[], Awaitable[bool]]] = [
        lambda: accounts.set_role(ANNA.user_id, Role.LISTENER),
        lambda: accounts.set_active(ANNA.user_id, active=False),
        lambda: accounts.set_password(ANNA.user_id, "$2b$12$new"),
        lambda: accounts.set_code(ANNA.user_id, CODE),
        lambda: accounts.signed_in(ANNA.user_id, NOW),
    ]
    for work in changes:
        meddler.lose_once("update")
        assert await work()


async def test_an_analysis_is_saved_once(analyses: MongoAnalyses, lost: Asked, raw: Any) -> None:
    saved = analysis(FileId("kick"))
    lost("insert")
    assert await analyses.save(saved) == saved.analysis_id
    lost("findAndModify")
    higher = analysis(FileId("kick"), level=Level.FULL)
    assert await analyses.save(higher) == saved.analysis_id
    assert await raw.analyses.count_documents({}) == 1
    assert await analyses.newest(FileId("kick")) == replace(higher, analysis_id=saved.analysis_id)


async def test_of_many_who_save_at_once_the_highest_level_stays(
    analyses: MongoAnalyses, raw: Any
) -> None:
    for number in range(10):
        kick = FileId(f"kick {number}")
        several = [
            analysis(kick, level=level, at=at) for at, level in enumerate([*Level, *Level][::-1])
        ]
        ids = await asyncio.gather(*(analyses.save(one) for one in several))
        assert len({*ids}) == 1
        kept = await analyses.newest(kick)
        assert kept is not None
        assert kept.measured.level is Level.FULL
        assert await raw.analyses.count_documents({"file_id": kick}) == 1


async def test_an_id_that_stands_for_an_older_recipe_is_not_taken_twice(
    analyses: MongoAnalyses,
) -> None:
    """A claim has its analysis_id; a newer smtui may repeat it with its own recipe."""
    old = analysis(FileId("kick"), recipe_version=1)
    new = replace(analysis(FileId("kick"), recipe_version=2, at=1), analysis_id=old.analysis_id)
    assert await analyses.save(old) == old.analysis_id
    given = await analyses.save(new)
    assert given != old.analysis_id
    assert await analyses.save(new) == given
    assert await analyses.newest(FileId("kick")) == replace(new, analysis_id=AnalysisId(given))


async def test_time_goes_on_while_an_answer_is_lost(accounts: MongoAccounts, lost: Asked) -> None:
    await accounts.add(ANNA)
    lost("find")
    later = NOW + timedelta(days=1)
    assert await accounts.signed_in(ANNA.user_id, later)
    assert await accounts.by_login("ANNA") == replace(ANNA, last_login=later)
