"""What every SimilarityIndex does, on a real private Chroma."""

from __future__ import annotations

import random
from array import array
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest

from smtui.domain.embedding import DIMENSIONS
from smtui.domain.errors import IndexUnusable, ServerUnavailable
from smtui.domain.ports.similarity_index import Embedded, Entry
from smtui.domain.sample import FileId
from smtui.stores.chroma.client import ChromaLine
from smtui.stores.chroma.collections import Owner
from smtui.stores.chroma.index import COLLECTION, ChromaIndex
from tests.servers.chroma_server import ChromaServer, running_chroma

RECIPE = 3
ABOUT: dict[str, Any] = {
    "filename": "a.wav",
    "duration": 1.5,
    "tempo": 120.0,
    "key": "A",
    "mode": "minor",
    "kind": "kick",
    "tags": ("dark", "House"),
    "created_at": "2025-03-01T12:00:00+00:00",
    "is_loop": False,
    "user_id": None,
    "recipe_version": RECIPE,
}


@pytest.fixture(scope="module")
def server() -> Iterator[ChromaServer]:
    with running_chroma() as started:
        yield started


def at(
    server: ChromaServer,
    *,
    recipe: int = RECIPE,
    about: bool = True,
    owner: Owner | None = None,
    database: str = "",
) -> ChromaIndex:
    async def address() -> str:
        return server.url() + (f"?database={database}" if database else "")

    return ChromaIndex(ChromaLine(address), recipe_version=recipe, about=about, owner=owner)


def library(name: str, *sounds: str) -> Owner:
    """A library on servers that has these sounds."""

    async def knows(file_ids: Sequence[FileId]) -> int:
        return len({*file_ids} & {*sounds})

    return Owner(library_id=name, knows=knows)


@pytest.fixture
async def index(server: ChromaServer) -> AsyncIterator[ChromaIndex]:
    opened = at(server)
    await opened.clear()
    yield opened
    await opened.close()


def entry(name: str, *lead: float, **about: Any) -> Entry:
    numbers = array("f", [*lead, *[0.0] * (DIMENSIONS - len(lead))])
    embedded = Embedded(file_id=FileId(name), recipe_version=RECIPE, numbers=numbers.tobytes())
    return Entry(embedded=embedded, about=ABOUT | about)


def query(*lead: float) -> list[float]:
    return [*lead, *[0.0] * (DIMENSIONS - len(lead))]


async def kept(index: ChromaIndex, name: str) -> Any:
    async def work(client: Any) -> Any:
        collection = await client.get_collection(COLLECTION, embedding_function=None)
        return (await collection.get(ids=[name], include=["metadatas"]))["metadatas"]

    return await index._line.ask(work)


async def test_what_was_put_is_found_nearest_first(index: ChromaIndex) -> None:
    await index.put([entry("a", 1.0), entry("b", 1.0, 1.0), entry("c", 0.0, 1.0)])
    assert await index.nearest(query(1.0, 0.1), limit=2) == ("a", "b")
    assert await index.nearest(query(0.0, 1.0), limit=9) == ("c", "b", "a")
    assert (await index.state()).sounds == 3


async def test_a_search_among_some_knows_no_others(index: ChromaIndex) -> None:
    await index.put([entry("a", 1.0), entry("b", 1.0, 1.0), entry("c", 0.0, 1.0)])
    among = [FileId("b"), FileId("c")]
    assert await index.nearest(query(1.0), limit=5, among=among) == ("b", "c")
    assert await index.nearest(query(1.0), limit=5, among=[]) == ()
    # One that the index lacks takes none of the others away.
    lacking = [FileId("new"), *among]
    assert await index.nearest(query(1.0), limit=5, among=lacking) == ("b", "c")
    assert await index.nearest(query(1.0), limit=5, among=[FileId("new")]) == ()


async def test_what_was_taken_out_is_not_found(index: ChromaIndex) -> None:
    await index.put([entry("a", 1.0), entry("b", 1.0, 1.0)])
    await index.remove([FileId("a"), FileId("never there")])
    await index.remove([])
    assert await index.nearest(query(1.0), limit=5) == ("b",)
    assert await index.ids(limit=5) == ("b",)


async def test_a_sound_put_again_is_replaced_whole(index: ChromaIndex) -> None:
    await index.put([entry("a", 1.0), entry("b", 0.6, 0.8)])
    assert await kept(index, "a") == [
        {
            "file_id": "a",
            **{k: v for k, v in ABOUT.items() if v is not None},
            "tags": ["dark", "House"],
        }
    ]
    await index.put([entry("a", 0.0, 1.0, tempo=None, tags=(), kind=None)])
    (told,) = await kept(index, "a")
    assert not {"tempo", "tags", "kind"} & set(told)
    assert await index.nearest(query(1.0), limit=1) == ("b",)
    assert (await index.state()).sounds == 2


async def test_a_server_that_asks_nobody_who_they_are_is_told_no_names(
    server: ChromaServer, index: ChromaIndex
) -> None:
    private = at(server, about=False)
    await private.put([entry("a", 1.0)])
    assert await kept(private, "a") == [{"file_id": "a", "kind": "kick"}]


async def test_every_change_makes_another_generation(
    server: ChromaServer, index: ChromaIndex
) -> None:
    seen = {(await index.state()).generation}
    for change in (
        index.put([entry("a", 1.0)]),
        at(server).put([entry("b", 1.0)]),
        index.remove([FileId("a")]),
        index.clear(),
    ):
        await change
        seen.add((await index.state()).generation)
    assert len(seen) == 5
    assert (await index.state()).generation in seen


