"""Sounds on MongoDB: lost answers, others at the same documents, other programs, long walks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from smtui.domain.analysis import Level
from smtui.domain.errors import ErrorCode
from smtui.domain.question import (
    All,
    Between,
    Cut,
    Field,
    OneOf,
    Question,
    Sort,
    Tagged,
    Within,
    Words,
)
from smtui.domain.question import Any as AnyOf
from smtui.domain.sample import FileId, Folder, Mark, Sample, Trouble
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.indexes import AUDIO_FILES
from smtui.stores.mongo.library import make_ready
from smtui.stores.mongo.planner import Effort, Planner
from smtui.stores.mongo.samples import MongoSamples
from tests.contracts.document_stores import ANNA, BERT, NOW, found, heard
from tests.retagging import change_tags
from tests.stores.mongo.meddling import Meddler

MARK = Mark(by=ANNA, at=NOW)
TROUBLE = Trouble(code=ErrorCode.UNREADABLE, error="It ends in the middle", at=NOW)
FORBIDDEN = {"ok": 0, "code": 13, "codeName": "Unauthorized", "errmsg": "not authorized on x"}

Deed = Callable[[MongoSamples, FileId], Awaitable[Any]]


@pytest.fixture
async def ready(line: MongoLine) -> MongoLine:
    await make_ready(line)
    return line


@pytest.fixture
async def samples(ready: MongoLine) -> MongoSamples:
    return MongoSamples(ready)


@pytest.fixture
async def other(mongo_url: str, ready: MongoLine) -> AsyncIterator[MongoSamples]:
    """The same library from another machine."""
    line = MongoLine(mongo_url)
    yield MongoSamples(line)
    await line.close()


async def one(samples: MongoSamples, file_id: FileId) -> Sample:
    (sample,) = await samples.get([file_id])
    return sample


async def names(samples: MongoSamples, question: Question) -> list[str]:
    page = await samples.page(question, limit=100)
    return [sample.filename for sample in page.samples]


# What was done and not acknowledged.

DEEDS: dict[str, tuple[Deed, Any]] = {
    "seen again": (
        lambda to, file_id: to.add_found(
            [found("/a/x.wav", file_size=9), found("/a/new.wav")], user_id=ANNA, at=NOW
        ),
        None,
    ),
    "moved": (lambda to, file_id: to.move(file_id, found("/b/y.wav")), True),
    "missing": (lambda to, file_id: to.set_missing([file_id], NOW), None),
    "heard": (
        lambda to, file_id: to.set_heard(file_id, heard(), file_hash="hash of /a/x.wav"),
        True,
    ),
    "failed": (lambda to, file_id: to.set_trouble(file_id, TROUBLE), True),
    "tagged": (
        lambda to, file_id: change_tags(to, [file_id], mark=MARK, add=["b"], remove=["A"]),
        1,
    ),
}


@pytest.mark.parametrize("lost", ["update", "find"])
@pytest.mark.parametrize("name", DEEDS)
async def test_a_change_whose_answer_is_lost_is_done_once_and_told(
    shaky: MongoLine, meddler: Meddler, name: str, lost: str
) -> None:
    samples = MongoSamples(shaky)
    (file_id,) = await samples.add_found([found("/a/x.wav")], user_id=ANNA, at=NOW)
    await change_tags(samples, [file_id], mark=MARK, add=["a"])
    before, generation = await one(samples, file_id), await samples.generation()
    meddler.lose_once(lost)
    deed, answered = DEEDS[name]
    given = await deed(samples, file_id)
    assert answered is None or given == answered
    after = await one(samples, file_id)
    assert after != before
    assert await samples.generation() > generation
    assert await samples.count(Question(viewer=ANNA)) == (2 if name == "seen again" else 1)
    if name == "seen again":
        assert given[0] == file_id
        assert (await one(samples, given[1])).filename == "new.wav"
    if name == "tagged":
        assert (after.tags, after.tag_marks) == (("b",), {"b": MARK})


@pytest.mark.parametrize("lost", ["update", "delete", "find"])
async def test_a_folder_is_remembered_and_forgotten_though_answers_get_lost(
    shaky: MongoLine, meddler: Meddler, lost: str
) -> None:
    samples = MongoSamples(shaky)
    folder = Folder(folder_path="/a", user_id=ANNA, scanned_at=NOW)
    meddler.lose_once(lost)
    await samples.remember_folder(folder)
    assert await samples.folders(user_id=ANNA) == (folder,)
    meddler.lose_once(lost)
    assert await samples.forget_folder("/a", user_id=ANNA)
    assert await samples.folders(user_id=ANNA) == ()


# Others at the same documents.


async def test_two_scans_of_the_same_files_make_each_sound_once(
    samples: MongoSamples, other: MongoSamples
) -> None:
    files = [found(f"/a/{number}.wav") for number in range(700)]
    first, second = await asyncio.gather(
        samples.add_found(files, user_id=ANNA, at=NOW),
        other.add_found(files[::-1], user_id=ANNA, at=NOW),
    )
    assert first == second[::-1]
    assert len({*first}) == 700
    assert await samples.count(Question(viewer=ANNA)) == 700


async def test_tags_of_several_people_on_many_sounds_are_all_kept(
    samples: MongoSamples, other: MongoSamples
) -> None:
    files = [found(f"/a/{number}.wav") for number in range(30)]
    ids = await samples.add_found(files, user_id=None, at=NOW)
    tags = [f"tag {number}" for number in range(8)]
    counts = await asyncio.gather(
        *(
            change_tags(
                (samples, other)[number % 2],
                ids,
                mark=Mark(by=(ANNA, BERT)[number % 2], at=NOW),
                add=[tag],
            )
            for number, tag in enumerate(tags)
        )
    )
    assert counts == [30] * 8
    for sample in await samples.get(ids):
        assert {*sample.tags} == {*tags} == {*sample.tag_marks}
    for tag in tags:
        assert await samples.count(Question(expression=Tagged(tag))) == 30


async def test_hearing_and_tagging_at_once_lose_nothing(
    samples: MongoSamples, other: MongoSamples
) -> None:
    (file_id,) = await samples.add_found([found("/a/x.wav")], user_id=ANNA, at=NOW)
    await asyncio.gather(
        *(
            samples.set_heard(file_id, heard(tempo=float(n)), file_hash="hash of /a/x.wav")
            for n in range(5)
        ),
        *(change_tags(other, [file_id], mark=MARK, add=[f"{n}"]) for n in range(5)),
        *(other.set_missing([file_id], NOW) for _ in range(3)),
    )
    sample = await one(samples, file_id)
    assert sample.heard is not None
    assert {*sample.tags} == set("01234")
    assert sample.missing_since == NOW


async def test_what_was_heard_of_old_bytes_does_not_outlive_them(
    samples: MongoSamples, other: MongoSamples
) -> None:
    (file_id,) = await samples.add_found([found("/a/x.wav")], user_id=ANNA, at=NOW)
    for number in range(10):
        new = f"bytes {number}"
        old = (await one(samples, file_id)).file_hash
        kept, _ = await asyncio.gather(
            other.set_heard(file_id, heard(), file_hash=old),
            samples.add_found([found("/a/x.wav", file_hash=new)], user_id=ANNA, at=NOW),
        )
        sample = await one(samples, file_id)
        assert (sample.file_hash, sample.heard) == (new, None), kept


# Documents of other programs.


async def test_a_sound_that_another_program_adds_is_shown_and_then_found(
    samples: MongoSamples, ready: MongoLine
) -> None:
    await samples.add_found([found("/b/zz.wav")], user_id=None, at=NOW)
    assert await names(samples, Question()) == ["zz.wav"]
    theirs = {"file_id": "t", "filename": "Kick.WAV", "file_path": "/a/Kick.WAV", "tags": ["Dark"]}
    await ready.collection(AUDIO_FILES).insert_one(theirs)
    # Not looked for yet, so behind those that have a value.
    assert await names(samples, Question()) == ["zz.wav", "Kick.WAV"]
    await MongoSamples(ready).generation()
    assert await names(samples, Question()) == ["Kick.WAV", "zz.wav"]
    for asked in (Words("kick"), Tagged("dark"), Within("a"), Between(Field.LENGTH, None, 1)):
        assert await names(samples, Question(expression=asked)) == ["Kick.WAV"]
    theirs_now = await ready.collection(AUDIO_FILES).find_one({"file_id": "t"})
    assert theirs_now is not None
    assert {name: theirs_now[name] for name in theirs} == theirs


async def test_of_several_documents_at_one_path_each_is_a_sound(
    samples: MongoSamples, ready: MongoLine
) -> None:
    (ours,) = await samples.add_found([found("/a/x.wav")], user_id=ANNA, at=NOW)
    theirs = [
        {"file_id": f"{place}{owner}", "file_path": place, "user_id": owner}
        for place in ("/a/x.wav", "/a/y.wav", "/a/y.wav")
        for owner in (ANNA, None)
    ]
    for number, document in enumerate(theirs):
        document["file_id"] = f"theirs {number}"
    await ready.collection(AUDIO_FILES).insert_many(theirs)
    everything = Question(viewer=ANNA)
    fresh = MongoSamples(ready)
    assert await fresh.count(everything) == 7
    assert await names(fresh, everything) == ["x.wav"] * 3 + ["y.wav"] * 4
    left = await ready.collection(AUDIO_FILES).count_documents({"search_key": None})
    assert left == 0
    assert await fresh.add_found([found("/a/x.wav")], user_id=ANNA, at=NOW) == (ours,)


async def test_a_thousand_documents_are_adopted_before_a_scan_looks_for_them(
    samples: MongoSamples, ready: MongoLine
) -> None:
    theirs = [{"file_id": f"{n}", "file_path": f"/a/{n}.wav"} for n in range(1_200)]
    await ready.collection(AUDIO_FILES).insert_many(theirs)
    stamps = await samples.stamps([(f"/a/{n}.wav", None) for n in range(1_200)], user_id=None)
    assert {stamp.file_id for stamp in stamps.values()} == {one["file_id"] for one in theirs}
    ids = await samples.add_found([found("/a/7.wav"), found("/a/8.wav")], user_id=None, at=NOW)
    assert ids == ("7", "8")


async def test_what_another_program_changes_is_found_once_it_was_on_a_page(
    samples: MongoSamples, ready: MongoLine
) -> None:
    (file_id,) = await samples.add_found([found("/a/x.wav")], user_id=None, at=NOW)
    change = {"$set": {"tags": ["Dusty"], "filename": "New name.wav"}}
    await ready.collection(AUDIO_FILES).update_one({"file_id": file_id}, change)
    assert await names(samples, Question()) == ["New name.wav"]
    for asked in (Tagged("dusty"), Words("new name"), Words("dusty")):
        assert await samples.count(Question(expression=asked)) == 1
    await change_tags(samples, [file_id], mark=MARK, add=["b"])
    assert (await one(samples, file_id)).tags == ("Dusty", "b")


async def test_who_may_only_read_sees_what_others_added(shaky: MongoLine, meddler: Meddler) -> None:
    theirs = {"file_id": "t", "filename": "kick.wav", "file_path": "/a/kick.wav"}
    await shaky.collection(AUDIO_FILES).insert_one(theirs)
    samples = MongoSamples(shaky)
    meddler.once("update", FORBIDDEN)
    assert await names(samples, Question()) == ["kick.wav"]
    assert await samples.count(Question()) == 1
    await samples.generation()
    # Not tried again and again.
    assert meddler.asked.count("update") == 1


async def test_metadata_of_another_program_outlives_a_scan(
    samples: MongoSamples, ready: MongoLine
) -> None:
    theirs = {"file_id": "t", "file_path": "/a/x.wav", "metadata": {"mood": "dark", "title": "?"}}
    await ready.collection(AUDIO_FILES).insert_one(theirs)
    for title in ("Old", "New"):
        file = found("/a/x.wav", metadata={"title": title, title: 1})
        assert await samples.add_found([file], user_id=None, at=NOW) == ("t",)
    sample = await one(samples, FileId("t"))
    assert sample.metadata == {"mood": "dark", "title": "New", "New": 1}


async def test_a_sound_of_unknown_bytes_is_heard_and_then_known(
    samples: MongoSamples, ready: MongoLine
) -> None:
    await ready.collection(AUDIO_FILES).insert_one({"file_id": "t", "file_path": "/a/x.wav"})

    async def unheard() -> list[str]:
        level = Level.FULL
        sounds = await samples.unheard(user_id=None, level=level, below=None, limit=9)
        return [sound.file_id for sound in sounds]

    assert await unheard() == ["t"]
    assert await samples.set_heard(FileId("t"), heard(level="full"), file_hash="bytes")
    assert (await one(samples, FileId("t"))).file_hash == "bytes"
    assert not await samples.set_heard(FileId("t"), heard(level="full"), file_hash="others")
    assert await unheard() == []


# Which way a question is answered.


async def library(samples: MongoSamples) -> list[Sample]:
    files = [found(f"/a/{number:03}.wav", duration=number / 7) for number in range(150)]
    ids = await samples.add_found(files, user_id=ANNA, at=NOW)
    for number, (file, file_id) in enumerate(zip(files, ids, strict=True)):
        listened = heard(kind=("kick", "snare", None)[number % 3], tempo=float(number % 9))
        await samples.set_heard(file_id, listened, file_hash=file.file_hash)
    return list(await samples.get(ids))


async def test_a_walk_that_takes_too_long_is_given_up_and_answered_all_the_same(
    samples: MongoSamples, ready: MongoLine
) -> None:
    sounds = await library(samples)
    hasty = Planner(ready, effort=Effort(few=0, ids=0, shortest=1e-6, patience=0.0))
    kicks = OneOf(Field.KIND, ("kick",))
    question = Question(expression=kicks, sort=Sort(field=Field.TEMPO), viewer=ANNA)
    expected = question.answered(sounds)
    page, _ = await hasty.page(question, Cut(limit=20))
    assert list(page.samples) == expected[:20]
    assert hasty.is_late(question)
    following, _ = await hasty.page(question, Cut(limit=20, after=page.places[-1]))
    assert list(following.samples) == expected[20:40]
    patient = Planner(ready, effort=Effort(few=0, ids=0, shortest=10.0))
    page, _ = await patient.page(question, Cut(limit=20))
    assert list(page.samples) == expected[:20]
    assert not patient.is_late(question)


async def test_few_words_are_looked_for_once_until_the_library_changes(
    shaky: MongoLine, meddler: Meddler
) -> None:
    samples = MongoSamples(shaky, effort=Effort(few=0))
    await library(MongoSamples(shaky))
    question = Question(
        expression=AnyOf((Words("14"), All((Words("7"), Tagged("x"))))),
        sort=Sort(field=Field.TEMPO),
        viewer=ANNA,
    )
    first = await samples.page(question, limit=5)
    meddler.asked.clear()
    await samples.page(question, limit=5, after=first.places[-1])
    # The generation, and the stretches of the page.
    assert meddler.asked.count("find") <= 4
    more = [found("/a/1400.wav"), found("/b/14.wav")]
    await samples.add_found(more, user_id=ANNA, at=NOW)
    assert await samples.count(question) == len(first.samples) + 7 + 2


async def test_a_path_of_thousands_of_folders_is_a_sound_like_any_other(
    samples: MongoSamples,
) -> None:
    deep = found("/" + "d/" * 2000 + "x.wav", mtime_ns=2**70)
    (file_id,) = await samples.add_found([deep], user_id=None, at=NOW)
    for folder in ("d", "/d", "d/" * 90, "d/" * 1500):
        assert await samples.count(Question(expression=Within(folder))) == 1
    assert await samples.count(Question(expression=Within("d/" * 2001))) == 0
    assert await samples.count(Question(expression=Words("z" * 100_000))) == 0
    moved = replace(deep, file_path="/x.wav")
    assert await samples.move(file_id, moved)
    assert await samples.count(Question(expression=Within("d"))) == 0
