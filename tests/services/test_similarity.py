"""What sounds like this, on a real SQLite library and a real Chroma."""

from __future__ import annotations

import random
from array import array
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from smtui.domain.account import UserId
from smtui.domain.analysis import Analysis, AnalysisId, Level, Measurement
from smtui.domain.embedding import BLOCKS, DIMENSIONS, alike
from smtui.domain.errors import InputInvalid, NotFound, QueryInvalid, ServerUnavailable
from smtui.domain.likeness import ASPECTS, Weights, wanted
from smtui.domain.path_map import PathMap
from smtui.domain.ports.similarity_index import HeardOutside
from smtui.domain.query import parse
from smtui.domain.question import Question
from smtui.domain.sample import FileId
from smtui.domain.search import Answer, Search, Seed
from smtui.domain.traits import Traits
from smtui.services import index_upkeep, nearest
from smtui.services.index_upkeep import IndexUpkeep, Mended
from smtui.services.nearest import LikenessPorts
from smtui.services.retrieval_check import RetrievalCheck
from smtui.services.seeds import Seeds
from smtui.services.similarity import SAME, Similarity
from smtui.similarity.comparison import MatrixComparison
from smtui.stores.chroma.client import ChromaLine
from smtui.stores.chroma.index import ChromaIndex
from smtui.stores.redis.cache import RedisCache
from smtui.stores.redis.link import RedisLink
from tests.contracts.document_stores import ANNA, BERT, NOW, DocumentStores, found, heard, memory
from tests.servers.chroma_server import ChromaServer, running_chroma

RECIPE = 3
KINDS = ("kick", "snare", "hat")


@pytest.fixture(scope="module")
def server() -> Iterator[ChromaServer]:
    with running_chroma() as started:
        yield started


class NobodyOutside:
    """No files from outside here."""

    async def file_hash(self, path: Path) -> str:
        return f"hash of {path.name}"

    async def analyse(self, path: Path) -> HeardOutside:
        return HeardOutside(embedding=unit(random.Random(str(path))), traits=Traits())


@dataclass
class Shelf:
    """A library with all that searches need."""

    stores: DocumentStores
    ports: LikenessPorts
    index: ChromaIndex
    seeds: Seeds
    similarity: Similarity
    indexing: IndexUpkeep
    known: dict[FileId, tuple[float, ...]] = field(default_factory=dict)
    asked_before: bool = False

    async def add(
        self,
        path: str,
        numbers: Sequence[float] | None,
        *,
        owner: UserId | None = ANNA,
        kind: str = "kick",
    ) -> FileId:
        (file_id,) = await self.stores.samples.add_found(
            [found(path, file_hash=path)], user_id=owner, at=NOW
        )
        if numbers is None:
            return file_id
        singles = tuple(array("f", numbers))
        measured = Measurement(
            level=Level.ADVANCED,
            recipe_version=RECIPE,
            file_hash=path,
            duration=1.0,
            processing_time=0.1,
            embedding=singles,
        )
        await self.stores.analyses.save(
            Analysis(
                analysis_id=AnalysisId(f"of {file_id}"),
                file_id=file_id,
                user_id=owner,
                analyzed_at=NOW,
                measured=measured,
            )
        )
        told = heard(recipe_version=RECIPE, kind=kind)
        await self.stores.samples.set_heard(file_id, told, file_hash=path)
        self.known[file_id] = singles
        return file_id

    async def many(self, count: int, *, seed: int = 1) -> list[FileId]:
        """Clustered sounds of three kinds in ten folders."""
        chance = random.Random(seed)
        centres = [unit(chance) for _ in range(6)]
        return [
            await self.add(
                f"/lib/f{number % 10}/s{number:04}.wav",
                near(chance, centres[number % 6], 0.8),
                kind=KINDS[number % 3],
            )
            for number in range(count)
        ]

    async def like(
        self, *more: FileId, limit: int = 10, viewer: UserId | None = ANNA, **changes: object
    ) -> Answer:
        search = Search(more=tuple(of(one) for one in more), **changes)  # type: ignore[arg-type]
        if self.asked_before:
            await self.similarity.find(search, viewer=viewer, limit=limit)
        return await self.similarity.find(search, viewer=viewer, limit=limit)

    async def expected(
        self,
        more: Sequence[FileId],
        less: Sequence[FileId] = (),
        *,
        weights: Weights | None = None,
        text: str = "",
    ) -> list[FileId]:
        """Every hit in order, worked out one by one."""
        question = Question(expression=parse(text), viewer=ANNA)
        fitting = await self.stores.samples.matching(question, list(self.known))
        there = await self.stores.embeddings.of(list(fitting), recipe_version=RECIPE)
        goal = wanted([self.known[one] for one in more], [self.known[one] for one in less])
        scores = {
            one: goal.likeness(self.known[one]).score(weights or Weights())
            for one in there
            if one not in {*more, *less}
        }
        return sorted(scores, key=lambda one: (-scores[one], one))


