"""Table, filters and likeness go by the best analysis of a sound, whoever wrote it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from smtui.domain.analysis import Analysis, AnalysisId, Level, Measurement, heard_of
from smtui.domain.batch import Batch, BatchId, RunId
from smtui.domain.fields import sample_fields
from smtui.domain.query import parse
from smtui.domain.question import Question
from smtui.domain.sample import FileId, Sample
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.foreign_documents import Adoption
from smtui.stores.mongo.library import Documents, opened
from tests.contracts.document_stores import found
from tests.stores.mongo.other_program import (
    AnalysisResult,
    AudioFile,
    BatchJob,
    User,
    other_program,
)

pytestmark = pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince211")

NOW = datetime(2025, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
RECIPE = 1


@pytest.fixture
async def documents(mongo_url: str) -> AsyncIterator[Documents]:
    async with opened(mongo_url) as stores:
        yield stores


@pytest.fixture
async def kick(documents: Documents) -> FileId:
    (file_id,) = await documents.samples.add_found(
        [found("/kick.wav", file_hash="kick")], user_id=None, at=NOW
    )
    return file_id


def theirs(file_id: str, *, hours: int = 0, **changes: Any) -> dict[str, Any]:
    """An analysis as the system's seed shows it."""
    return {
        "analysis_id": str(uuid4()),
        "file_id": file_id,
        "user_id": None,
        "tempo": 128.5,
        "key": "C",
        "mode": "major",
        "time_signature": [4, 4],
        "duration": 1.5,
        "spectral_features": {
            "spectral_centroid": [1000.0, 2000.0],
            "spectral_rolloff": [3000.0, 4000.0],
            "mfcc": [[0.0, 1.0]] * 13,
            "chroma": [[0.0, 1.0]] * 12,
        },
        "ai_provider": "google_ai",
        "ai_model": "gemini",
        "ai_summary": "A dry kick.",
        "ai_detailed": {"genre": "techno", "instruments": ["drums"], "production_quality": 8.5},
        "production_tips": ["Shorten the tail."],
        "creative_ideas": ["Reverse it."],
        "fl_studio_recommendations": ["Fruity Limiter"],
        "analysis_level": "full",
        "processing_time": 2.5,
        "analyzed_at": NOW + timedelta(hours=hours),
    } | changes


def ours(file_id: FileId, *, hours: int = 0, **changes: Any) -> Analysis:
    facts: dict[str, Any] = {
        "level": Level.ADVANCED,
        "recipe_version": RECIPE,
        "file_hash": "kick",
        "duration": 1.5,
        "processing_time": 0.25,
        "tempo": 64.25,
        "kind": "kick",
        "kind_confidence": 0.9,
        "loudness_lufs": -9.5,
        "true_peak_dbtp": -0.5,
        "clipped_samples": 7,
    }
    return Analysis(
        analysis_id=AnalysisId(str(uuid4())),
        file_id=file_id,
        user_id=None,
        analyzed_at=NOW + timedelta(hours=hours),
        measured=Measurement(**facts | changes),
    )


async def listened(documents: Documents, analysis: Analysis) -> None:
    """Keep it as a worker does."""
    await documents.analyses.save(analysis)
    heard = heard_of(analysis.measured, analysis.analyzed_at)
    file_hash = analysis.measured.file_hash
    await documents.samples.set_heard(analysis.file_id, heard, file_hash=file_hash)


async def names(documents: Documents, text: str) -> list[str]:
    page = await documents.samples.page(Question(expression=parse(text)), limit=10)
    return [sample.filename for sample in page.samples]


async def looked_at(line: MongoLine) -> None:
    """Do at once what every open library does now and then."""
    await Adoption(line).now(seconds=60)


async def only(documents: Documents) -> Sample:
    page = await documents.samples.page(Question(), limit=10)
    (sample,) = page.samples
    return sample


