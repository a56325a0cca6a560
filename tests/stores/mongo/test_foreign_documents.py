"""Accounts and analyses as another program writes them: fields missing, odd or changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smtui.domain.account import Role, UserId
from smtui.domain.analysis import Level
from smtui.domain.errors import AlreadyTaken
from smtui.domain.sample import FileId
from smtui.stores.mongo.accounts import MongoAccounts
from smtui.stores.mongo.analyses import MongoAnalyses
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.library import make_ready
from tests.contracts.document_stores import NOW, account
from tests.contracts.test_analyses import analysis

# Naive, as many programs write UTC.
AT = datetime(2024, 5, 6, 7, 8, 9)  # noqa: DTZ001
ANNA: dict[str, Any] = {
    "user_id": "11111111-1111-4111-8111-111111111111",
    "email": "Anna@Example.org",
    "username": "Straße",
    "hashed_password": "$2b$12$x",
}
KICK = FileId("kick")


@pytest.fixture
async def accounts(line: MongoLine) -> MongoAccounts:
    await make_ready(line)
    return MongoAccounts(line)


@pytest.fixture
async def analyses(line: MongoLine) -> MongoAnalyses:
    await make_ready(line)
    return MongoAnalyses(line)


async def test_an_account_with_the_least_fields(accounts: MongoAccounts, raw: Any) -> None:
    await raw.users.insert_one({**ANNA, "created_at": AT})
    anna = await accounts.by_id(UserId(ANNA["user_id"]))
    assert anna is not None
    assert anna.created_at == AT.replace(tzinfo=UTC)
    assert (anna.is_active, anna.is_verified, anna.last_login) == (True, False, None)
    assert (anna.role, anna.code, anna.total_analyses) == (Role.MEMBER, None, 0)


@pytest.mark.parametrize(
    "login", ["Straße", "STRASSE", "strasse", "Anna@Example.org", "anna@example.ORG"]
)
async def test_a_login_without_keys_is_found_folded(
    accounts: MongoAccounts, raw: Any, login: str
) -> None:
    await raw.users.insert_one({**ANNA})
    found = await accounts.by_login(login)
    assert found is not None
    assert found.username == "Straße"


async def test_a_login_that_another_program_changed_is_found_by_the_new_one_alone(
    accounts: MongoAccounts, raw: Any
) -> None:
    await accounts.add(account("anna"))
    await raw.users.update_one({}, {"$set": {"email": "new@example.org", "username": "bert"}})
    for login in ("BERT", "New@example.org"):
        assert await accounts.by_login(login) is not None
    for login in ("anna", "anna@example.org"):
        assert await accounts.by_login(login) is None


async def test_of_two_that_fold_alike_the_one_as_written_is_meant(
    accounts: MongoAccounts, raw: Any
) -> None:
    for number, name in enumerate(("Bert", "bert")):
        await raw.users.insert_one(
            {**ANNA, "user_id": str(number), "email": f"{number}@x.org", "username": name}
        )
    for name in ("Bert", "bert"):
        found = await accounts.by_login(name)
        assert found is not None
        assert found.username == name


async def test_a_name_without_a_key_is_taken_too(accounts: MongoAccounts, raw: Any) -> None:
    await raw.users.insert_one({**ANNA})
    with pytest.raises(AlreadyTaken, match="username"):
        await accounts.add(account("STRASSE"))
    with pytest.raises(AlreadyTaken, match="e-mail"):
        await accounts.add(account("bert", email="anna@example.org"))


@pytest.mark.parametrize(
    ("fields", "active", "role"),
    [
        ({"is_active": False}, False, Role.MEMBER),
        ({"is_active": None}, False, Role.MEMBER),
        ({"is_active": 0}, False, Role.MEMBER),
        ({"role": "admin"}, True, Role.ADMIN),
        ({"role": "janitor"}, True, Role.LISTENER),
        ({"role": ["admin"]}, True, Role.LISTENER),
        ({"total_analyses": "many", "created_at": "2024-05-06T07:08:09"}, True, Role.MEMBER),
        ({"created_at": "long ago", "last_login": 1_700_000_000, "code": "x"}, True, Role.MEMBER),
    ],
)
async def test_odd_fields_never_give_more_rights(
    accounts: MongoAccounts, raw: Any, fields: dict[str, Any], active: bool, role: Role
) -> None:
    await raw.users.insert_one({**ANNA, **fields})
    (anna,) = await accounts.all()
    assert (anna.is_active, anna.role) == (active, role)


async def test_an_account_without_an_e_mail_has_one_for_other_programs(
    accounts: MongoAccounts, raw: Any
) -> None:
    anna, bert = account("anna", email=""), account("bert", email="")
    for one in (anna, bert):
        await accounts.add(one)
        kept = await raw.users.find_one({"user_id": one.user_id})
        assert kept["email"].count("@") == 1
        assert "email_key" not in kept
        assert await accounts.by_login(kept["email"]) is None
        assert await accounts.by_id(one.user_id) == one


async def test_an_analysis_with_the_least_fields(analyses: MongoAnalyses, raw: Any) -> None:
    await raw.analyses.insert_one({"analysis_id": "1", "file_id": KICK})
    found = await analyses.newest(KICK)
    assert found is not None
    assert found.measured.level is Level.BASIC
    assert found.measured.recipe_version == 0
    assert found.measured.spectral_features is None


async def test_of_one_document_per_level_the_highest_then_the_newest_is_read(
    analyses: MongoAnalyses, raw: Any
) -> None:
    for number, (level, hours) in enumerate(
        [("full", 1), ("basic", 9), ("full", 2), ("advanced", 8), ("psychic", 10)]
    ):
        await raw.analyses.insert_one(
            {
                "analysis_id": str(number),
                "file_id": KICK,
                "analysis_level": level,
                "analyzed_at": AT + timedelta(hours=hours),
                "tempo": 120,
                "key": "C#",
                "mode": "minor",
                "time_signature": [3, 4],
            }
        )
    found = await analyses.newest(KICK)
    assert found is not None
    assert found.analysis_id == "2"
    assert found.measured.time_signature == (3, 4)
    assert (found.measured.tempo, type(found.measured.tempo)) == (120.0, float)
    # Ours stands beside theirs, which stay as they are.
    ours = analysis(KICK, level=Level.BASIC)
    assert await analyses.save(ours) == ours.analysis_id
    assert await raw.analyses.count_documents({"file_id": KICK}) == 6


async def test_slices_that_are_every_frame_of_a_long_sound_become_few(
    analyses: MongoAnalyses, raw: Any
) -> None:
    frames = [float(number) for number in range(1000)]
    features = {
        "spectral_centroid": frames,
        "spectral_rolloff": [1, None, float("nan")],
        "mfcc": [frames] * 13,
        "chroma": [0.5] * 12,
    }
    await raw.analyses.insert_one(
        {"analysis_id": "1", "file_id": KICK, "spectral_features": features}
    )
    found = await analyses.newest(KICK)
    assert found is not None
    read = found.measured.spectral_features
    assert read is not None
    assert len(read.spectral_centroid) == 64
    assert read.spectral_centroid[0] == pytest.approx(7.0)
    assert sum(read.spectral_centroid) / 64 == pytest.approx(499.5, abs=2)
    assert read.spectral_rolloff == (1.0, 0.0, 0.0)
    assert [len(row) for row in read.mfcc] == [64] * 13
    assert [len(row) for row in read.chroma] == [1] * 12
    assert read.times == ()


async def test_an_analysis_is_kept_in_the_system_s_shape(analyses: MongoAnalyses, raw: Any) -> None:
    from tests.contracts.test_analyses import EVERYTHING

    saved = analysis(KICK, **EVERYTHING)
    await analyses.save(saved)
    kept = await raw.analyses.find_one({"analysis_id": saved.analysis_id})
    features = kept["spectral_features"]
    assert [len(row) for row in features["mfcc"]] == [2] * 13
    assert [len(row) for row in features["chroma"]] == [2] * 12
    assert features["spectral_centroid"] == [1000.1, 2000.2]
    assert kept["time_signature"] == [3, 4]
    assert kept["analysis_level"] == "advanced"
    assert kept["analyzed_at"] == NOW
    assert kept["claims"]["tempo_alternatives"] == [{"tempo": 63.65, "confidence": 0.3}]
    for empty in ("ai_provider", "ai_model", "ai_summary", "ai_detailed"):
        assert kept[empty] is None
    for none in ("production_tips", "creative_ideas", "fl_studio_recommendations"):
        assert kept[none] == []


async def test_what_an_ai_said_stays_when_it_is_heard_again(
    analyses: MongoAnalyses, raw: Any
) -> None:
    await analyses.save(analysis(KICK))
    await raw.analyses.update_one({}, {"$set": {"ai_summary": "a kick"}})
    await analyses.save(analysis(KICK, level=Level.FULL))
    assert (await raw.analyses.find_one({}))["ai_summary"] == "a kick"
