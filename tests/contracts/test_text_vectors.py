"""What every TextVectors does, on a real private Chroma."""

from __future__ import annotations

import asyncio
import random
from array import array
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from smtui.domain.errors import IndexUnusable, ServerUnavailable
from smtui.domain.ports.similarity_index import packed, singles
from smtui.domain.ports.words import TextEmbedding
from smtui.domain.sample import FileId
from smtui.stores.chroma.client import ChromaLine
from smtui.stores.chroma.collections import Owner
from smtui.stores.chroma.texts import COLLECTION, ChromaTexts
from tests.servers.chroma_server import ChromaServer, running_chroma

BY = TextEmbedding(name="small", version="1-ab", dimension=8)
OTHER = replace(BY, name="other")
KICK, HAT = "dark, short; kick drum hit", "bright, short; hi-hat hit"


@pytest.fixture(scope="module")
def server() -> Iterator[ChromaServer]:
    with running_chroma() as started:
        yield started


def at(server: ChromaServer, *, library: str = "") -> ChromaTexts:
    """As one session has it, of a library on servers or a private one."""

    async def address() -> str:
        return server.url()

    async def knows(_: Sequence[FileId]) -> int:
        return 0

    owner = Owner(library_id=library, knows=knows) if library else None
    return ChromaTexts(ChromaLine(address), owner=owner)


@pytest.fixture
async def texts(server: ChromaServer) -> AsyncIterator[ChromaTexts]:
    async def work(client: Any) -> None:
        for collection in await client.list_collections():
            await client.delete_collection(collection.name)

    opened = at(server)
    await opened._line.ask(work)
    yield opened
    await opened._line.close()


def vector(seed: int, dimension: int = BY.dimension) -> bytes:
    numbers = [random.Random(seed * dimension + n).gauss(0, 1) for n in range(dimension)]
    length = sum(number * number for number in numbers) ** 0.5
    return packed([number / length for number in numbers])


def near(vector: bytes) -> Any:
    return pytest.approx(array("f", singles(vector)), abs=1e-6)


async def raw(texts: ChromaTexts) -> Any:
    """The collection as any other program sees it."""

    async def work(client: Any) -> Any:
        return await client.get_collection(COLLECTION, embedding_function=None)

    return await texts._line.ask(work)


async def test_the_next_session_has_what_this_one_kept(
    server: ChromaServer, texts: ChromaTexts
) -> None:
    await texts.put({KICK: vector(1), HAT: vector(2)}, by=BY)
    found = await at(server).of([HAT, "never learnt", KICK], by=BY)
    assert {text: array("f", singles(numbers)) for text, numbers in found.items()} == {
        KICK: near(vector(1)),
        HAT: near(vector(2)),
    }
    assert await texts.of([], by=BY) == {}


async def test_a_text_kept_again_is_replaced(texts: ChromaTexts) -> None:
    await texts.put({KICK: vector(1)}, by=BY)
    await texts.put({KICK: vector(3)}, by=BY)
    assert singles((await texts.of([KICK], by=BY))[KICK]) == near(vector(3))
    assert await (await raw(texts)).count() == 1


async def test_many_go_in_and_come_back_in_parts(texts: ChromaTexts) -> None:
    many = {f"text {number}": vector(number) for number in range(2_300)}
    await texts.put(many, by=BY)
    found = await texts.of(list(many), by=BY)
    assert set(found) == set(many)
    assert singles(found["text 2299"]) == near(many["text 2299"])


async def test_the_first_that_go_in_do_not_disturb_who_asks_meanwhile(
    texts: ChromaTexts,
) -> None:
    many = {f"text {number}": vector(number) for number in range(1_000)}

    async def asked_throughout(putting: asyncio.Task[None]) -> None:
        while not putting.done():
            await texts.of(list(many), by=BY)

    for _ in range(4):
        await texts.of([], by=BY)
        putting = asyncio.create_task(texts.put(many, by=BY))
        await asyncio.gather(putting, *(asked_throughout(putting) for _ in range(3)))
        assert set(await texts.of(list(many), by=BY)) == set(many)
        await texts._line.ask(lambda client: client.delete_collection(COLLECTION))


async def test_the_server_is_told_no_words_and_no_sounds(texts: ChromaTexts) -> None:
    await texts.put({KICK: vector(1)}, by=BY)
    collection = await raw(texts)
    kept = await collection.get(include=["documents", "metadatas", "uris"])
    assert kept["documents"] == [None]
    assert kept["metadatas"] == [None]
    (one,) = kept["ids"]
    assert len(bytes.fromhex(one)) == 16
    assert collection.metadata == {
        "embedding_name": "small",
        "embedding_version": "1-ab",
        "embedding_dimension": 8,
    }