async def test_what_another_program_heard_is_found_and_sorted_by(
    documents: Documents, line: MongoLine, raw: Any, kick: FileId
) -> None:
    await documents.samples.add_found([found("/later.wav")], user_id=None, at=NOW)
    await raw.analyses.insert_one(theirs(kick))
    await looked_at(line)
    for text in ("bpm:128.5", "key:C", "mode:major", "is:heard", "bpm:128.5 key:C mode:major"):
        assert await names(documents, text) == ["kick.wav"], text
    for text in ("is:loop", "is:oneshot", "clipped:0", "loud:>-100", "kind:kick"):
        assert await names(documents, text) == [], text
    assert await names(documents, "-is:heard") == ["later.wav"]
    heard = (await only_kick(documents)).heard
    assert heard is not None
    assert (heard.level, heard.tempo_confidence, heard.is_loop) == ("full", None, None)


async def only_kick(documents: Documents) -> Sample:
    page = await documents.samples.page(Question(expression=parse("kick.wav")), limit=10)
    return page.samples[0]


async def test_who_opens_a_sound_sees_what_was_said_of_it_a_moment_ago(
    documents: Documents, raw: Any, kick: FileId
) -> None:
    assert (await only(documents)).heard is None
    await raw.analyses.insert_one(theirs(kick))
    (sample,) = await documents.samples.get([kick])
    assert sample.heard is not None
    assert (sample.heard.tempo, sample.heard.key_label) == (128.5, "C")


@pytest.mark.parametrize("listened_before", [False, True])
async def test_an_analysis_that_another_program_takes_away_leaves_the_row(
    documents: Documents, line: MongoLine, raw: Any, kick: FileId, listened_before: bool
) -> None:
    if listened_before:
        await listened(documents, ours(kick))
    await raw.analyses.insert_many([theirs(kick), theirs(kick, hours=1, tempo=99.5)])
    await looked_at(line)
    assert await names(documents, "bpm:99.5") == ["kick.wav"]
    await raw.analyses.delete_one({"tempo": 99.5})
    await looked_at(line)
    assert await names(documents, "bpm:128.5") == ["kick.wav"]
    await raw.analyses.delete_one({"tempo": 128.5})
    await looked_at(line)
    heard = (await only(documents)).heard
    if listened_before:
        assert heard == heard_of(ours(kick).measured, NOW)
        assert await documents.embeddings.ids(None, recipe_version=RECIPE, limit=9) == (kick,)
    else:
        assert heard is None
        assert await names(documents, "-is:heard") == ["kick.wav"]


async def test_what_another_program_changes_in_its_analysis_reaches_the_row(
    documents: Documents, line: MongoLine, raw: Any, kick: FileId
) -> None:
    await raw.analyses.insert_one(theirs(kick))
    await looked_at(line)
    await raw.analyses.update_one({}, {"$set": {"tempo": 90.0, "key": "", "mode": ""}})
    await looked_at(line)
    assert await names(documents, "bpm:90 key:-") == ["kick.wav"]


async def test_the_highest_level_then_the_newest_is_shown_whoever_wrote_it(
    documents: Documents, line: MongoLine, raw: Any, kick: FileId
) -> None:
    await raw.analyses.insert_one(theirs(kick, hours=-1))
    await listened(documents, ours(kick))
    heard = (await only(documents)).heard
    assert heard is not None
    # Theirs is of a higher level; what it does not say is what smtui measured.
    assert (heard.tempo, heard.level, heard.kind, heard.loudness_lufs) == (
        128.5,
        "full",
        "kick",
        -9.5,
    )
    assert await names(documents, "clipped:7 is:oneshot") == ["kick.wav"]
    # Its place in likeness and what is still to be listened to go by what smtui heard.
    assert await documents.embeddings.ids(None, recipe_version=RECIPE, limit=9) == (kick,)
    waiting = await documents.samples.unheard(user_id=None, level=Level.FULL, below=None, limit=9)
    assert [one.file_id for one in waiting] == [kick]
    assert not await documents.samples.unheard(
        user_id=None, level=Level.ADVANCED, below=None, limit=9
    )
    older = await documents.samples.outdated(user_id=None, recipe_version=RECIPE + 1)
    assert older == {Level.ADVANCED: (kick,)}
    await listened(documents, ours(kick, level=Level.FULL))
    assert await names(documents, "bpm:64.3") == ["kick.wav"]
    await raw.analyses.insert_one(theirs(kick, hours=1))
    await looked_at(line)
    assert await names(documents, "bpm:128.5") == ["kick.wav"]