def of(file_id: FileId) -> Seed:
    return Seed(name=str(file_id), file_id=file_id)


def unit(chance: random.Random) -> list[float]:
    numbers: list[float] = []
    for block in BLOCKS:
        part = [chance.gauss(0, 1) for _ in range(block.stop - block.start)]
        length = sum(one * one for one in part) ** 0.5
        numbers += [block.norm * one / length for one in part]
    return numbers


def near(chance: random.Random, centre: Sequence[float], spread: float) -> list[float]:
    other, numbers = unit(chance), []
    for block in BLOCKS:
        part = [a + spread * b for a, b in zip(centre[block.span], other[block.span], strict=True)]
        length = sum(one * one for one in part) ** 0.5
        numbers += [block.norm * one / length for one in part]
    return numbers


@pytest.fixture
async def shelf(server: ChromaServer, tmp_path: Path, link: RedisLink) -> AsyncIterator[Shelf]:
    async def address() -> str:
        return server.url()

    index = ChromaIndex(ChromaLine(address), recipe_version=RECIPE, about=False)
    await index.clear()
    async with memory(tmp_path) as stores:
        ports = LikenessPorts(
            samples=stores.samples,
            embeddings=stores.embeddings,
            index=index,
            comparison=MatrixComparison(),
            outside=NobodyOutside(),
            cache=RedisCache(link),
        )
        seeds = Seeds(ports, paths=PathMap(), recipe_version=RECIPE)
        yield Shelf(
            stores=stores,
            ports=ports,
            index=index,
            seeds=seeds,
            similarity=Similarity(ports, seeds, paths=PathMap(), recipe_version=RECIPE),
            indexing=IndexUpkeep(stores.samples, stores.embeddings, index, recipe_version=RECIPE),
        )
    await index.close()


