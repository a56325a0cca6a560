"""The similar screen while the index is away, of other embeddings or damaged: a real Chroma."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import chromadb
import pytest
from textual.pilot import Pilot

from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.domain.analysis import Measurement
from smtui.domain.embedding import DIMENSIONS
from smtui.domain.search import View
from smtui.services import nearest
from smtui.services.box import Services
from smtui.stores.chroma.client import ChromaLine
from smtui.stores.chroma.index import COLLECTION, EMBEDDING, ChromaIndex
from smtui.ui.library.screen import LibraryScreen
from tests.servers.chroma_server import ChromaServer, running_chroma
from tests.servers.valkey_server import ValkeyServer
from tests.ui.screen_home import Home, OpenApp, press, seen, settle, told, until
from tests.ui.similar.test_similar import (  # noqa: F401 - fixtures are found by their names
    NAMES,
    OpenSimilar,
    cursor_on,
    hear,
    names,
    pack,
    put_in,
    screen,
    similar,
    under_cursor,
)

Spoil = Callable[[ChromaServer], Awaitable[None]]


@pytest.fixture
def server() -> Iterator[ChromaServer]:
    with running_chroma() as started:
        yield started


@pytest.fixture
def home(
    tmp_path: Path, valkey: ValkeyServer, server: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> Home:
    """A library that is so large that the index is asked."""
    monkeypatch.setattr(nearest, "FEW", 0)
    monkeypatch.setattr(nearest, "MOST_AT_HAND", 0)

    async def address() -> str:
        return server.url()

    return Home(folder=tmp_path, valkey=valkey, recipe_version=RECIPE_VERSION, chroma=address)


@pytest.fixture
async def library(home: Home, pack: Mapping[Path, Measurement]) -> Home:  # noqa: F811
    await home.sign_up()
    await put_in(home, pack, *NAMES)
    async with home.open_services() as services:
        for name in NAMES:
            await hear(home, pack, name)
        await rebuilt(services)
    return home


@pytest.fixture
def too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is so large that nobody compares it one and all."""
    monkeypatch.setattr(nearest, "MOST_EXACTLY", 0)


async def rebuilt(services: Services | None) -> None:
    """Make the index anew, as `smtui index rebuild` does."""
    assert services is not None
    async for _ in services.indexing.rebuild():
        pass


async def it_lives(pilot: Pilot[None]) -> None:
    """Keys are taken, and what needs no index is found."""
    await press(pilot, "v", "v")
    assert screen(pilot).searcher.search.view is View.WORDS
    await press(pilot, *"chord", "enter")
    await until(lambda: "f_organ.wav" in names(pilot) and "d_hat.wav" not in names(pilot))


async def test_an_index_that_is_away_is_one_sentence_until_it_is_back(
    library: Home,
    too_many: None,
    similar: OpenSimilar,  # noqa: F811
    server: ChromaServer,
) -> None:
    async with similar() as pilot:
        await until(lambda: len(names(pilot)) == 5)
        await until(lambda: "without the index" not in seen(pilot.app))
        await cursor_on(pilot, "e_pad.wav")
        server.kill()
        await pilot.press("s")
        await until(lambda: "The index cannot be reached." in seen(pilot.app))
        assert "smtui services check" in seen(pilot.app)
        assert not names(pilot)
        assert not told(pilot.app)
        server.start()
        await until(lambda: names(pilot) and names(pilot)[0] == "f_organ.wav")
        await until(lambda: "cannot be reached" not in seen(pilot.app))
        assert under_cursor(pilot) == "f_organ.wav"


async def test_an_index_that_is_slow_is_waited_for_and_for_how_long_is_seen(
    library: Home,
    similar: OpenSimilar,  # noqa: F811
    server: ChromaServer,
) -> None:
    async with similar() as pilot:
        await until(lambda: len(names(pilot)) == 5)
        await cursor_on(pilot, "e_pad.wav")
        server.send(signal.SIGSTOP)
        await pilot.press("s")
        await until(lambda: "Searching ... 3 s" in seen(pilot.app))
        server.send(signal.SIGCONT)
        await until(lambda: names(pilot) and names(pilot)[0] == "f_organ.wav")
        assert "Searching" not in seen(pilot.app)


