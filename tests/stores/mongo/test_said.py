"""What is said and disagrees, where other programs and an older smtui write documents too."""

from __future__ import annotations

from typing import Any

import pytest

from smtui.domain.query import parse
from smtui.domain.question import Question
from smtui.domain.sample import FileId
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.indexes import AUDIO_FILES
from smtui.stores.mongo.library import make_ready
from smtui.stores.mongo.samples import MongoSamples
from tests.contracts.document_stores import ANNA, NOW, found, heard
from tests.stores.mongo.meddling import Meddler

DISAGREE = Question(expression=parse("is:disagree"), viewer=ANNA)
SLOW = heard(tempo=93.0, tempo_confidence=0.9)


@pytest.fixture
async def samples(line: MongoLine) -> MongoSamples:
    await make_ready(line)
    return MongoSamples(line)


async def names(samples: MongoSamples) -> list[str]:
    return [sample.filename for sample in (await samples.page(DISAGREE, limit=10)).samples]


async def test_a_name_is_kept_as_other_programs_can_read_it(
    samples: MongoSamples, raw: Any
) -> None:
    files = [found("/a/loop_120bpm_Am.wav"), found("/a/kick.wav")]
    await samples.add_found(files, user_id=ANNA, at=NOW)
    kept = [one async for one in raw.audio_files.find().sort("filename", -1)]
    assert kept[0]["said"] == {"tempo": 120.0, "key": "A", "mode": "minor"}
    assert kept[1]["said"] is None


async def test_what_an_older_smtui_wrote_is_completed(
    samples: MongoSamples, line: MongoLine, raw: Any
) -> None:
    file = found("/a/loop_120bpm.wav")
    (file_id,) = await samples.add_found([file], user_id=ANNA, at=NOW)
    await samples.set_heard(file_id, SLOW, file_hash=file.file_hash)
    await raw.audio_files.update_one({}, {"$unset": {"said": "", "disagrees": ""}})
    fresh = MongoSamples(line)
    assert await names(fresh) == ["loop_120bpm.wav"]
    kept = await raw.audio_files.find_one({})
    assert kept["said"]["tempo"] == 120.0
    assert kept["path_key"]


async def test_what_is_heard_before_it_is_adopted_is_adopted_whole(
    samples: MongoSamples, line: MongoLine, raw: Any
) -> None:
    await samples.count(DISAGREE)
    theirs = {"file_id": "theirs", "file_path": "/b/loop_120bpm.wav", "user_id": ANNA}
    await raw[AUDIO_FILES].insert_one(theirs)
    assert await samples.set_heard(FileId("theirs"), SLOW, file_hash="heard")
    fresh = MongoSamples(line)
    assert await names(fresh) == ["loop_120bpm.wav"]
    kept = await raw.audio_files.find_one({})
    assert kept["search_key"]


async def test_a_tempo_that_another_program_writes_counts_when_it_was_seen(
    samples: MongoSamples, raw: Any
) -> None:
    file = found("/a/x.wav")
    (file_id,) = await samples.add_found([file], user_id=ANNA, at=NOW)
    await samples.set_heard(file_id, SLOW, file_hash=file.file_hash)
    await raw.audio_files.update_one({}, {"$set": {"metadata.bpm": 140.0}})
    await samples.page(Question(viewer=ANNA), limit=10)
    assert await names(samples) == ["x.wav"]


async def test_what_was_heard_is_kept_once_though_its_answer_is_lost(
    shaky: MongoLine, meddler: Meddler, raw: Any
) -> None:
    samples = MongoSamples(shaky)
    file = found("/a/loop_120bpm.wav")
    (file_id,) = await samples.add_found([file], user_id=ANNA, at=NOW)
    meddler.asked.clear()
    meddler.lose_once("update")
    assert await samples.set_heard(file_id, SLOW, file_hash=file.file_hash)
    assert meddler.asked.count("update") > 1
    assert await names(samples) == ["loop_120bpm.wav"]
    kept = await raw.audio_files.find_one({})
    assert kept["heard"]["tempo"] == 93.0