async def test_what_only_another_program_heard_is_still_listened_to(
    documents: Documents, line: MongoLine, raw: Any, kick: FileId
) -> None:
    await raw.analyses.insert_one(theirs(kick))
    await looked_at(line)
    waiting = await documents.samples.unheard(user_id=None, level=Level.BASIC, below=None, limit=9)
    assert [one.file_id for one in waiting] == [kick]
    assert not await documents.samples.outdated(user_id=None, recipe_version=9)


async def test_a_scan_of_another_program_s_sound_keeps_what_that_heard(
    documents: Documents, line: MongoLine, raw: Any
) -> None:
    file_id = str(uuid4())
    await raw.audio_files.insert_one(
        {"file_id": file_id, "filename": "kick.wav", "file_path": "/kick.wav", "user_id": None}
    )
    await raw.analyses.insert_one(theirs(file_id))
    await looked_at(line)
    file = found("/kick.wav", file_hash="kick")
    assert await documents.samples.add_found([file], user_id=None, at=NOW) == (file_id,)
    assert await names(documents, "bpm:128.5") == ["kick.wav"]
    # Other bytes at the same path are another sound.
    file = found("/kick.wav", file_hash="other", mtime_ns=9)
    await documents.samples.add_found([file], user_id=None, at=NOW + timedelta(hours=1))
    await looked_at(line)
    assert (await documents.samples.get([FileId(file_id)]))[0].heard is None
    await raw.analyses.insert_one(theirs(file_id, hours=2, tempo=99.5))
    assert (await documents.samples.get([FileId(file_id)]))[0].heard is not None


async def test_what_a_language_model_said_outlives_a_better_analysis(
    documents: Documents, raw: Any, kick: FileId
) -> None:
    await raw.analyses.insert_one(theirs(kick, analysis_level="advanced"))
    await listened(documents, ours(kick, level=Level.FULL))
    analysis = await documents.analyses.newest(kick)
    assert analysis is not None
    assert analysis.measured.tempo == 64.25
    fields = sample_fields(await only(documents), analysis)
    assert fields["ai_summary"] == "A dry kick."
    assert fields["ai_detailed"] == {
        "genre": "techno",
        "instruments": ("drums",),
        "production_quality": 8.5,
    }
    assert fields["fl_studio_recommendations"] == ("Fruity Limiter",)
    assert (await documents.analyses.heads([kick]))[kick].has_ai


async def test_endless_words_of_a_language_model_are_cut(
    documents: Documents, raw: Any, kick: FileId
) -> None:
    endless: dict[str, Any] = {
        "ai_summary": "long " * 100_000,
        "production_tips": ["tip"] * 10_000,
        "ai_detailed": {f"name {number}": {"deep": ["er"]} for number in range(1_000)},
    }
    await raw.analyses.insert_one(theirs(kick, **endless))
    analysis = await documents.analyses.newest(kick)
    assert analysis is not None
    assert analysis.ai is not None
    assert len(analysis.ai.summary or "") == 4_000
    assert (len(analysis.ai.production_tips), len(analysis.ai.detailed)) == (50, 50)


