"""Opening a library on MongoDB: whose documents are there, and who wrote them last."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from smtui.domain.errors import StoreTooNew, StoreUnreachable
from smtui.stores.mongo import schema
from smtui.stores.mongo.line import MongoLine
from smtui.stores.mongo.opening import make_ready, opened
from tests.contracts.document_stores import account
from tests.stores_mongo.meddling import Meddler

USER = {
    "user_id": "11111111-1111-4111-8111-111111111111",
    "email": "anna@example.org",
    "username": "anna",
    "hashed_password": "$2b$12$x",
}


async def everything(raw: Any) -> dict[str, list[Any]]:
    """Every document and index of the database."""
    names = sorted(await raw.list_collection_names())
    return {
        name: [
            *await raw[name].find({}).to_list(),
            *sorted(await raw[name].index_information()),
        ]
        for name in names
    }


async def test_a_library_is_made_once_and_found_again(mongo_url: str, raw: Any) -> None:
    anna = account("anna")
    async with opened(mongo_url) as documents:
        await documents.accounts.add(anna)
    before = await everything(raw)
    async with opened(mongo_url) as documents:
        assert await documents.accounts.by_id(anna.user_id) == anna
    assert await everything(raw) == before
    assert await raw.smtui_state.find_one({"_id": "schema"}) == {
        "_id": "schema",
        "number": schema.NUMBER,
    }


async def test_many_who_open_a_new_library_at_once_all_get_it(mongo_url: str, raw: Any) -> None:
    lines = [MongoLine(mongo_url) for _ in range(6)]
    await asyncio.gather(*(make_ready(line) for line in lines))
    await asyncio.gather(*(line.close() for line in lines))
    assert await raw.smtui_state.count_documents({"_id": "schema"}) == 1


async def test_a_newer_library_is_left_alone(line: MongoLine, raw: Any) -> None:
    await raw.smtui_state.insert_one({"_id": "schema", "number": schema.NUMBER + 1})
    before = await everything(raw)
    with pytest.raises(StoreTooNew, match="newer smtui") as told:
        await make_ready(line)
    assert told.value.hint == "Update smtui on this machine."
    assert await everything(raw) == before


@pytest.mark.parametrize(
    ("collection", "document", "lacking"),
    [
        ("users", {"login": "anna", "email": "anna@example.org"}, "user_id"),
        ("users", {"_id": 1, "user_id": 17, "email": "a", "username": "b"}, "user_id"),
        ("users", {**USER, "hashed_password": None}, "hashed_password"),
        ("audio_files", {"path": "/a.wav"}, "file_id"),
        ("audio_files", {"file_id": "1"}, "file_path"),
        ("analyses", {"analysis_id": "1", "tempo": 120.0}, "file_id"),
        ("batch_jobs", {"job": 1}, "batch_id"),
        ("batch_jobs", {"batch_id": "1", "file_ids": {}}, "file_ids"),
    ],
)
async def test_the_documents_of_another_program_are_left_alone(
    line: MongoLine, raw: Any, collection: str, document: dict[str, Any], lacking: str
) -> None:
    await raw[collection].insert_one(document)
    before = await everything(raw)
    with pytest.raises(StoreUnreachable, match=f"{collection} .* has no {lacking}") as told:
        await make_ready(line)
    assert "another_name" in told.value.hint
    assert await everything(raw) == before


async def test_a_foreign_document_that_comes_later_is_seen_too(line: MongoLine, raw: Any) -> None:
    await make_ready(line)
    await raw.audio_files.insert_one({"path": "/a.wav"})
    with pytest.raises(StoreUnreachable, match="has no file_id"):
        await make_ready(line)


async def test_the_system_s_own_documents_are_welcome(mongo_url: str, raw: Any) -> None:
    await raw.users.insert_one({**USER, "created_at": datetime(2024, 1, 1)})  # noqa: DTZ001
    async with opened(mongo_url) as documents:
        assert [one.username for one in await documents.accounts.all()] == ["anna"]


async def test_an_open_library_is_looked_at_in_few_questions(
    shaky: MongoLine, meddler: Meddler
) -> None:
    meddler.asked.clear()
    await make_ready(shaky)
    questions = [one for one in meddler.asked if one not in {"hello", "ismaster"}]
    assert len(questions) <= 13


@pytest.mark.parametrize("lost", ["buildInfo", "find", "findAndModify", "listIndexes"])
async def test_a_library_is_opened_over_a_line_that_breaks(
    meddler: Meddler, raw: Any, lost: str
) -> None:
    meddler.lose_once(lost)
    async with opened(meddler.url) as documents:
        assert await documents.accounts.all() == ()


async def test_indexes_are_made_over_a_line_that_breaks(meddler: Meddler, raw: Any) -> None:
    meddler.lose_once("createIndexes")
    async with opened(meddler.url):
        assert "email_key_1" in await raw.users.index_information()
