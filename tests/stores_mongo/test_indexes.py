"""Every index of system and smtui is there; what stands in its place is told, not dropped."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.errors import DuplicateKeyError

from smtui.domain.errors import StoreUnreachable
from smtui.stores.mongo.index_making import made
from smtui.stores.mongo.indexes import INDEXES
from smtui.stores.mongo.line import MongoLine
from smtui.stores.mongo.opening import make_ready

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
        for keys, unique in indexes:
            found = [how for how in there if how["key"] == keys]
            assert [bool(how.get("unique")) for how in found] == [unique], keys
            assert not any(how.get("sparse") for how in found), keys


async def test_ours_are_unique_where_a_document_has_the_field(line: MongoLine, raw: Any) -> None:
    await make_ready(line)
    for collection, fields in OURS.items():
        there = await raw[collection].index_information()
        for field in fields:
            assert there[f"{field}_1"]["unique"]
            assert there[f"{field}_1"]["sparse"]


async def test_what_is_there_is_not_made_again(line: MongoLine) -> None:
    first = await made(line)
    assert len(first) == sum(len(indexes) for indexes in INDEXES.values())
    assert await made(line) == ()


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
    assert told.value.__suppress_context__


async def test_the_unique_ones_hold(line: MongoLine, raw: Any) -> None:
    await make_ready(line)
    await raw.analyses.insert_one({"analysis_id": "1"})
    await raw.analyses.insert_one({"analysis_id": "2"})
    with pytest.raises(DuplicateKeyError):
        await raw.analyses.insert_one({"analysis_id": "2"})
    await raw.analyses.update_one({"analysis_id": "1"}, {"$set": {"smtui_key": "a"}})
    with pytest.raises(DuplicateKeyError):
        await raw.analyses.update_one({"analysis_id": "2"}, {"$set": {"smtui_key": "a"}})