@pytest.fixture(params=["one and all", "by the index", "at hand"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, shelf: Shelf) -> str:
    """Small libraries are compared one and all; here also as large ones are, and asked again."""
    shelf.asked_before = request.param == "at hand"
    if request.param != "at hand":
        monkeypatch.setattr(nearest, "MOST_AT_HAND", 0)
    if request.param == "by the index":
        monkeypatch.setattr(nearest, "FEW", 5)
    return str(request.param)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is asked by its index, however small it is."""
    monkeypatch.setattr(nearest, "MOST_AT_HAND", 0)
    monkeypatch.setattr(nearest, "FEW", 5)


def ids(answer: Answer) -> list[FileId]:
    return [hit.file_id for hit in answer.hits]


async def test_the_most_alike_come_first_whatever_is_asked(shelf: Shelf, way: str) -> None:
    sounds = await shelf.many(120)
    await shelf.indexing.reconcile()
    seed, other, unlike = sounds[0], sounds[6], sounds[1]
    answer = await shelf.like(seed)
    assert ids(answer) == (await shelf.expected([seed]))[:10]
    assert answer.out_of == 119
    assert answer.remarks == ()
    rhythm = Weights(timbre=0, tonality=0, envelope=0)
    answer = await shelf.like(seed, weights=rhythm)
    assert ids(answer) == (await shelf.expected([seed], weights=rhythm))[:10]
    answer = await shelf.like(seed, other, less=(of(unlike),))
    assert ids(answer) == (await shelf.expected([seed, other], [unlike]))[:10]


async def test_a_filter_never_takes_more_than_it_says(shelf: Shelf, way: str) -> None:
    """The seed is a kick, so all that is near is none: what matches comes all the same."""
    sounds = await shelf.many(120)
    await shelf.indexing.reconcile()
    for text in ("kind:snare", "-kind:kick", "in:f3", "s0007", "kind:hat | in:f1"):
        answer = await shelf.like(sounds[0], filter=text, limit=50)
        expected = await shelf.expected([sounds[0]], text=text)
        assert ids(answer) == expected[:50], text
        assert answer.out_of == len(expected), text


async def test_other_weights_rank_what_was_found_as_a_new_search_would(
    shelf: Shelf, way: str
) -> None:
    sounds = await shelf.many(90)
    await shelf.indexing.reconcile()
    answer = await shelf.like(sounds[0])
    for weights in (Weights(timbre=0), Weights(rhythm=5), Weights(tonality=4, timbre=1)):
        again = answer.reweighted(weights, limit=10)
        assert ids(again) == (await shelf.expected([sounds[0]], weights=weights))[:10]


async def test_nobody_finds_what_is_anothers_or_missing(shelf: Shelf, way: str) -> None:
    chance = random.Random(3)
    centre = unit(chance)
    mine = [await shelf.add(f"/a/{n}.wav", near(chance, centre, 0.1)) for n in range(8)]
    shared = await shelf.add("/a/shared.wav", near(chance, centre, 0.1), owner=None)
    hers = await shelf.add("/b/hers.wav", near(chance, centre, 0.1), owner=BERT)
    await shelf.indexing.reconcile()
    await shelf.stores.samples.set_missing([mine[7]], NOW)
    answer = await shelf.like(mine[0])
    assert set(ids(answer)) == {*mine[1:7], shared}
    assert answer.out_of == 7
    with pytest.raises(InputInvalid, match=r"The file of .* is missing"):
        await shelf.like(mine[7])
    with pytest.raises(NotFound):
        await shelf.like(hers)
    assert set(ids(await shelf.like(hers, viewer=BERT))) == {shared}


async def test_what_is_the_same_to_the_ear_is_shown_once(shelf: Shelf, way: str) -> None:
    chance = random.Random(4)
    seed = await shelf.add("/a/seed.wav", unit(chance))
    for number in range(6):
        centre = near(chance, shelf.known[seed], 0.5)
        for copy in range(4):
            await shelf.add(f"/a/{number}_{copy}.wav", near(chance, centre, 0.02))
    await shelf.indexing.reconcile()
    everything = await shelf.like(seed, limit=50)
    assert len(everything.hits) == 24
    apart = await shelf.like(seed, limit=50, apart=True)
    assert len(apart.hits) == 6
    assert apart.hits[0].file_id == everything.hits[0].file_id
    for first, second in zip(apart.hits, apart.hits[1:], strict=False):
        assert alike(shelf.known[first.file_id], shelf.known[second.file_id]) < SAME
    again = apart.reweighted(Weights(rhythm=5), limit=50)
    assert len(again.hits) == 6


async def test_no_folder_has_more_than_its_share(shelf: Shelf, way: str) -> None:
    sounds = await shelf.many(120)
    await shelf.indexing.reconcile()
    answer = await shelf.like(sounds[0], per_folder=2, limit=15)
    samples = await shelf.stores.samples.get(ids(answer))
    folders = [sample.folder for sample in samples]
    assert len(folders) == 15
    assert max(map(folders.count, folders)) == 2
    again = answer.reweighted(Weights(timbre=0), limit=20)
    assert len(again.hits) == 20


async def test_without_the_index_a_library_is_compared_one_and_all(
    shelf: Shelf, large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sounds = await shelf.many(40)
    with running_chroma() as gone:
        shelf.index._line._address = lambda: _said(gone.url())
        await shelf.index.close()
    answer = await shelf.like(sounds[0])
    assert ids(answer) == (await shelf.expected([sounds[0]]))[:10]
    (remark,) = answer.remarks
    assert "without the index" in remark
    monkeypatch.setattr(nearest, "MOST_EXACTLY", 10)
    with pytest.raises(ServerUnavailable):
        await shelf.like(sounds[0])


async def _said(url: str) -> str:
    return url


async def test_an_index_that_lacks_sounds_says_so_and_hides_none_where_it_need_not(
    shelf: Shelf, large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sounds = await shelf.many(60)
    answer = await shelf.like(sounds[0])
    assert ids(answer) == (await shelf.expected([sounds[0]]))[:10]
    await shelf.indexing.add(sounds[:50])
    monkeypatch.setattr(nearest, "MOST_EXACTLY", 10)
    answer = await shelf.like(sounds[0])
    assert answer.remarks == ("10 of 60 sounds are not in the index yet and may be missing here.",)
    assert len(answer.hits) == 10


async def test_an_answer_that_was_kept_does_not_outlive_a_change(shelf: Shelf, large: None) -> None:
    sounds = await shelf.many(60)
    await shelf.indexing.reconcile()
    first = await shelf.like(sounds[0])
    assert await shelf.like(sounds[0]) == first
    twin = await shelf.add("/lib/new.wav", shelf.known[sounds[0]])
    await shelf.indexing.add([twin])
    assert ids(await shelf.like(sounds[0]))[0] == twin
    await shelf.stores.samples.set_missing([twin], NOW)
    assert ids(await shelf.like(sounds[0])) == ids(first)


async def test_what_is_at_hand_does_not_outlive_a_change(shelf: Shelf) -> None:
    sounds = await shelf.many(60)
    for _ in range(3):
        assert ids(await shelf.like(sounds[0])) == (await shelf.expected([sounds[0]]))[:10]
    twin = await shelf.add("/lib/new.wav", shelf.known[sounds[0]])
    assert ids(await shelf.like(sounds[0]))[0] == twin
    await shelf.stores.samples.set_missing([twin], NOW)
    for _ in range(3):
        assert twin not in ids(await shelf.like(sounds[0]))


async def test_the_index_follows_the_library(shelf: Shelf) -> None:
    sounds = await shelf.many(30)
    assert (await shelf.indexing.reconcile()).added == 30
    await shelf.stores.samples.set_missing(sounds[:4], NOW)
    mended = await shelf.indexing.reconcile()
    assert (mended.added, mended.removed) == (0, 4)
    assert set(await shelf.index.ids(limit=100)) == set(sounds[4:])
    counts = [count async for count in shelf.indexing.rebuild()]
    assert counts == [26]
    standing = await shelf.indexing.standing()
    assert standing.heard == standing.index.sounds == 26


async def test_a_sound_that_came_for_one_that_went_is_found_and_the_other_is_not(
    shelf: Shelf,
) -> None:
    sounds = await shelf.many(30)
    await shelf.indexing.mend()
    await shelf.stores.samples.set_missing(sounds[:1], NOW)
    new = await shelf.add("/lib/new.wav", near(random.Random(2), unit(random.Random(3)), 0.1))
    standing = await shelf.indexing.standing()
    assert standing.heard == standing.index.sounds
    mended = await shelf.indexing.mend()
    assert (mended.added, mended.removed) == (1, 1)
    assert set(await shelf.index.ids(limit=100)) == {*sounds[1:], new}


async def test_what_was_lost_by_stopping_while_the_index_is_made_anew_comes_back_by_itself(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_upkeep, "AT_ONCE", 10)
    sounds = await shelf.many(30)
    assert (await shelf.indexing.mend()).added == 30
    # What was put changed the index; it is looked at once more, and is as it should be.
    assert [await shelf.indexing.mend() for _ in range(2)] == [Mended(), Mended()]
    making = shelf.indexing.rebuild()
    assert isinstance(making, AsyncGenerator)
    assert await anext(making) == 10
    # Whoever makes it anew is not disturbed while it grows.
    assert await shelf.indexing.mend() == Mended()
    assert await anext(making) == 20
    assert await shelf.indexing.mend() == Mended()
    await making.aclose()
    assert (await shelf.indexing.mend()).added == 10
    assert set(await shelf.index.ids(limit=100)) == set(sounds)


async def test_an_index_whose_server_lost_everything_is_filled_again_by_itself(
    shelf: Shelf,
) -> None:
    sounds = await shelf.many(30)
    for _ in range(3):
        await shelf.indexing.mend()
    await shelf.index.clear()
    for _ in range(2):
        await shelf.indexing.mend()
    assert set(await shelf.index.ids(limit=100)) == set(sounds)


async def test_a_sound_is_found_by_what_people_call_it(shelf: Shelf) -> None:
    numbers = unit(random.Random(5))
    kick = await shelf.add("/lib/Drums/Kick 1.wav", numbers)
    twice = await shelf.add("/lib/Drums/twice.wav", numbers)
    await shelf.add("/lib/Other/twice.wav", numbers)
    upper = await shelf.add("/lib/Other/CASE.wav", numbers)
    lower = await shelf.add("/lib/Other/case.wav", numbers)
    await shelf.add("/lib/hers.wav", numbers, owner=BERT)
    for name in (kick, "/lib/Drums/Kick 1.wav", "Kick 1.wav", "Kick 1", "kick 1", "drums/Kick 1"):
        assert (await shelf.seeds.named(name, ANNA)).file_id == kick, name
    assert (await shelf.seeds.named("Drums/twice", ANNA)).file_id == twice
    assert (await shelf.seeds.named("CASE", ANNA)).file_id == upper
    assert (await shelf.seeds.named("case.wav", ANNA)).file_id == lower
    with pytest.raises(InputInvalid, match="2 sounds called twice") as several:
        await shelf.seeds.named("twice", ANNA)
    assert "Drums/twice.wav or Other/twice.wav" in several.value.hint
    with pytest.raises(NotFound) as unknown:
        await shelf.seeds.named("Loop", ANNA)
    assert unknown.value.hint == "As a filter it is written is:loop or -is:loop."
    for name in ("Kick", "ick 1", "hers", "/lib/none.wav", "no\x00where", "\udcff"):
        with pytest.raises(NotFound):
            await shelf.seeds.named(name, ANNA)
    with pytest.raises(InputInvalid):
        await shelf.seeds.named("  ", ANNA)


async def test_what_no_search_can_be_made_of_is_one_sentence(shelf: Shelf) -> None:
    numbers = unit(random.Random(6))
    alone = await shelf.add("/a/alone.wav", numbers)
    unheard = await shelf.add("/a/unheard.wav", None)
    answer = await shelf.like(alone)
    assert answer.hits == ()
    assert answer.remarks == ("No other sound to compare with yet.",)
    answer = await shelf.like(alone, filter="kind:snare")
    assert answer.remarks == ("No other analysed sound matches the filter.",)
    with pytest.raises(InputInvalid, match=r"unheard.*analysed yet.*`a`"):
        await shelf.similarity.find(
            Search(more=(Seed(name="unheard", file_id=unheard),)), viewer=ANNA
        )
    with pytest.raises(InputInvalid, match="No sound to be like"):
        await shelf.similarity.find(Search(), viewer=ANNA)
    with pytest.raises(InputInvalid, match="at most 8"):
        await shelf.like(*[alone] * 9)
    with pytest.raises(QueryInvalid):
        await shelf.like(alone, filter="bpm:fast")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"recipe_version": RECIPE + 1}, "by a newer smtui"),
        ({"recipe_version": RECIPE - 1}, "by an older smtui"),
        ({"recipe_version": 0, "level": "full"}, "by another program"),
        ({"recipe_version": RECIPE, "level": "basic"}, "only at level basic"),
        (None, "has not been analysed yet"),
    ],
)
async def test_who_listened_to_a_sound_that_cannot_be_compared_is_said(
    shelf: Shelf, told: dict[str, Any] | None, words: str
) -> None:
    (file_id,) = await shelf.stores.samples.add_found(
        [found("/a/odd.wav", file_hash="odd")], user_id=ANNA, at=NOW
    )
    if told is not None:
        await shelf.stores.samples.set_heard(file_id, heard(**told), file_hash="odd")
    with pytest.raises(InputInvalid, match=words):
        await shelf.like(file_id)


class _Again:
    """Hears of each file what the library did."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def probes(self, path: Path) -> Mapping[str, Sequence[float]]:
        samples = await self._shelf.stores.samples.get(list(self._shelf.known))
        (own,) = (one.file_id for one in samples if one.path == path)
        return {"again": self._shelf.known[own]}


async def test_likeness_is_not_called_wrong_for_finding_the_other_of_two_copies(
    shelf: Shelf,
) -> None:
    numbers = unit(random.Random(1))
    for name in ("kick", "kick copy"):
        await shelf.add(f"/a/{name}.wav", numbers)
    await shelf.add("/a/other.wav", unit(random.Random(2)))
    check = RetrievalCheck(shelf.ports, paths=PathMap(), recipe_version=RECIPE)
    tally = [one async for one in check.tallies(_Again(shelf), sample=10, viewer=ANNA)][-1]
    assert tally.asked["again"] == 3
    assert all(tally.share("again", aspect) == 1 for aspect in ("all", *ASPECTS))


async def test_a_file_is_not_taken_for_a_sound_whose_path_ends_alike(shelf: Shelf) -> None:
    await shelf.add("/data/tmp/kick.wav", unit(random.Random(1)))
    for path in ("/tmp/kick.wav", "/kick.wav"):
        assert (await shelf.seeds.meant(path, ANNA)).path == Path(path)
    for name in ("/data/tmp/kick.wav", "/data/tmp/kick", "tmp/kick.wav"):
        assert (await shelf.seeds.meant(name, ANNA)).path is None


async def test_a_file_from_outside_is_a_seed_like_any(shelf: Shelf) -> None:
    sounds = await shelf.many(20)
    outside = await shelf.seeds.meant("/elsewhere/x.wav", ANNA)
    answer = await shelf.similarity.find(Search(more=(outside,)), viewer=ANNA, limit=50)
    assert set(ids(answer)) == set(sounds)


def test_the_numbers_made_here_are_embeddings() -> None:
    numbers = unit(random.Random(1))
    assert len(numbers) == DIMENSIONS
    assert abs(alike(numbers, numbers) - 1) < 1e-6