async def test_a_library_that_can_be_compared_one_and_all_is_while_the_index_is_away(
    library: Home,
    similar: OpenSimilar,  # noqa: F811
    server: ChromaServer,
) -> None:
    async with similar() as pilot:
        await until(lambda: len(names(pilot)) == 5)
        await cursor_on(pilot, "e_pad.wav")
        server.kill()
        await press(pilot, "s")
        await until(lambda: names(pilot) and names(pilot)[0] == "f_organ.wav")
        assert "Every sound was compared without the index" in seen(pilot.app)
        await it_lives(pilot)
        server.start()
        await press(pilot, "v")
        await until(lambda: len(names(pilot)) == 5)
        await until(lambda: "without the index" not in seen(pilot.app))


async def of_another_recipe(server: ChromaServer) -> None:
    async def address() -> str:
        return server.url()

    index = ChromaIndex(ChromaLine(address), recipe_version=RECIPE_VERSION + 1, about=False)
    await index.clear()
    await index.close()


async def of_another_program(server: ChromaServer) -> None:
    await made_otherwise(server, length=3, metadata={"embedding_name": "theirs"})


async def with_short_vectors(server: ChromaServer) -> None:
    """Its description is right, what it holds is not."""
    right = {
        "embedding_name": EMBEDDING,
        "embedding_version": RECIPE_VERSION,
        "embedding_dimension": DIMENSIONS,
        "generation": 1,
    }
    await made_otherwise(server, length=3, metadata=right)


async def made_otherwise(server: ChromaServer, *, length: int, metadata: dict[str, Any]) -> None:
    client = await chromadb.AsyncHttpClient(host="127.0.0.1", port=server.port)
    await client.delete_collection(COLLECTION)
    cosine: Any = {"hnsw": {"space": "cosine"}}
    collection = await client.create_collection(
        COLLECTION, metadata=metadata, configuration=cosine, embedding_function=None
    )
    vectors: Any = [[float(place), *[1.0] * (length - 1)] for place in range(6)]
    await collection.add(ids=[f"id {place}" for place in range(6)], embeddings=vectors)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (of_another_recipe, "The index is of another version of the recipe"),
        (of_another_program, "The index holds the embeddings of another program"),
        (with_short_vectors, "The index is damaged"),
    ],
)
async def test_an_index_that_cannot_be_used_is_one_sentence_until_it_is_made_anew(
    library: Home,
    too_many: None,
    open_app: OpenApp,
    server: ChromaServer,
    spoil: Spoil,
    words: str,
) -> None:
    await spoil(server)
    async with open_app(size=(120, 40)) as pilot:
        await pilot.press("s")
        await until(lambda: words in seen(pilot.app))
        assert "smtui index rebuild" in seen(pilot.app)
        assert not told(pilot.app)
        await rebuilt(library.services)
        await until(lambda: len(names(pilot)) == 5)
        await until(lambda: words not in seen(pilot.app))
        assert names(pilot)[0] == "b_kick.wav"


@pytest.mark.parametrize("spoil", [of_another_recipe, of_another_program, with_short_vectors])
async def test_a_library_that_can_be_compared_one_and_all_is_with_any_index(
    library: Home,
    similar: OpenSimilar,  # noqa: F811
    server: ChromaServer,
    spoil: Spoil,
) -> None:
    await spoil(server)
    async with similar(size=(120, 40)) as pilot:
        await until(lambda: len(names(pilot)) == 5)
        assert names(pilot)[0] == "b_kick.wav"
        await it_lives(pilot)


async def test_a_weight_while_the_index_is_away_ranks_what_was_found(
    library: Home,
    too_many: None,
    similar: OpenSimilar,  # noqa: F811
    server: ChromaServer,
) -> None:
    async with similar() as pilot:
        await until(lambda: len(names(pilot)) == 5)
        server.kill()
        await pilot.press("1", "minus", "minus", "4", "plus", "plus", "plus")
        await until(lambda: "The index cannot be reached." in seen(pilot.app))
        assert len(names(pilot)) == 5
        await pilot.press("q")
        await until(lambda: isinstance(pilot.app.screen, LibraryScreen))
        await settle(pilot.app)