async def test_two_libraries_share_what_texts_mean_and_neither_drops_the_other_s(
    server: ChromaServer, texts: ChromaTexts
) -> None:
    attic, cellar = at(server, library="attic"), at(server, library="cellar")
    await attic.put({KICK: vector(1)}, by=BY)
    assert (await raw(texts)).metadata["library_id"] == "attic"
    assert set(await cellar.of([KICK], by=BY)) == {KICK}
    await cellar.put({HAT: vector(2)}, by=BY)
    late = at(server, library="late")
    with pytest.raises(IndexUnusable, match="another library"):
        await late.put({HAT: vector(3)}, by=OTHER)
    assert set(await attic.of([KICK, HAT], by=BY)) == {KICK, HAT}


async def test_what_was_kept_before_libraries_had_names_is_taken_over_whole(
    server: ChromaServer, texts: ChromaTexts
) -> None:
    await texts.put({KICK: vector(1)}, by=BY)
    assert set(await at(server, library="attic").of([KICK], by=BY)) == {KICK}
    assert (await raw(texts)).metadata["library_id"] == "attic"


@pytest.mark.parametrize(
    "now",
    [OTHER, replace(BY, version="2-ab"), TextEmbedding(name="small", version="1-ab", dimension=4)],
)
async def test_what_another_model_has_learnt_makes_way(
    server: ChromaServer, texts: ChromaTexts, now: TextEmbedding
) -> None:
    await texts.put({KICK: vector(1)}, by=BY)
    later = at(server)
    assert await later.of([KICK], by=now) == {}
    await later.put({HAT: vector(2, now.dimension)}, by=now)
    assert set(await at(server).of([KICK, HAT], by=now)) == {HAT}


async def test_two_with_different_models_do_not_undo_each_others_work(
    server: ChromaServer, texts: ChromaTexts
) -> None:
    mine, theirs = texts, at(server)
    await mine.put({KICK: vector(1)}, by=BY)
    await theirs.put({KICK: vector(2)}, by=OTHER)
    for asked in (mine.of([KICK], by=BY), mine.put({HAT: vector(2)}, by=BY)):
        with pytest.raises(IndexUnusable, match="another model"):
            await asked
    assert set(await theirs.of([HAT, KICK], by=OTHER)) == {KICK}
    # The next session of either begins anew.
    assert await at(server).of([KICK], by=BY) == {}


async def test_what_another_program_keeps_under_this_name_is_left_alone(
    texts: ChromaTexts,
) -> None:
    async def work(client: Any) -> None:
        theirs = await client.create_collection(
            COLLECTION, metadata={"made": "elsewhere"}, embedding_function=None
        )
        await theirs.upsert(ids=["x"], embeddings=[[1.0, 0.0]])

    await texts._line.ask(work)
    for asked in (texts.of([KICK], by=BY), texts.put({KICK: vector(1)}, by=BY)):
        with pytest.raises(IndexUnusable, match="another program"):
            await asked
    assert await (await raw(texts)).count() == 1


async def test_vectors_that_do_not_fit_are_not_given_and_make_way(texts: ChromaTexts) -> None:
    await texts.put({KICK: vector(1)}, by=BY)

    async def work(client: Any) -> None:
        collection = await client.get_collection(COLLECTION, embedding_function=None)
        told = dict(collection.metadata)
        (one,) = (await collection.get(include=[]))["ids"]
        await client.delete_collection(COLLECTION)
        again = await client.create_collection(COLLECTION, metadata=told, embedding_function=None)
        await again.upsert(ids=[one], embeddings=[[1.0, 0.0, 0.0]])

    await texts._line.ask(work)
    assert await texts.of([KICK], by=BY) == {}
    await texts.put({HAT: vector(2)}, by=BY)
    assert set(await texts.of([KICK, HAT], by=BY)) == {HAT}


async def test_one_who_makes_it_anew_breaks_nobody_elses_line(
    server: ChromaServer, texts: ChromaTexts
) -> None:
    await texts.put({KICK: vector(1)}, by=BY)
    await (other := at(server)).of([], by=BY)

    async def work(client: Any) -> None:
        await client.delete_collection(COLLECTION)

    await other._line.ask(work)
    assert await texts.of([KICK], by=BY) == {}
    await texts.put({KICK: vector(1)}, by=BY)
    assert set(await texts.of([KICK], by=BY)) == {KICK}


async def test_a_server_that_dies_is_a_sentence_and_its_return_goes_unnoticed() -> None:
    with running_chroma() as server:
        texts = at(server)
        await texts.put({KICK: vector(1)}, by=BY)
        server.kill()
        with pytest.raises(ServerUnavailable):
            await texts.of([KICK], by=BY)
        server.start()
        assert set(await texts.of([KICK], by=BY)) == {KICK}
        await texts._line.close()
