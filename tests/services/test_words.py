"""Sounds are found by what somebody says of them, with and without a model of meanings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.demo import instruments as play
from smtui.domain.account import UserId
from smtui.domain.errors import InputInvalid, NotFound, QueryInvalid
from smtui.domain.path_map import PathMap
from smtui.domain.search import Answer, Search, Seed, View
from smtui.services.descriptions import Descriptions
from smtui.services.meanings import Meanings
from smtui.services.words import BY_WORDS_ALONE, Reading, Words
from smtui.similarity.comparison import MatrixComparison
from smtui.similarity.outside_listener import InspectedOutside
from tests.services.sounding import NOW, RATE, SoundingLibrary, sounding


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[SoundingLibrary]:
    async with sounding(tmp_path) as made:
        made.write("drums/kick.wav", 0.7 * play.kick(RATE))
        made.write("drums/kick long.wav", 0.7 * play.kick(RATE, low=43, seconds=0.9))
        made.write("drums/hat.wav", 0.7 * play.hat(RATE))
        made.write("drums/crash.wav", 0.7 * play.crash(RATE))
        made.write("notes/pad.wav", 0.5 * play.chord((57, 60, 64), 4.0, RATE, play.PAD))
        made.write("notes/bass.wav", 0.6 * play.note(33, 1.6, RATE, play.BASS))
        await made.scan()
        await made.hear()
        yield made


def words_of(library: SoundingLibrary, meanings: Meanings | None = None) -> Words:
    documents = library.documents
    reading = Reading(
        samples=documents.samples,
        descriptions=Descriptions(documents.samples, documents.analyses),
        embeddings=documents.embeddings,
        comparison=MatrixComparison(),
        outside=InspectedOutside(),
        recipe_version=RECIPE_VERSION,
    )
    return Words(reading, PathMap(), meanings)


async def found(library: SoundingLibrary, text: str, **asked: Any) -> Answer:
    search = Search(view=View.WORDS, words=text, **asked)
    return await words_of(library).find(search, viewer=None)


def names(library: SoundingLibrary, answer: Answer) -> list[str]:
    return [Path(library.name(hit.file_id)).stem for hit in answer.hits]


async def test_words_of_the_trade_find_what_they_say(library: SoundingLibrary) -> None:
    assert names(library, await found(library, "crisp metallic hi-hat, no tail"))[0] == "hat"
    assert names(library, await found(library, "ringing metal cymbal"))[0] == "crash"
    assert names(library, await found(library, "long sustained chord"))[0] == "pad"
    assert {*names(library, await found(library, "dull bass drum"))[:2]} == {"kick", "kick long"}
    assert names(library, await found(library, "boomy bd"))[0] == "kick long"
    assert names(library, await found(library, "kick, not boomy"))[0] == "kick"


async def test_each_hit_comes_with_its_description(library: SoundingLibrary) -> None:
    answer = await found(library, "hi-hat")
    assert "hi-hat hit" in answer.hits[0].why
    assert answer.hits[0].score > answer.hits[-1].score or len(answer.hits) == 1
    assert answer.out_of == 6
    assert answer.hits[0].likeness is None


async def test_it_is_said_that_only_words_were_looked_at(library: SoundingLibrary) -> None:
    assert BY_WORDS_ALONE in (await found(library, "hat")).remarks
    dusty = await found(library, "dusty hat")
    assert 'No description speaks of "dusty".' in dusty.remarks


async def test_filter_and_folders_are_kept_to(library: SoundingLibrary) -> None:
    only = await found(library, "dark", filter="in:notes")
    assert {*names(library, only)} <= {"pad", "bass"}
    assert only.out_of == 2
    one_each = await found(library, "dark", per_folder=1)
    folders = [Path(library.name(hit.file_id)).parent.name for hit in one_each.hits]
    assert sorted(folders) == ["drums", "notes"]
    with pytest.raises(QueryInvalid):
        await found(library, "dark", filter="bpm:fast")


async def test_what_says_nothing_is_refused_in_one_sentence(library: SoundingLibrary) -> None:
    with pytest.raises(InputInvalid, match="No words"):
        await found(library, "  ")
    with pytest.raises(InputInvalid, match='"purple" says nothing'):
        await found(library, "purple")
    none = await found(library, "quiet loop at 240 bpm")
    assert none.hits == ()
    assert "No description comes near these words." in none.remarks


async def test_a_filter_that_leaves_nothing_is_not_blamed_on_the_words(
    library: SoundingLibrary,
) -> None:
    none = await found(library, "dark", filter="kind:nonsense")
    assert none.hits == ()
    assert none.remarks[-1] == "No analysed sound matches the filter."


async def test_a_sound_whose_file_is_gone_is_not_found_by_words(library: SoundingLibrary) -> None:
    assert "hat" in names(library, await found(library, "hi-hat"))
    await library.documents.samples.set_missing([library.files["drums/hat.wav"]], NOW)
    answer = await found(library, "hi-hat")
    assert "hat" not in names(library, answer)
    assert answer.out_of == 5
    assert not any("not analysed yet" in remark for remark in answer.remarks)


async def test_what_is_heard_anew_is_described_anew(library: SoundingLibrary) -> None:
    words = words_of(library)
    search = Search(view=View.WORDS, words="hi-hat")
    before = await words.find(search, viewer=None)
    assert names(library, before)[0] == "hat"
    library.write("drums/hat.wav", 0.7 * play.kick(RATE, low=50))
    library.write("drums/hat 2.wav", 0.7 * play.hat(RATE, seconds=0.3))
    await library.scan()
    during = await words.find(search, viewer=None)
    assert "2 sounds were not analysed yet." in during.remarks
    await library.hear("drums/hat.wav", "drums/hat 2.wav", at=5)
    after = await words.find(search, viewer=None)
    assert names(library, after)[0] == "hat 2"


async def test_seeds_beside_the_words_count_too(library: SoundingLibrary) -> None:
    library.write("drums/kick twin.wav", 0.7 * play.kick(RATE, low=43.5, seconds=0.9))
    await library.scan()
    await library.hear("drums/kick twin.wav")
    long = Seed(name="kick long", file_id=library.files["drums/kick long.wav"])
    answer = await found(library, "kick", more=(long,))
    assert names(library, answer)[0] == "kick twin"
    assert "kick long" not in names(library, answer)
    outside = Seed(name="elsewhere.wav", path=library.folder / "drums/kick long.wav")
    answer = await found(library, "kick", more=(outside,))
    assert names(library, answer)[:2] == ["kick long", "kick twin"]


async def test_another_persons_sound_beside_the_words_is_none(library: SoundingLibrary) -> None:
    library.write("drums/theirs.wav", 0.7 * play.kick(RATE))
    await library.scan(user_id=UserId("11111111-1111-4111-8111-111111111111"))
    theirs = Seed(name="theirs.wav", file_id=library.files["drums/theirs.wav"])
    with pytest.raises(NotFound, match="is not in the library"):
        await found(library, "kick", more=(theirs,))
