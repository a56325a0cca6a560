"""Other programs of the system read what smtui wrote, and smtui shows what they wrote."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import bcrypt
import pytest
from beanie import Document

from smtui.domain.account import Account, Role, UserId
from smtui.domain.analysis import Level, Measurement
from smtui.domain.batch import Batch, BatchId, RunId
from smtui.domain.errors import ErrorCode, SoundUnreadable
from smtui.domain.query import parse
from smtui.domain.question import SORTABLE, Question, Sort
from smtui.domain.sample import FileId, Mark, Sample
from smtui.services.accounts import Accounts
from smtui.services.batches import Batches
from smtui.services.documents import Documents as Written
from smtui.services.library import Analyses, Library
from smtui.services.rights import Rights
from smtui.services.sessions import AccountPorts
from smtui.services.worker_steps import WorkerSteps
from smtui.stores.bcrypt_passwords import BcryptPasswords
from smtui.stores.mongo.library import Documents, opened
from smtui.stores.redis.limits import RedisLimits
from smtui.stores.redis.link import RedisLink
from smtui.stores.redis.sessions import RedisSessions
from smtui.stores.resume_file import ResumeFile
from tests.contracts.document_stores import account, found
from tests.contracts.test_analyses import EVERYTHING
from tests.retagging import change_tags
from tests.stores.mongo.other_program import (
    THEIRS,
    AnalysisResult,
    AudioFile,
    BatchJob,
    FileResult,
    SpectralFeatures,
    User,
    naive_now,
    other_program,
)

# Beanie's own, about Pydantic.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince211")

NOW = datetime(2025, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
MOVING = {"id", "revision_id"}


class StandingClock:
    def now(self) -> datetime:
        return NOW


class NoQueue:
    """Nobody is woken; what waits is looked at in the documents."""

    async def wake(self, run_id: RunId, *, urgent: bool) -> None: ...


@pytest.fixture
async def documents(mongo_url: str) -> AsyncIterator[Documents]:
    async with opened(mongo_url, clock=StandingClock()) as stores:
        yield stores


def theirs(document: Document) -> dict[str, Any]:
    """The fields that the system names, as the other program sees them."""
    names = THEIRS[type(document)]
    return {name: value for name, value in dict(document).items() if name in names}


async def only(kind: type[Document]) -> Document:
    (document,) = await kind.find_all().to_list()
    return document


# What smtui wrote, read by others.


async def test_others_read_our_accounts(documents: Documents, mongo_url: str) -> None:
    anna = account("Anna", user_id=UserId(str(uuid4())), role=Role.ADMIN)
    await documents.accounts.add(anna)
    await documents.accounts.signed_in(anna.user_id, NOW)
    await documents.accounts.count_use(anna.user_id, analyses=3, uploads=2)
    async with other_program(mongo_url):
        assert theirs(await only(User)) == {
            "user_id": anna.user_id,
            "email": "Anna@example.org",
            "username": "Anna",
            "hashed_password": anna.hashed_password,
            "is_active": True,
            "is_verified": False,
            "created_at": anna.created_at,
            "last_login": NOW,
            "total_analyses": 3,
            "total_uploads": 2,
        }


async def test_others_read_our_sounds(documents: Documents, mongo_url: str) -> None:
    owner = UserId(str(uuid4()))
    file = found(
        "/music/caf\\xe9.wav",
        path_bytes=b"/music/caf\xe9.wav",
        metadata={"title": "Kick", "bpm": 128.5, "key": "Am", "track": 2},
    )
    (file_id,) = await documents.samples.add_found([file], user_id=owner, at=NOW)
    await change_tags(documents.samples, [file_id], mark=Mark(by=owner, at=NOW), add=["Deep House"])
    async with other_program(mongo_url):
        assert theirs(await only(AudioFile)) == {
            "file_id": file_id,
            "filename": "caf\\xe9.wav",
            "file_path": "/music/caf\\xe9.wav",
            "file_size": 1000,
            "duration": 1.5,
            "sample_rate": 44_100,
            "channels": 2,
            "format": "wav",
            "user_id": owner,
            "uploaded_at": NOW,
            "tags": ["Deep House"],
            "metadata": {"title": "Kick", "bpm": 128.5, "key": "Am", "track": 2},
        }


async def test_others_read_our_analyses_and_batches(documents: Documents, mongo_url: str) -> None:
    owner = account("anna", user_id=UserId(str(uuid4())))
    await documents.accounts.add(owner)
    files = [found(f"/{name}.wav", file_hash=name) for name in ("kick", "broken", "waits")]
    ids = await documents.samples.add_found(files, user_id=owner.user_id, at=NOW)
    batch = Batch(
        batch_id=BatchId(str(uuid4())),
        run_id=RunId(str(uuid4())),
        user_id=owner.user_id,
        level=Level.FULL,
        file_ids=ids,
        created_at=NOW,
        updated_at=NOW,
    )
    await documents.batches.create([batch])
    await heard_by_a_worker(documents, batch.run_id)
    async with other_program(mongo_url):
        analysis = await AnalysisResult.find_one(AnalysisResult.file_id == ids[0])
        job = await BatchJob.find_one(BatchJob.batch_id == batch.batch_id)
    assert analysis is not None
    assert job is not None
    features = analysis.spectral_features
    assert features is not None
    assert theirs(analysis) == {
        "analysis_id": analysis.analysis_id,
        "file_id": ids[0],
        "user_id": owner.user_id,
        "tempo": 127.3,
        "key": "F#",
        "mode": "minor",
        "time_signature": [3, 4],
        "duration": 1.5,
        "spectral_features": features,
        "ai_provider": None,
        "ai_model": None,
        "ai_summary": None,
        "ai_detailed": None,
        "production_tips": [],
        "creative_ideas": [],
        "fl_studio_recommendations": [],
        "analysis_level": "full",
        "processing_time": 0.25,
        "analyzed_at": NOW,
    }
    assert features.spectral_centroid == [1000.1, 2000.2]
    assert features.spectral_rolloff == [5000.0, 1e300]
    assert (len(features.mfcc), len(features.chroma)) == (13, 12)
    assert {len(row) for row in (*features.mfcc, *features.chroma)} == {2}
    assert theirs(job) | {"updated_at": NOW} == {
        "batch_id": batch.batch_id,
        "user_id": owner.user_id,
        "status": "processing",
        "total_files": 3,
        "completed": 1,
        "failed": 1,
        "file_ids": list(ids),
        "results": job.results,
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert [
        (job.results[file_id].status if file_id in job.results else "pending") for file_id in ids
    ] == [
        "completed",
        "failed",
        "pending",
    ]
    assert job.results[ids[0]].analysis_id == analysis.analysis_id
    assert job.results[ids[1]].error == "It breaks off"


async def heard_by_a_worker(documents: Documents, run_id: RunId) -> None:
    """Hear the first file, refuse the second, leave the third."""
    written = Written(
        accounts=documents.accounts,
        samples=documents.samples,
        analyses=documents.analyses,
        batches=documents.batches,
        embeddings=documents.embeddings,
        searches=documents.searches,
    )
    hearing = WorkerSteps(written, StandingClock(), worker="w", recipe_version=1)
    taken = await hearing.claim(run_id, limit=2, lease_seconds=60)
    for assignment in taken.assignments:
        if assignment.sample.filename.casefold() == "kick.wav":
            measured = Measurement(
                level=Level.FULL,
                recipe_version=1,
                file_hash="kick",
                duration=1.5,
                processing_time=0.25,
                **EVERYTHING,
            )
            await hearing.keep(assignment, measured)
        else:
            await hearing.refuse(
                assignment, SoundUnreadable("It breaks off", code=ErrorCode.UNREADABLE)
            )


async def test_a_batch_that_has_ended_says_so_to_others(
    documents: Documents, mongo_url: str
) -> None:
    files = [found("/kick.wav", file_hash="kick")]
    ids = await documents.samples.add_found(files, user_id=None, at=NOW)
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
    async with other_program(mongo_url):
        job = await only(BatchJob)
        assert (job.status, job.user_id, job.completed) == ("pending", None, 0)
        await heard_by_a_worker(documents, batch.run_id)
        job = await only(BatchJob)
        assert (job.status, job.completed, job.failed) == ("completed", 1, 0)
        analysis = await only(AnalysisResult)
        assert analysis.user_id is None


# What others wrote, shown by smtui.


@dataclass(frozen=True)
class Studio:
    """What another program left in the database."""

    user: User
    files: list[AudioFile]
    analyses: list[AnalysisResult]
    batch: BatchJob


async def left_by_another(url: str) -> Studio:
    async with other_program(url) as database:
        password = bcrypt.hashpw(b"kick drum", bcrypt.gensalt(4)).decode()
        user = User(email="Anna@Example.org", username="Anna", hashed_password=password)
        await user.insert()
        files = [
            AudioFile(
                filename=f"{name}.wav",
                file_path=f"/srv/Samples/{name}.wav",
                file_size=4 * number + 1000,
                duration=number + 0.5,
                sample_rate=48_000,
                channels=1,
                format="wav",
                user_id=owner,
                tags=["Dark", "house"][: number % 3],
                metadata={"title": "Tïtle", "nested": {"a": [1, 2]}},
            )
            for number, (name, owner) in enumerate(
                [("Kick", user.user_id), ("snare", user.user_id), ("Pad", None)]
            )
        ]
        for file in files:
            await file.insert()
        await without_what_may_be_missing(database, user.user_id)
        analyses = [an_analysis(files[0], level="basic"), an_analysis(files[0], level="full")]
        for analysis in analyses:
            await analysis.insert()
        batch = BatchJob(
            user_id=user.user_id,
            status="completed",
            total_files=2,
            completed=1,
            failed=1,
            file_ids=[files[0].file_id, files[1].file_id],
            results={
                files[0].file_id: FileResult(
                    status="completed", analysis_id=analyses[1].analysis_id
                ),
                files[1].file_id: FileResult(status="failed", error="Could not decode"),
            },
        )
        await batch.insert()
        return Studio(user=user, files=files, analyses=analyses, batch=batch)


def an_analysis(file: AudioFile, *, level: str) -> AnalysisResult:
    row = [0.5] * 100
    return AnalysisResult(
        file_id=file.file_id,
        user_id=file.user_id,
        tempo=124.0 if level == "full" else 62.0,
        key="A",
        mode="minor",
        time_signature=[4, 4],
        duration=file.duration,
        spectral_features=SpectralFeatures(
            spectral_centroid=row, spectral_rolloff=row, mfcc=[row] * 13, chroma=[row] * 12
        ),
        ai_provider="google_ai",
        ai_summary="A dry kick.",
        production_tips=["Shorten the tail."],
        analysis_level=level,
        processing_time=2.5,
        analyzed_at=NOW - timedelta(days=1),
    )


async def without_what_may_be_missing(database: Any, user_id: str) -> None:
    """Write as a program does that leaves out whatever it has nothing to say about."""
    await database.audio_files.insert_one(
        {
            "file_id": str(uuid4()),
            "filename": "bare.wav",
            "file_path": "/srv/bare.wav",
            "user_id": user_id,
        }
    )
    await database.users.insert_one(
        {
            "user_id": str(uuid4()),
            "email": "bert@example.org",
            "username": "bert",
            "hashed_password": bcrypt.hashpw(b"hi hat", bcrypt.gensalt(4)).decode(),
            "created_at": naive_now(),
        }
    )
    await database.batch_jobs.insert_one(
        {
            "batch_id": str(uuid4()),
            "user_id": user_id,
            "status": "processing",
            "file_ids": [],
            "created_at": naive_now(),
        }
    )


async def shown(library: Library, question: Question) -> list[Sample]:
    listing = library.listing(question)
    count = await listing.count()
    window = await listing.window(0, 50)
    assert count == len(window.samples)
    return list(window.samples)


@pytest.fixture
async def studio(mongo_url: str) -> Studio:
    return await left_by_another(mongo_url)


def library_of(documents: Documents) -> Library:
    return Library(documents.samples, Rights(documents.accounts), StandingClock())


@pytest.mark.parametrize("smtui_was_there", [False, True])
async def test_every_order_shows_the_sounds_of_others(
    mongo_url: str, smtui_was_there: bool
) -> None:
    if smtui_was_there:
        async with opened(mongo_url):
            pass
    studio = await left_by_another(mongo_url)
    async with opened(mongo_url) as documents:
        library = library_of(documents)
        for by in SORTABLE:
            for descending in (False, True):
                question = Question(
                    sort=Sort(field=by, descending=descending), viewer=UserId(studio.user.user_id)
                )
                sounds = await shown(library, question)
                names = {sound.filename for sound in sounds}
                assert names == {"Kick.wav", "snare.wav", "Pad.wav", "bare.wav"}, question.sort
        by_name = [one.filename for one in await shown(library, Question(viewer=owner(studio)))]
        assert by_name == ["bare.wav", "Kick.wav", "Pad.wav", "snare.wav"]
        assert [one.filename for one in await shown(library, Question())] == ["Pad.wav"]


# One value of another kind for each field; None stands for null, `...` for not there at all.
ODD: list[tuple[str, Any]] = [
    (field, value)
    for field in sorted(THEIRS[AudioFile] - {"file_id", "file_path", "user_id"})
    for value in (None, ..., "text", 7, 2.5, [], ["a", 1], {}, {"a": {"b": 1}}, True)
]
ODD += [("uploaded_at", "2024-05-06T07:08:09Z"), ("uploaded_at", 1_700_000_000)]
ODD += [("duration", float("nan")), ("duration", float("inf")), ("duration", -1.0)]
ODD += [("tags", [None, "", "a\x00b", "x" * 3000]), ("tags", ["same", "Same"])]
ODD += [("heard", {}), ("heard", None), ("heard", "yes"), ("heard", {"level": "best"})]
ODD += [("heard", {"level": "basic", "tempo": "fast", "key": 5}), ("trouble", []), ("trouble", 5)]
ODD += [("file_size", 2**40), ("missing_since", "never"), ("tag_marks", {"a": 1})]


async def test_documents_of_any_shape_are_walked_through_in_every_order(mongo_url: str) -> None:
    viewer = UserId(str(uuid4()))
    async with other_program(mongo_url) as database:
        for number, (field, value) in enumerate(ODD):
            file = AudioFile(
                filename=f"{number}.wav",
                file_path=f"/srv/{number % 5}/{number}.wav",
                file_size=1,
                duration=number / 7,
                sample_rate=1,
                channels=1,
                format="wav",
                user_id=viewer,
            )
            plain = file.model_dump(exclude={"id", "revision_id"}) | {field: value}
            if value is ...:
                del plain[field]
            await database.audio_files.insert_one(plain)
    async with opened(mongo_url) as documents:
        for by in SORTABLE:
            for descending in (False, True):
                question = Question(sort=Sort(field=by, descending=descending), viewer=viewer)
                sounds = [one async for page in pages(documents, question) for one in page]
                assert len({sound.file_id for sound in sounds}) == len(sounds) == len(ODD)
                assert sounds == question.answered(sounds), question.sort
                assert await documents.samples.count(question) == len(ODD)
        for text in ("srv", "bpm:-", "len:>0", "is:heard", "tag:same", "-tag:same", "in:3"):
            question = Question(expression=parse(text), viewer=viewer)
            matching = [one async for page in pages(documents, question) for one in page]
            assert matching == question.answered(sounds), text
            assert await documents.samples.count(question) == len(matching)
        assert "same" in {tag.lower() for tag in await library_of(documents).tags_in_use(viewer)}


async def pages(documents: Documents, question: Question) -> AsyncIterator[tuple[Sample, ...]]:
    """Walk by places, seven rows at a time."""
    after = None
    while True:
        page = await documents.samples.page(question, limit=7, after=after)
        if not page.samples:
            return
        yield page.samples
        after = page.places[-1]


def owner(studio: Studio) -> UserId:
    return UserId(studio.user.user_id)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("kick", {"Kick.wav"}),
        ("samples", {"Kick.wav", "snare.wav", "Pad.wav"}),
        ("tïtle", {"Kick.wav", "snare.wav", "Pad.wav"}),
        ("tag:dark", {"snare.wav", "Pad.wav"}),
        ("tag:HOUSE", {"Pad.wav"}),
        ("tag:-", {"Kick.wav", "bare.wav"}),
        ("in:Samples", {"Kick.wav", "snare.wav", "Pad.wav"}),
        ("len:>1", {"snare.wav", "Pad.wav"}),
        ("rate:48000", {"Kick.wav", "snare.wav", "Pad.wav"}),
        ("format:wav", {"Kick.wav", "snare.wav", "Pad.wav"}),
        ("-is:heard", {"snare.wav", "Pad.wav", "bare.wav"}),
        ("bpm:-", {"snare.wav", "Pad.wav", "bare.wav"}),
        ("bpm:124 key:Am mode:minor is:heard", {"Kick.wav"}),
        ("bpm:62", set()),
        ("is:loop", set()),
        ("is:oneshot", set()),
        ("kind:kick", set()),
        ("is:missing", set()),
    ],
)
async def test_a_filter_finds_the_sounds_of_others(
    studio: Studio, documents: Documents, text: str, names: set[str]
) -> None:
    question = Question(expression=parse(text), viewer=owner(studio))
    found_names = {one.filename for one in await shown(library_of(documents), question)}
    assert found_names == names


async def test_the_sound_of_another_comes_with_what_it_says(
    studio: Studio, documents: Documents
) -> None:
    library = library_of(documents)
    sound = await library.sample(FileId(studio.files[1].file_id))
    assert (sound.duration, sound.sample_rate, sound.channels) == (1.5, 48_000, 1)
    assert sound.tags == ("Dark",)
    assert sound.tag_marks == {}
    assert sound.metadata["title"] == "Tïtle"
    assert sound.uploaded_at.tzinfo is UTC or sound.uploaded_at.utcoffset() == timedelta()
    assert abs(sound.uploaded_at - datetime.now(UTC)) < timedelta(minutes=5)
    (bare,) = await shown(library, Question(expression=parse("bare"), viewer=owner(studio)))
    assert (bare.duration, bare.sample_rate, bare.tags, bare.file_hash) == (0.0, 0, (), "")
    assert bare.heard is None


async def test_the_sounds_of_others_can_be_tagged_scanned_and_heard(
    studio: Studio, documents: Documents, mongo_url: str
) -> None:
    library = library_of(documents)
    by = await documents.accounts.by_id(owner(studio))
    assert by is not None
    ids = [FileId(file.file_id) for file in studio.files]
    assert await library.tag(ids, by=by, add=["dusty"], remove=["dark"]) == 3
    question = Question(expression=parse("tag:dusty -tag:dark"), viewer=owner(studio))
    assert await library.count(question) == 3
    file = found(studio.files[0].file_path, file_hash="kick")
    assert await documents.samples.add_found([file], user_id=owner(studio), at=NOW) == (ids[0],)
    batch = Batch(
        batch_id=BatchId(str(uuid4())),
        run_id=RunId(str(uuid4())),
        user_id=owner(studio),
        level=Level.FULL,
        file_ids=(ids[0],),
        created_at=NOW,
        updated_at=NOW,
    )
    await documents.batches.create([batch])
    await documents.samples.move(ids[0], replace(file, file_path="/srv/Samples/kick.wav"))
    await heard_by_a_worker(documents, batch.run_id)
    sound = await library.sample(ids[0])
    assert sound.heard is not None
    assert sound.heard.tempo == 127.3
    async with other_program(mongo_url):
        kept = await AudioFile.find_one(AudioFile.file_id == ids[0])
        assert kept is not None
        assert (kept.tags, kept.file_path) == (["dusty"], "/srv/Samples/kick.wav")
        analyses = await AnalysisResult.find(AnalysisResult.file_id == ids[0]).to_list()
        # Theirs are as they were, beside ours.
        assert {one.analysis_id for one in studio.analyses} < {one.analysis_id for one in analyses}
        assert {one.ai_summary for one in analyses} == {"A dry kick.", None}


async def test_a_sound_of_another_that_no_scan_has_seen_is_heard(
    studio: Studio, documents: Documents
) -> None:
    unscanned = FileId(studio.files[0].file_id)
    batch = Batch(
        batch_id=BatchId(str(uuid4())),
        run_id=RunId(str(uuid4())),
        user_id=owner(studio),
        level=Level.FULL,
        file_ids=(unscanned,),
        created_at=NOW,
        updated_at=NOW,
    )
    await documents.batches.create([batch])
    await heard_by_a_worker(documents, batch.run_id)
    sound = await library_of(documents).sample(unscanned)
    assert sound.heard is not None
    assert (sound.heard.tempo, sound.file_hash, sound.trouble) == (127.3, "kick", None)


async def test_the_analysis_of_another_is_shown_by_its_level(
    studio: Studio, documents: Documents
) -> None:
    analyses = Analyses(documents.analyses)
    file_id = FileId(studio.files[0].file_id)
    analysis = await analyses.of(file_id)
    assert analysis is not None
    assert analysis.analysis_id == studio.analyses[1].analysis_id
    measured = analysis.measured
    assert (measured.level, measured.tempo, measured.key) == (Level.FULL, 124.0, "A")
    assert (measured.time_signature, measured.processing_time) == ((4, 4), 2.5)
    features = measured.spectral_features
    assert features is not None
    assert len(features.spectral_centroid) == 64
    assert {len(row) for row in features.mfcc} == {64}
    assert await analyses.of_many([file_id, FileId(studio.files[1].file_id)]) == {file_id: analysis}


async def test_the_batches_of_others_are_shown_and_nobody_works_on_them_again(
    studio: Studio, documents: Documents
) -> None:
    batches = Batches(
        documents.batches,
        documents.samples,
        NoQueue(),
        StandingClock(),
        Rights(documents.accounts),
    )
    overview = await anext(batches.overview(owner(studio)))
    assert overview is not None
    runs = await documents.batches.runs(user_id=owner(studio), limit=10)
    ended = next(run for run in runs if run.total == 2)
    assert (ended.completed, ended.failed, ended.ended_files) == (1, 1, 2)
    failures = await batches.runs.failures(ended.run_id, 5)
    assert [(one.file_id, one.error) for one in failures] == [
        (studio.files[1].file_id, "Could not decode")
    ]
    batch = await documents.batches.get(BatchId(studio.batch.batch_id))
    assert batch is not None
    assert batch.file_ids == tuple(studio.batch.file_ids)
    assert await documents.batches.claimable() == ()
    assert await documents.batches.waiting(level=Level.BASIC) == frozenset()


@pytest.fixture
async def accounts(
    studio: Studio, documents: Documents, link: RedisLink, tmp_path: Path
) -> Accounts:
    ports = AccountPorts(
        accounts=documents.accounts,
        sessions=RedisSessions(link),
        limits=RedisLimits(link),
        passwords=BcryptPasswords(rounds=4),
        resume_token=ResumeFile(tmp_path / "resume.json"),
        clock=StandingClock(),
    )
    return Accounts(ports)


@pytest.mark.parametrize("login", ["anna", "Anna", "anna@example.org"])
async def test_people_of_others_sign_in(accounts: Accounts, mongo_url: str, login: str) -> None:
    signed_in = await accounts.sessions.sign_in(login, "kick drum", stay=True, address="local")
    assert signed_in.account.username == "Anna"
    assert await accounts.sessions.resume() is not None
    async with other_program(mongo_url):
        kept = await User.find_one(User.username == "Anna")
        assert kept is not None
        assert kept.last_login == NOW


async def test_a_person_without_anything_optional_signs_in(accounts: Accounts) -> None:
    signed_in = await accounts.sessions.sign_in("BERT", "hi hat", stay=False, address="local")
    account: Account = signed_in.account
    assert (account.is_active, account.is_verified, account.total_analyses) == (True, False, 0)


async def test_what_others_change_is_shown_at_once(
    documents: Documents, mongo_url: str, studio: Studio
) -> None:
    library = library_of(documents)
    question = Question(viewer=owner(studio))
    assert len(await shown(library, question)) == 4
    before = await library.generation()
    async with other_program(mongo_url):
        late = studio.files[0].model_copy(
            update={"id": None, "file_id": str(uuid4()), "filename": "late.wav"}
        )
        await late.insert()
        retagged = await AudioFile.find_one(AudioFile.filename == "snare.wav")
        assert retagged is not None
        await retagged.set({"tags": ["Wide"]})
    everything = {"Kick.wav", "snare.wav", "Pad.wav", "bare.wav", "late.wav"}
    end = time.monotonic() + 20
    while {one.filename for one in await shown(library, question)} != everything:
        assert time.monotonic() < end, "the sounds of others are not shown"
        await asyncio.sleep(0.05)
    assert (await library.sample(FileId(studio.files[1].file_id))).tags == ("Wide",)
    wide = Question(expression=parse("tag:wide -tag:dark"), viewer=owner(studio))
    while [one.filename for one in await shown(library, wide)] != ["snare.wav"]:
        assert time.monotonic() < end, "the tag of another is not found"
        await asyncio.sleep(0.05)
    assert await library.generation() >= before