async def test_ids_are_walked_in_parts(index: ChromaIndex) -> None:
    names = [f"s{number:03}" for number in range(25)]
    random.Random(1).shuffle(names)
    await index.put([entry(name, 1.0) for name in names])
    met: list[FileId] = []
    while page := await index.ids(limit=10, skip=len(met)):
        met += page
    assert sorted(met) == sorted(names)


async def test_an_index_of_another_recipe_is_refused_with_its_mend(
    server: ChromaServer, index: ChromaIndex
) -> None:
    await index.put([entry("a", 1.0)])
    newer = at(server, recipe=RECIPE + 1)
    state = await newer.state()
    assert state.recipe_version == RECIPE
    assert "another version" in state.trouble
    with pytest.raises(IndexUnusable, match="smtui index rebuild"):
        await newer.nearest(query(1.0), limit=1)
    with pytest.raises(IndexUnusable):
        await newer.put([entry("b", 1.0)])
    await newer.clear()
    assert (await newer.state()).trouble == ""
    await newer.put([entry("b", 1.0)])
    assert await newer.nearest(query(1.0), limit=1) == ("b",)


@pytest.mark.parametrize(
    "metadata", [{"made": "elsewhere"}, {"embedding_name": "smtui", "embedding_dimension": 128}]
)
async def test_a_collection_of_somebody_else_is_refused(
    index: ChromaIndex, metadata: dict[str, Any]
) -> None:
    async def work(client: Any) -> None:
        await client.delete_collection(COLLECTION)
        await client.create_collection(COLLECTION, metadata=metadata, embedding_function=None)

    await index._line.ask(work)
    assert (await index.state()).trouble
    await index.clear()
    assert not (await index.state()).trouble


async def test_two_libraries_on_one_chroma_do_not_wipe_each_other(
    server: ChromaServer, index: ChromaIndex
) -> None:
    await index._line.ask(_nothing_there)
    attic = at(server, owner=library("attic", "a"))
    await attic.put([entry("a", 1.0)])
    cellar = at(server, owner=library("cellar", "b"))
    state = await cellar.state()
    assert state.trouble == "The index holds the sounds of another library"
    assert "?database=NAME" in state.hint
    assert "drops 1 vector" in state.hint
    for change in (cellar.put([entry("b", 1.0)]), cellar.remove([FileId("a")])):
        with pytest.raises(IndexUnusable, match="another library"):
            await change
    assert await attic.nearest(query(1.0), limit=9) == ("a",)
    # Who says so takes it over, and then the other one is told.
    await cellar.clear()
    await cellar.put([entry("b", 1.0)])
    with pytest.raises(IndexUnusable, match="another library"):
        await attic.put([entry("a", 1.0)])
    assert (await attic.state()).trouble == state.trouble
    assert await cellar.ids(limit=9) == ("b",)
    for one in (attic, cellar):
        await one.close()


async def test_two_libraries_have_a_database_each_in_one_chroma(server: ChromaServer) -> None:
    for _ in range(2):
        attic = at(server, owner=library("attic", "a"), database="attic")
        cellar = at(server, owner=library("cellar", "b"), database="cellar")
        await attic.put([entry("a", 1.0)])
        await cellar.put([entry("b", 1.0)])
        assert await attic.ids(limit=9) == ("a",)
        assert await cellar.ids(limit=9) == ("b",)
        await attic.close()
        await cellar.close()


async def test_an_index_of_before_becomes_that_library_s_whose_sounds_it_holds(
    server: ChromaServer, index: ChromaIndex
) -> None:
    await index.put([entry(name, 1.0) for name in "abc"])
    cellar = at(server, owner=library("cellar", "c", "x", "y"))
    assert "another library" in (await cellar.state()).trouble
    attic = at(server, owner=library("attic", "a", "b"))
    assert (await attic.state()).trouble == ""
    await attic.put([entry("d", 1.0)])
    assert await attic.ids(limit=9) == ("a", "b", "c", "d")
    late = at(server, owner=library("late", "a", "b", "c", "d"))
    assert "another library" in (await late.state()).trouble
    for one in (cellar, attic, late):
        await one.close()


async def test_who_would_drop_another_program_s_vectors_is_told_how_many(
    server: ChromaServer, index: ChromaIndex
) -> None:
    async def work(client: Any) -> None:
        await client.delete_collection(COLLECTION)
        theirs = await client.create_collection(COLLECTION, embedding_function=None)
        await theirs.add(ids=["1", "2"], embeddings=[[1.0], [2.0]])

    await index._line.ask(work)
    state = await index.state()
    assert "another program" in state.trouble
    assert "`smtui index rebuild` drops 2 vectors of that program" in state.hint
    await index.clear()


async def _nothing_there(client: Any) -> None:
    await client.delete_collection(COLLECTION)


async def test_one_who_rebuilds_breaks_nobody_elses_line(
    server: ChromaServer, index: ChromaIndex
) -> None:
    await index.put([entry("a", 1.0)])
    await at(server).clear()
    assert await index.nearest(query(1.0), limit=5) == ()
    await index.put([entry("b", 1.0)])
    assert await index.nearest(query(1.0), limit=5) == ("b",)


async def test_vectors_of_the_wrong_length_are_one_sentence(index: ChromaIndex) -> None:
    await index.put([entry("a", 1.0)])
    with pytest.raises(IndexUnusable):
        await index.nearest([1.0, 2.0], limit=1)


async def test_a_server_that_dies_is_a_sentence_and_its_return_goes_unnoticed() -> None:
    with running_chroma() as server:
        index = at(server)
        await index.put([entry("a", 1.0)])
        server.kill()
        with pytest.raises(ServerUnavailable):
            await index.state()
        server.start()
        assert await index.nearest(query(1.0), limit=1) == ("a",)
        await index.close()