async def test_what_another_program_does_not_say_is_null_for_programs(
    documents: Documents, raw: Any, kick: FileId
) -> None:
    await raw.analyses.insert_one(theirs(kick))
    fields = sample_fields(await only(documents), await documents.analyses.newest(kick))
    unknown = ("clipped_samples", "dc_offset", "silence_head", "silence_tail", "loudness_lufs")
    for name in (*unknown, "is_loop", "true_peak_dbtp", "recipe_version", "stereo_correlation"):
        assert fields[name] is None, name
    claims: Any = fields["claims"]
    assert (claims["tempo_confidence"], claims["key_confidence"]) == (None, None)
    assert (fields["tempo"], fields["duration"], fields["processing_time"]) == (128.5, 1.5, 2.5)


# What smtui wrote, read by models that take no null.


async def test_models_that_take_no_null_read_every_document_that_smtui_writes(
    documents: Documents, mongo_url: str
) -> None:
    files = [found(f"/{number}.wav", file_hash=str(number)) for number in range(4)]
    ids = await documents.samples.add_found(files, user_id=None, at=NOW)
    for file_id, level in zip(ids, (*Level, Level.BASIC), strict=True):
        facts = {"level": level, "tempo": None, "kind": None, "file_hash": "x"}
        await documents.analyses.save(ours(file_id, **facts))
    batch = Batch(
        batch_id=BatchId(str(uuid4())),
        run_id=RunId(str(uuid4())),
        user_id=None,
        level=Level.FULL,
        file_ids=ids,
        created_at=NOW,
        updated_at=NOW,
    )
    await documents.batches.create([batch])
    await documents.batches.claim(batch.run_id, worker="w", limit=2, lease_seconds=60)
    async with other_program(mongo_url):
        for model, count in ((User, 0), (AudioFile, 4), (AnalysisResult, 4), (BatchJob, 1)):
            assert len(await model.find_all().to_list()) == count
        for one in await AnalysisResult.find_all().to_list():
            assert (one.tempo, one.key, one.mode, one.time_signature) == (0.0, "", "", [])
    analysis = await documents.analyses.newest(ids[0])
    assert analysis is not None
    heard = analysis.measured
    assert (heard.tempo, heard.key, heard.mode, heard.time_signature) == (None,) * 4
    assert heard.spectral_features is None


async def test_the_nulls_of_an_older_smtui_are_written_anew(
    documents: Documents, line: MongoLine, raw: Any, kick: FileId, mongo_url: str
) -> None:
    await listened(documents, ours(kick, tempo=None, kind=None))
    await listened(documents, ours(kick, recipe_version=RECIPE + 1, key="D", mode="minor"))
    old = ("tempo", "key", "mode", "time_signature", "spectral_features")
    before = await raw.analyses.find({}, {"embedding": False}).to_list()
    await raw.analyses.update_many({}, {"$unset": {"shape": ""}})
    await raw.analyses.update_many(
        {"recipe_version": RECIPE}, {"$set": dict.fromkeys(old, None) | {"ai_summary": "a kick"}}
    )
    async with other_program(mongo_url):
        with pytest.raises(ValueError, match="tempo"):
            await AnalysisResult.find_all().to_list()
        await looked_at(line)
        read = await AnalysisResult.find_all().to_list()
        assert {one.ai_summary for one in read} == {"a kick", None}
    after = await raw.analyses.find({}, {"embedding": False}).to_list()
    assert [one | {"ai_summary": None} for one in after] == before


async def test_many_machines_rewrite_the_same_documents_side_by_side(
    documents: Documents, line: MongoLine, raw: Any
) -> None:
    import asyncio

    files = [found(f"/{number}.wav", file_hash=str(number)) for number in range(40)]
    ids = await documents.samples.add_found(files, user_id=None, at=NOW)
    await raw.analyses.insert_many(
        [theirs(file_id, tempo=100.0 + number) for number, file_id in enumerate(ids)]
    )
    await asyncio.gather(*(looked_at(line) for _ in range(4)))
    samples = await documents.samples.get(ids)
    tempi = [sample.heard.tempo if sample.heard else None for sample in samples]
    assert tempi == [100.0 + number for number in range(40)]
