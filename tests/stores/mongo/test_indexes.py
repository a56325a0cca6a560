"""Every index of system and smtui is there; what stands in its place is told, not dropped."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pymongo.errors import DuplicateKeyError

from smtui.domain.errors import StoreUnreachable
from smtui.domain.health import Condition
from smtui.stores.mongo import schema
from smtui.stores.mongo.client import MongoLine, Server
from smtui.stores.mongo.health import MongoHealth
from smtui.stores.mongo.indexes import INDEXES, Found, look, make, unique
from smtui.stores.mongo.library import make_ready
from tests.stores.mongo.meddling import Document, Meddler

# As the system lists them: fields, each rising (1) or falling (-1), and whether unique.
THEIRS = {
    "users": [
        ([("user_id", 1)], True),
        ([("email", 1)], True),
        ([("username", 1)], True),
        ([("created_at", -1)], False),
    ],
    "audio_files": [
        ([("file_id", 1)], True),
        ([("user_id", 1)], False),
        ([("uploaded_at", -1)], False),
        ([("user_id", 1), ("uploaded_at", -1)], False),
        ([("tags", 1)], False),
        ([("file_hash", 1)], False),
    ],
    "analyses": [
        ([("analysis_id", 1)], True),
        ([("file_id", 1)], False),
        ([("user_id", 1)], False),
        ([("analyzed_at", -1)], False),
        ([("user_id", 1), ("analyzed_at", -1)], False),
        ([("file_hash", 1), ("recipe_version", 1)], False),
    ],
    "batch_jobs": [
        ([("batch_id", 1)], True),
        ([("user_id", 1)], False),
        ([("status", 1)], False),
        ([("user_id", 1), ("status", 1)], False),
        ([("created_at", -1)], False),
    ],
}
OURS = {
    "users": ["email_key", "username_key"],
    "audio_files": ["path_key"],
    "analyses": ["smtui_key"],
}


async def test_every_index_of_the_system_is_there(line: MongoLine, raw: Any) -> None:
    await make_ready(line)
    for collection, indexes in THEIRS.items():
        there = (await raw[collection].index_information()).values()
        for keys, is_unique in indexes:
            found = [how for how in there if how["key"] == keys]
            assert [bool(how.get("unique")) for how in found] == [is_unique], keys
            assert not any(how.get("sparse") for how in found), keys


async def test_ours_are_unique_where_a_document_has_the_field(line: MongoLine, raw: Any) -> None:
    await make_ready(line)
    for collection, fields in OURS.items():
        there = await raw[collection].index_information()
        for field in fields:
            assert there[f"{field}_1"]["unique"]
            assert there[f"{field}_1"]["sparse"]


async def test_what_is_there_is_not_made_again(line: MongoLine) -> None:
    first = await look(line)
    assert first.missing == {name: indexes for name, indexes in INDEXES.items() if indexes}
    await make_ready(line)
    assert await look(line) == Found(missing={}, obstacles=())


async def test_an_index_of_the_same_shape_may_have_another_name(line: MongoLine, raw: Any) -> None:
    await raw.users.create_index([("email", 1)], unique=True, name="login")
    await make_ready(line)
    there = await raw.users.index_information()
    assert "login" in there
    assert "email_1" not in there


async def test_indexes_that_smtui_does_not_know_stay(line: MongoLine, raw: Any) -> None:
    await raw.audio_files.create_index([("metadata.artist", 1)], name="theirs")
    await make_ready(line)
    assert "theirs" in await raw.audio_files.index_information()


@pytest.mark.parametrize(
    ("collection", "keys", "options", "told"),
    [
        ("users", [("email", 1)], {}, "email_1 of users .* it is not unique"),
        ("users", [("username_key", 1)], {"unique": True}, "username_key_1 of users .* not sparse"),
        ("analyses", [("file_id", 1)], {"unique": True}, "file_id_1 of analyses .* it is unique"),
        ("audio_files", [("tags", 1)], {"sparse": True}, "tags_1 of audio_files .* it is sparse"),
        (
            "batch_jobs",
            [("created_at", -1)],
            {"expireAfterSeconds": 60},
            "created_at_-1 of batch_jobs .* has expireAfterSeconds",
        ),
        (
            "users",
            [("login", 1)],
            {"name": "user_id_1"},
            "user_id_1 of users .* it has other fields",
        ),
    ],
)
async def test_an_index_of_another_shape_is_told_and_stays(
    line: MongoLine,
    raw: Any,
    collection: str,
    keys: list[tuple[str, int]],
    options: dict[str, Any],
    told: str,
) -> None:
    name = await raw[collection].create_index(keys, **options)
    before = await raw[collection].index_information()
    with pytest.raises(StoreUnreachable, match=told) as error:
        await make_ready(line)
    assert f'db.{collection}.dropIndex("{name}")' in error.value.hint
    assert await raw[collection].index_information() == before
    # Nothing was made in another collection either.
    others = {other for other in INDEXES if other != collection}
    assert not others & {*await raw.list_collection_names()} - {"smtui_state"}
    assert await schema.number_there(line) == 0


async def test_documents_that_share_what_must_be_unique_are_told_without_quoting_them(
    line: MongoLine, raw: Any
) -> None:
    for number in ("1", "2"):
        await raw.users.insert_one(
            {
                "user_id": number,
                "email": "anna@example.org",
                "username": number,
                "hashed_password": "x",
            }
        )
    with pytest.raises(StoreUnreachable, match="Documents in users have the same email") as told:
        await make_ready(line)
    assert told.value.hint
    assert "anna" not in str(told.value)
    assert told.value.__cause__ is None
    assert told.value.__context__ is None


async def test_all_that_is_in_the_way_is_told_at_once_and_dropped_by_one_line(
    line: MongoLine, raw: Any
) -> None:
    theirs = [("users", "user_id"), ("users", "email"), ("audio_files", "file_id")]
    for collection, field in theirs:
        await raw[collection].create_index([(field, 1)], name=f'{field} of "theirs"')
    await raw.batch_jobs.create_index("status", unique=True)
    with pytest.raises(StoreUnreachable, match="4 indexes are not as smtui needs them") as told:
        await make_ready(line)
    assert 'email of "theirs" of users is not unique' in told.value.title
    health = await MongoHealth(line)()
    assert health.condition is Condition.BROKEN
    assert (health.trouble, health.hint) == (told.value.title, told.value.hint)
    drops = re.findall(r'db\.(\w+)\.dropIndex\(("(?:[^"\\]|\\.)+")\);', told.value.hint)
    assert len(drops) == 4
    for collection, name in drops:
        await raw[collection].drop_index(json.loads(name))
    await make_ready(line)
    assert (await MongoHealth(line)()).trouble == ""


async def test_the_check_says_of_doubles_what_the_start_will_say(line: MongoLine, raw: Any) -> None:
    for number in ("1", "2"):
        await raw.audio_files.insert_one({"file_id": "same", "file_path": number})
        await raw.analyses.insert_one({"analysis_id": "same", "file_id": number})
    health = await MongoHealth(line)()
    assert health.condition is Condition.BROKEN
    assert "Documents in audio_files have the same file_id" in health.trouble
    assert "Documents in analyses have the same analysis_id" in health.trouble
    assert await raw.smtui_state.count_documents({}) == 0
    with pytest.raises(StoreUnreachable) as told:
        await make_ready(line)
    assert told.value.title == health.trouble


async def test_an_index_that_is_only_missing_is_promised_and_made(
    line: MongoLine, raw: Any
) -> None:
    await make_ready(line)
    await raw.users.drop_index("email_key_1")
    health = await MongoHealth(line)()
    assert (health.condition, health.trouble) == (Condition.OK, "It lacks indexes of users")
    assert "email_key_1" not in await raw.users.index_information()
    await make_ready(line)
    assert "email_key_1" in await raw.users.index_information()


async def test_doubles_are_told_whatever_the_server_calls_them(
    shaky: MongoLine, meddler: Meddler, raw: Any
) -> None:
    for number in (1, 2):
        await raw.others.insert_one({"number": number, "e_mail": "anna@example.org"})
    # As FerretDB 2 refuses to make a unique index.
    refusal = {"ok": 0.0, "code": 1, "errmsg": "could not create exclusion constraint anna@…"}
    meddler.change = lambda asked, answer: refusal if asked == "createIndexes" else answer
    server = Server(mongodb="7.0.77", ferretdb="2.7.0")
    with pytest.raises(StoreUnreachable, match="Documents in others have the same e_mail") as told:
        await make(shaky, server, {"others": [unique("e_mail")]})
    assert "anna" not in str(told.value)
    with pytest.raises(StoreUnreachable, match="number_1 of others cannot be made: error 1"):
        await make(shaky, server, {"others": [unique("number")]})


async def test_a_server_that_forgets_what_makes_an_index_sparse_is_refused_and_not_mended_in_vain(
    meddler: Meddler, raw: Any
) -> None:
    def forgetting(asked: str, answer: Document) -> Document:
        if asked == "listIndexes":
            for how in answer.get("cursor", {}).get("firstBatch", ()):
                how.pop("sparse", None)
        return answer

    meddler.change = forgetting
    line = MongoLine(meddler.url)
    with pytest.raises(StoreUnreachable, match="does not keep indexes as it is told") as told:
        await make_ready(line)
    assert "dropIndex" not in told.value.hint
    assert "MongoDB 7" in told.value.hint
    assert await raw.smtui_state.count_documents({"_id": "schema"}) == 0
    await line.close()


async def test_the_unique_ones_hold(line: MongoLine, raw: Any) -> None:
    await make_ready(line)
    await raw.analyses.insert_one({"analysis_id": "1"})
    await raw.analyses.insert_one({"analysis_id": "2"})
    with pytest.raises(DuplicateKeyError):
        await raw.analyses.insert_one({"analysis_id": "2"})
    await raw.analyses.update_one({"analysis_id": "1"}, {"$set": {"smtui_key": "a"}})
    with pytest.raises(DuplicateKeyError):
        await raw.analyses.update_one({"analysis_id": "2"}, {"$set": {"smtui_key": "a"}})
