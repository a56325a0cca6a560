"""What every SampleStore answers: the same as the plain model, page by page, in every order."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from smtui.domain.account import UserId
from smtui.domain.errors import ErrorCode
from smtui.domain.ports.documents import SampleStore
from smtui.domain.quality import Quality
from smtui.domain.question import (
    QUALITIES,
    SORTABLE,
    All,
    Any,
    Between,
    Everything,
    Expression,
    Fact,
    Field,
    Is,
    Not,
    OneOf,
    Question,
    Sort,
    Tagged,
    Unknown,
    Within,
    Words,
)
from smtui.domain.sample import FileId, FoundFile, Heard, Mark, Sample, Trouble
from smtui.stores.memory.samples import MemorySamples
from tests.contracts.document_stores import (
    ANNA,
    ANSWERING,
    BERT,
    NOW,
    DocumentStores,
    found,
    heard,
)
from tests.retagging import change_tags

NAMES = (
    "kick",
    "loop_90bpm_Am",
    "Kick_2",
    "KICK 100%",
    "snare",
    "Straße",
    "qz",
    "a_b",
    "a*b",
    "é\U0001f941",
    'x"y',
)
FOLDERS = ("/a/Drums", "/a/Drums/b", "/a/drums2", "/", "/B_c/d", "/Ünder")
TAGS = ("House", "house", "dark", "100%", "Ö")
MARK = Mark(by=ANNA, at=NOW)
KINDS = (None, "kick", "snare", "loop")
TEMPI = (None, 90.0, 120.0, 120.1, 128.0)
SORTS = [Sort(field=by, descending=falling) for by in SORTABLE for falling in (False, True)]

found_files = st.builds(
    lambda folder, name, number, duration, rate, form: found(
        f"{folder.rstrip('/')}/{name}{number}.{form}",
        file_hash=f"{number}",
        duration=duration,
        sample_rate=rate,
        channels=1 + number % 2,
        format=form,
        metadata={"title": "Tïtle", "bpm": 128.0, "key": "F#"} if number == 3 else {},
    ),
    st.sampled_from(FOLDERS),
    st.sampled_from(NAMES),
    st.integers(0, 4),
    st.sampled_from((0.1, 1.0, 7.5)),
    st.sampled_from((44_100, 96_000)),
    st.sampled_from(("wav", "flac")),
)
qualities = st.none() | st.builds(
    lambda peak, bits, clipped, edges, correlation: Quality(
        true_peak_dbtp=peak,
        bit_depth=bits and 24,
        bits_used=bits,
        clipped_samples=clipped,
        dc_offset=edges,
        silence_head=edges,
        silence_tail=2 * edges,
        stereo_correlation=correlation,
    ),
    st.sampled_from((None, -10.0, 0.1)),
    st.sampled_from((None, 16, 24)),
    st.sampled_from((0, 3)),
    st.sampled_from((0.0, 0.1, 1.0)),
    st.sampled_from((None, -10.0, 1.0)),
)
listenings = st.builds(
    lambda tempo, key, kind, loudness, quality, level, note: heard(
        tempo=tempo,
        key=key[0],
        mode=key[1],
        kind=kind,
        is_loop=None if kind is None else kind == "loop",
        root_note=note,
        loudness_lufs=loudness,
        quality=quality,
        level=level,
    ),
    st.sampled_from(TEMPI),
    st.sampled_from(((None, None), ("A", "minor"), ("F#", "major"), ("C", None))),
    st.sampled_from(KINDS),
    st.sampled_from((None, -6.5, -14.0)),
    qualities,
    st.sampled_from(("basic", "advanced")),
    st.sampled_from((None, "A", "A1", "F#1", "F#2")),
)
texts = st.sampled_from(
    ("kick", "KI", "k", "%", "_", "*", "100%", "a_b", "a*b", '"', "strasse", "é", "\U0001f941",
     "qz", "zz", "nothing", "drums", "wav", "/", "ü", "ten letters", "e\u0301", "tïtle", "x\"y")
)  # fmt: skip
limits = st.sampled_from((None, 0.1, 1.0, 90.0, 120.0, 125.0, -10.0, 50_000.0))
leaves: st.SearchStrategy[Expression] = st.one_of(
    st.just(Everything()),
    st.builds(Words, texts),
    st.builds(Tagged, st.sampled_from((*TAGS, "HOUSE", "never"))),
    st.builds(
        Within,
        st.sampled_from(("drums", "/a/drums", "a/drums", "/a/Drums/", "/", "b", "rum", "/ünder")),
    ),
    st.builds(Within, st.sampled_from((*FOLDERS, "/a/drums", "/a")), direct=st.just(True)),
    st.builds(
        Between,
        st.sampled_from((Field.TEMPO, Field.LENGTH, Field.LOUDNESS, Field.RATE, Field.CHANNELS)),
        limits,
        limits,
    ),
    st.builds(Between, st.sampled_from(QUALITIES), limits, limits),
    st.builds(Unknown, st.sampled_from(QUALITIES)),
    st.builds(OneOf, st.just(Field.KIND), st.just(("kick",)) | st.just(("snare", "loop"))),
    st.builds(OneOf, st.just(Field.KEY), st.just(("Am",)) | st.just(("F#", "C"))),
    st.builds(OneOf, st.just(Field.NOTE), st.just(("A", "A0", "A1")) | st.just(("F#1",))),
    st.just(Unknown(Field.NOTE)),
    st.builds(OneOf, st.just(Field.MODE), st.just(("minor",))),
    st.builds(OneOf, st.just(Field.FORMAT), st.just(("flac",)) | st.just(("wav", "flac"))),
    st.builds(
        Unknown,
        st.sampled_from((Field.TEMPO, Field.KEY, Field.KIND, Field.LOUDNESS, Field.TAGS)),
    ),
    st.builds(Is, st.sampled_from(Fact)),
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Any, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)
questions = st.builds(
    lambda expression, sort, viewer: Question(expression=expression, sort=sort, viewer=viewer),
    expressions,
    st.sampled_from(SORTS),
    st.sampled_from((ANNA, ANNA, BERT, None)),
)


@dataclass(frozen=True)
class Found:
    files: tuple[FoundFile, ...]
    owner: UserId | None


@dataclass(frozen=True)
class Change:
    """One thing that happens to the sound at this number (modulo how many there are)."""

    number: int
    heard: Heard | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    trouble: bool = False
    missing: bool | None = None
    move: FoundFile | None = None


operations = st.lists(
    st.one_of(
        st.builds(
            Found,
            st.lists(found_files, min_size=1, max_size=8).map(tuple),
            st.sampled_from((ANNA, ANNA, ANNA, BERT, None)),
        ),
        st.builds(Change, st.integers(0, 50), heard=listenings),
        st.builds(
            Change,
            st.integers(0, 50),
            add=st.lists(st.sampled_from(TAGS), max_size=2).map(tuple),
            remove=st.lists(st.sampled_from(TAGS), max_size=1).map(tuple),
        ),
        st.builds(Change, st.integers(0, 50), trouble=st.just(True)),
        st.builds(Change, st.integers(0, 50), missing=st.booleans()),
        st.builds(Change, st.integers(0, 50), move=found_files),
    ),
    min_size=1,
    max_size=30,
)


class Both:
    """A store beside one in memory: what happens, happens to both alike."""

    def __init__(self, samples: SampleStore) -> None:
        self._given: Iterator[FileId] = iter(())
        self._samples = samples
        self._model = MemorySamples(new_id=lambda: next(self._given))

    @property
    def sounds(self) -> list[Sample]:
        return list(self._model.sounds.values())

    async def happen(self, operation: Found | Change) -> None:
        if isinstance(operation, Found):
            files, owner = operation.files, operation.owner
            ids = await self._samples.add_found(files, user_id=owner, at=NOW)
            self._given = iter([one for one in dict.fromkeys(ids) if one not in self._model.sounds])
            assert await self._model.add_found(files, user_id=owner, at=NOW) == ids
        elif self.sounds:
            sound = self.sounds[operation.number % len(self.sounds)]
            done = [await alter(store, sound, operation) for store in (self._samples, self._model)]
            assert done[0] == done[1]


async def alter(samples: SampleStore, sound: Sample, change: Change) -> object:
    file_id = sound.file_id
    if change.heard is not None:
        return await samples.set_heard(file_id, change.heard, file_hash=sound.file_hash)
    if change.trouble:
        trouble = Trouble(code=ErrorCode.UNREADABLE, error="It is damaged", at=NOW)
        return await samples.set_trouble(file_id, trouble)
    if change.missing is not None:
        at = NOW + timedelta(seconds=change.number) if change.missing else None
        await samples.set_missing([file_id], at)
        return None
    if change.move is not None:
        return await samples.move(file_id, change.move)
    return await change_tags(samples, [file_id], mark=MARK, add=change.add, remove=change.remove)


async def agrees(samples: SampleStore, sounds: Sequence[Sample], question: Question) -> None:
    """Hold every way to read an answer to the whole answer."""
    expected = question.answered(sounds)
    places = [question.place_of(sample) for sample in expected]
    assert await samples.count(question) == len(expected)
    everybody = [sample.file_id for sample in sounds]
    matching = await samples.matching(question, [*everybody, FileId("gone")])
    assert matching == {sample.file_id for sample in expected}
    assert await samples.matching(question, everybody[::2]) == matching & set(everybody[::2])
    whole = await samples.page(question, limit=1000)
    assert list(whole.samples) == expected
    assert list(whole.places) == places
    posts = await samples.signposts(question, every=3)
    assert list(posts) == places[::3]
    for at in range(0, len(places), 4):
        after = await samples.page(question, limit=3, after=places[at])
        assert list(after.places) == places[at + 1 : at + 4]
        before = await samples.page(question, limit=3, before=places[at])
        assert list(before.places) == places[max(0, at - 3) : at]
        far = await samples.page(question, limit=2, after=places[at], skip=3)
        assert list(far.places) == places[at + 4 : at + 6]
        back = await samples.page(question, limit=2, before=places[at], skip=3)
        assert list(back.places) == places[max(0, at - 5) : max(0, at - 3)]
    ids: list[FileId] = []
    part, last = await samples.ids(question, limit=4)
    ids += part
    while last is not None:
        part, last = await samples.ids(question, limit=4, after=last)
        ids += part
    assert ids == [sample.file_id for sample in expected]


@pytest.mark.parametrize("implementation", ANSWERING)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(happened=operations, asked=st.lists(questions, min_size=1, max_size=12))
def test_whatever_happens_the_library_answers_like_the_model(
    implementation: str, happened: list[Found | Change], asked: list[Question]
) -> None:
    async def live(folder: Path) -> None:
        async with ANSWERING[implementation](folder) as stores:
            both = Both(stores.samples)
            for operation in happened:
                await both.happen(operation)
            for question in asked:
                await agrees(stores.samples, both.sounds, question)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(Path(folder)))


@pytest.fixture(params=ANSWERING)
async def documents(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[DocumentStores]:
    async with ANSWERING[request.param](tmp_path) as stores:
        yield stores


@pytest.fixture
async def sounds(documents: DocumentStores) -> list[Sample]:
    """A hundred and twenty sounds, many alike, some without anything heard."""
    samples = documents.samples
    files = [
        found(
            f"{FOLDERS[number % len(FOLDERS)].rstrip('/')}/{NAMES[number % 7]}-{number}.wav",
            duration=float(number % 5),
        )
        for number in range(120)
    ]
    ids = await samples.add_found(files, user_id=ANNA, at=NOW)
    for number, (file, file_id) in enumerate(zip(files, ids, strict=True)):
        if number % 4:
            listened = heard(
                tempo=TEMPI[number % len(TEMPI)],
                kind=KINDS[number % len(KINDS)],
                is_loop=KINDS[number % len(KINDS)] == "loop",
                key="A" if number % 3 else None,
                mode="minor" if number % 3 else None,
                loudness_lufs=-float(number % 7) or None,
            )
            await samples.set_heard(file_id, listened, file_hash=file.file_hash)
        if number % 5 == 0:
            await change_tags(samples, [file_id], mark=MARK, add=[TAGS[number % len(TAGS)]])
    return list(await samples.get(ids))


@pytest.mark.parametrize("sort", SORTS, ids=str)
async def test_every_order_is_walked_to_and_fro(
    documents: DocumentStores, sounds: list[Sample], sort: Sort
) -> None:
    for expression in (Everything(), Words("kick"), Is(Fact.LOOP), Between(Field.TEMPO, 100, None)):
        question = Question(expression=expression, sort=sort, viewer=ANNA)
        await agrees(documents.samples, sounds, question)


async def test_what_failed_and_is_nothing_is_nothing(
    documents: DocumentStores, sounds: list[Sample]
) -> None:
    trouble = Trouble(code=ErrorCode.UNREADABLE, error="It is damaged", at=NOW)
    await documents.samples.set_trouble(sounds[0].file_id, trouble)
    known = [replace(sounds[0], trouble=trouble), *sounds[1:]]
    for nothing in (Any(()), Tagged("never said")):
        question = Question(expression=All((Is(Fact.FAILED), nothing)), viewer=ANNA)
        await agrees(documents.samples, known, question)


async def test_nobody_sees_what_is_anothers(documents: DocumentStores) -> None:
    samples = documents.samples
    await samples.add_found([found("/hers.wav")], user_id=ANNA, at=NOW)
    await samples.add_found([found("/his.wav")], user_id=BERT, at=NOW)
    await samples.add_found([found("/ours.wav")], user_id=None, at=NOW)

    async def seen(viewer: UserId | None) -> list[str]:
        page = await samples.page(Question(viewer=viewer), limit=10)
        return [sample.filename for sample in page.samples]

    assert await seen(ANNA) == ["hers.wav", "ours.wav"]
    assert await seen(BERT) == ["his.wav", "ours.wav"]
    assert await seen(None) == ["ours.wav"]
    assert await seen(UserId("stranger")) == ["ours.wav"]


async def test_a_condition_that_no_store_knows_is_a_defect(documents: DocumentStores) -> None:
    with pytest.raises(TypeError):
        await documents.samples.count(Question(expression=Between(Field.NAME, 1, 2), viewer=ANNA))


async def test_a_place_whose_sound_has_changed_is_still_a_place(
    documents: DocumentStores, sounds: list[Sample]
) -> None:
    question = Question(sort=Sort(field=Field.TEMPO), viewer=ANNA)
    page = await documents.samples.page(question, limit=10)
    last = page.places[-1]
    changed = page.samples[-1]
    await documents.samples.set_heard(
        changed.file_id, heard(tempo=None), file_hash=changed.file_hash
    )
    following = await documents.samples.page(question, limit=10, after=last)
    expected = question.answered(sounds)[10:20]
    assert list(following.places) == [question.place_of(sound) for sound in expected]
