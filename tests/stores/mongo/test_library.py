"""Opening a library on MongoDB: whose documents are there, and who wrote them last."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from smtui.domain.errors import StoreTooNew, StoreUnreachable
from smtui.domain.health import Condition
from smtui.stores.mongo import schema
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.health import MongoHealth
from smtui.stores.mongo.library import make_ready, opened
from tests.contracts.document_stores import account
from tests.stores.mongo.meddling import Document, Meddler

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


FERRET_1: tuple[Document, ...] = (
    {"version": "7.0.42", "ferretdbVersion": "v1.24.2", "ferretdbFeatures": {}},
    {"version": "7.0.42", "ferretdbFeatures": {"aggregationStages": ["$match"]}},
    {"version": "7.0.42", "ferretdb": {"version": "v1.99.0"}},
)


@pytest.mark.parametrize("said", FERRET_1)
async def test_a_server_that_loses_changes_of_two_at_once_is_refused_with_the_reason(
    meddler: Meddler, raw: Any, said: Document
) -> None:
    meddler.change = lambda asked, answer: answer | said if asked == "buildInfo" else answer
    line = MongoLine(meddler.url)
    with pytest.raises(StoreUnreachable, match=r"FerretDB 1\S* loses changes") as told:
        await make_ready(line)
    assert told.value.hint == "smtui needs MongoDB 7 or newer, or FerretDB 2."
    assert await raw.list_collection_names() == []
    health = await MongoHealth(line)()
    assert (health.condition, health.trouble) == (Condition.BROKEN, told.value.title)
    assert health.version.startswith("FerretDB 1")
    await line.close()


@pytest.mark.parametrize("said", [{"version": "v2.7.0"}, {"version": "v2.7.0", "package": "deb"}])
async def test_ferretdb_2_is_named_and_opened(meddler: Meddler, said: Document) -> None:
    own = {"version": "7.0.77", "ferretdb": said}
    meddler.change = lambda asked, answer: answer | own if asked == "buildInfo" else answer
    line = MongoLine(meddler.url)
    await make_ready(line)
    health = await MongoHealth(line)()
    assert (health.condition, health.version) == (Condition.OK, "FerretDB 2.7.0")
    await line.close()


async def test_a_server_that_lacks_an_operator_is_refused_before_anything_is_made(
    meddler: Meddler, raw: Any
) -> None:
    refusal = {"ok": 0.0, "code": 238, "errmsg": "The operator $filter is not implemented yet"}
    meddler.change = lambda asked, answer: refusal if asked == "aggregate" else answer
    line = MongoLine(meddler.url)
    with pytest.raises(StoreUnreachable, match=r"cannot do what smtui needs: .*\$filter") as told:
        await make_ready(line)
    assert "MongoDB 7" in told.value.hint
    assert await raw.list_collection_names() == []
    health = await MongoHealth(line)()
    assert (health.condition, health.trouble) == (Condition.BROKEN, told.value.title)
    await line.close()


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({"n": 3}, "loses changes that are made at the same time"),
        ({"ids": ["a", "b", "c"]}, r"\$push with \$slice"),
    ],
)
async def test_a_server_that_does_not_do_what_it_says_holds_no_new_library(
    meddler: Meddler, raw: Any, seen: Document, told: str
) -> None:
    def change(asked: str, answer: Document) -> Document:
        for one in answer.get("cursor", {}).get("firstBatch", ()):
            if asked == "find" and "results" in one:
                one.update(seen)
        return answer

    meddler.change = change
    line = MongoLine(meddler.url)
    with pytest.raises(StoreUnreachable, match=told):
        await make_ready(line)
    # What was tried is gone again.
    assert await raw.smtui_state.count_documents({}) == 0
    await line.close()


async def test_the_number_is_written_when_all_the_rest_is_done(meddler: Meddler, raw: Any) -> None:
    refusal = {"ok": 0.0, "code": 14031, "errmsg": "no room"}
    meddler.change = lambda asked, answer: refusal if asked == "createIndexes" else answer
    line = MongoLine(meddler.url)
    with pytest.raises(StoreUnreachable, match=r"disk of MongoDB .* is full"):
        await make_ready(line)
    assert await raw.smtui_state.count_documents({}) == 0
    meddler.change = lambda _, answer: answer
    await make_ready(line)
    assert await schema.number_there(line) == schema.NUMBER
    await line.close()


async def test_many_who_open_a_new_library_at_once_all_get_it(mongo_url: str, raw: Any) -> None:
    lines = [MongoLine(mongo_url) for _ in range(6)]
    await asyncio.gather(*(make_ready(line) for line in lines))
    await asyncio.gather(*(line.close() for line in lines))
    assert await raw.smtui_state.count_documents({"_id": "schema"}) == 1


async def test_a_library_has_one_id_whoever_asks_first(mongo_url: str, raw: Any) -> None:
    async def its_id() -> str:
        async with opened(mongo_url) as documents:
            return documents.library_id

    ids = await asyncio.gather(*(its_id() for _ in range(6)))
    assert len({*ids}) == 1
    assert UUID(ids[0])
    assert await raw.smtui_state.count_documents({"_id": "identity"}) == 1


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
    # Most of them side by side; one is for whose library it is.
    assert len(questions) <= 17


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
