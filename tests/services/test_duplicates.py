"""The same sound is found again, whatever was done to its file; another one is not taken for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.demo import instruments as play
from smtui.demo.sounds import Groove, Part, looped
from smtui.domain.account import UserId
from smtui.domain.errors import QueryInvalid
from smtui.domain.path_map import PathMap
from smtui.services.duplicates import DuplicateFinder, Duplicates, Looked, Stores
from smtui.services.library import Library
from smtui.services.rights import Rights
from smtui.similarity.copies import NumpyCopies
from tests.services.sounding import NOW, RATE, SoundingLibrary, sounding

ANNA = UserId("11111111-1111-4111-8111-111111111111")
BEAT = (("kick", "x..x..x.x...x..."), ("snare", "....x.......x..x"), ("hat", "x.xxx.x.x.x.xxx."))
NOTES = ((60, 64, 67), (57, 60, 64), (65, 69, 72), (67, 71, 74))


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[SoundingLibrary]:
    async with sounding(tmp_path) as made:
        yield made


def beat(tempo: float = 124, **changes: Any) -> Any:
    facts: dict[str, Any] = {"tempo": tempo, "bars": 2, "drums": BEAT}
    return 0.6 * looped(Groove(**(facts | changes)), RATE)


def chords(seconds: float = 2.0) -> Any:
    part = Part(items=NOTES, tone=play.KEYS, level=0.6)
    return 0.5 * looped(Groove(tempo=480 / seconds, bars=2, parts=(part,)), RATE)


async def found(
    library: SoundingLibrary, text: str = "", *, viewer: UserId | None = None, **asked: Any
) -> Duplicates:
    documents = library.documents
    stores = Stores(analyses=documents.analyses, embeddings=documents.embeddings)
    rights = Rights(documents.accounts)
    listing = Library(documents.samples, rights, None)  # type: ignore[arg-type]
    finder = DuplicateFinder(listing, stores, NumpyCopies(), paths=PathMap(), recipe=RECIPE_VERSION)
    return await finder.find(text, viewer=viewer, **asked)


def told(library: SoundingLibrary, duplicates: Duplicates) -> dict[str, dict[str, str]]:
    """Reasons by copy, by original."""
    return {
        library.name(group.first.file_id): {
            library.name(copy.sample.file_id): copy.reason for copy in group.copies
        }
        for group in duplicates.groups
    }


SOUNDS: dict[str, Callable[[], Any]] = {
    "beat": beat,
    "chords": chords,
    "crash": lambda: 0.7 * play.crash(RATE),
    "kick": lambda: 0.7 * play.kick(RATE, low=43, seconds=0.6),
    "bass": lambda: 0.6 * play.note(33, 1.6, RATE, play.BASS),
}


async def test_what_was_written_first_is_taken_for_the_original(
    library: SoundingLibrary,
) -> None:
    wave = SOUNDS["kick"]()
    quiet = library.write("a copy/kick.wav", wave / 2, subtype="PCM_24")
    loud = library.write("the pack/kick.wav", wave, subtype="PCM_24")
    os.utime(quiet, (2_000, 2_000))
    os.utime(loud, (1_000, 1_000))
    await library.scan()
    await library.hear()
    assert {*told(library, await found(library))} == {"the pack/kick.wav"}


async def test_what_is_gone_from_the_disk_is_no_copy(library: SoundingLibrary) -> None:
    for name in ("a.wav", "b.wav", "c.wav"):
        library.write(name, SOUNDS["kick"]())
    await library.scan()
    await library.hear()
    await library.documents.samples.set_missing([library.files["b.wav"]], NOW)
    assert told(library, await found(library)) == {"a.wav": {"c.wav": "same bytes"}}


@pytest.mark.parametrize("name", SOUNDS)
async def test_a_re_encoded_copy_is_known_again(library: SoundingLibrary, name: str) -> None:
    wave = SOUNDS[name]()
    library.write("a.wav", wave, subtype="PCM_24")
    library.write("b.flac", wave, subtype="PCM_16")
    library.write("c.ogg", wave)
    library.write("d.mp3", wave)
    await library.scan()
    await library.hear()
    duplicates = told(library, await found(library))
    assert {*duplicates} == {"a.wav"}
    assert duplicates["a.wav"]["b.flac"] == "same sound: re-encoded"
    assert duplicates["a.wav"]["c.ogg"] == "same sound: re-encoded"
    assert duplicates["a.wav"]["d.mp3"].startswith("same sound: re-encoded")


@pytest.mark.parametrize("name", SOUNDS)
async def test_a_quieter_copy_is_known_again(library: SoundingLibrary, name: str) -> None:
    wave = SOUNDS[name]()
    library.write("a.wav", wave, subtype="PCM_24")
    library.write("b.wav", wave / 10 ** (6 / 20), subtype="PCM_24")
    await library.scan()
    await library.hear()
    assert told(library, await found(library)) == {"a.wav": {"b.wav": "same sound: 6.0 dB quieter"}}


@pytest.mark.parametrize("name", ["beat", "chords", "crash", "bass"])
async def test_a_trimmed_copy_is_known_again(library: SoundingLibrary, name: str) -> None:
    wave = SOUNDS[name]()
    cut = round(0.21 * RATE)
    library.write("a.wav", wave)
    library.write("tail.wav", wave[:-cut])
    await library.scan()
    await library.hear()
    assert told(library, await found(library)) == {
        "a.wav": {"tail.wav": "same sound: trimmed by 0.21 s at its end"}
    }


@pytest.mark.parametrize("name", ["beat", "chords", "crash", "bass"])
async def test_a_sound_without_its_first_moment_is_known_again(
    library: SoundingLibrary, name: str
) -> None:
    wave = SOUNDS[name]()
    library.write("a.wav", wave)
    library.write("cut.wav", wave[round(0.21 * RATE) :])
    await library.scan()
    await library.hear()
    assert told(library, await found(library)) == {
        "a.wav": {"cut.wav": "same sound: trimmed by 0.21 s at its start"}
    }


async def test_a_copy_of_a_copy_is_known_by_what_it_was_made_of(library: SoundingLibrary) -> None:
    wave = SOUNDS["beat"]()
    library.write("a.wav", wave)
    library.write("cut.wav", wave[round(0.21 * RATE) :])
    library.write("padded.wav", np.pad(wave, (round(0.1 * RATE), round(0.3 * RATE))))
    await library.scan()
    await library.hear()
    assert told(library, await found(library)) == {
        "padded.wav": {
            "a.wav": "same sound: 0.40 s less silence",
            "cut.wav": "same sound as a.wav: trimmed by 0.21 s at its start",
        }
    }


async def test_silence_around_a_copy_hides_it_not(library: SoundingLibrary) -> None:
    wave = SOUNDS["kick"]()
    library.write("a.wav", wave)
    library.write("b.wav", np.pad(wave, (round(0.1 * RATE), round(0.4 * RATE))))
    await library.scan()
    await library.hear()
    assert told(library, await found(library)) == {
        "b.wav": {"a.wav": "same sound: 0.50 s less silence"}
    }


async def test_what_is_only_alike_is_no_duplicate(library: SoundingLibrary) -> None:
    for place, low in enumerate((43, 46, 50, 55)):
        library.write(f"kick {place}.wav", 0.7 * play.kick(RATE, low=low, seconds=0.5))
    library.write("kick longer.wav", 0.7 * play.kick(RATE, low=43, seconds=0.62))
    library.write("hat.wav", 0.7 * play.hat(RATE))
    library.write("hat open.wav", 0.7 * play.hat(RATE, seconds=0.2))
    other = (("kick", "x...x...x...x..."), BEAT[1], BEAT[2])
    library.write("beat.wav", beat())
    library.write("beat, other kick.wav", beat(drums=other))
    library.write("beat, other hats.wav", beat(drums=(BEAT[0], BEAT[1], ("hat", "x" * 16))))
    library.write("beat, faster.wav", beat(128))
    library.write("bass A.wav", 0.6 * play.note(33, 1.6, RATE, play.BASS))
    library.write("bass A sharp.wav", 0.6 * play.note(34, 1.6, RATE, play.BASS))
    library.write("silence.wav", np.zeros(RATE))
    library.write("longer silence.wav", np.zeros(2 * RATE))
    await library.scan()
    await library.hear()
    assert told(library, await found(library)) == {}


async def test_the_same_bytes_are_found_before_anybody_listened(library: SoundingLibrary) -> None:
    library.write("a/kick.wav", SOUNDS["kick"]())
    (library.folder / "b").mkdir()
    shutil.copyfile(library.folder / "a/kick.wav", library.folder / "b/kick again.wav")
    library.write("b/crash.wav", SOUNDS["crash"]())
    await library.scan()
    duplicates = await found(library)
    assert told(library, duplicates) == {"a/kick.wav": {"b/kick again.wav": "same bytes"}}
    assert (duplicates.sounds, duplicates.unheard) == (3, 3)


async def test_copies_of_copies_stand_in_one_group(library: SoundingLibrary) -> None:
    wave = SOUNDS["chords"]()
    library.write("a.wav", wave)
    library.write("b.flac", wave)
    shutil.copyfile(library.folder / "a.wav", library.folder / "c.wav")
    shutil.copyfile(library.folder / "b.flac", library.folder / "d.flac")
    await library.scan()
    await library.hear()
    steps: list[Looked] = []
    duplicates = await found(library, told=steps.append)
    assert told(library, duplicates) == {
        "a.wav": {
            "c.wav": "same bytes",
            "b.flac": "same sound: re-encoded",
            "d.flac": "same sound: re-encoded",
        }
    }
    assert {step.doing for step in steps} == {"reading", "comparing", "analysing again"}
    assert told(library, await found(library, "format:flac")) == {
        "b.flac": {"d.flac": "same bytes"}
    }
    with pytest.raises(QueryInvalid):
        await found(library, "bpm:fast")


async def test_a_file_that_is_ones_own_and_shared_is_no_copy_that_could_go(
    library: SoundingLibrary,
) -> None:
    kick = library.write("kick.wav", SOUNDS["kick"]())
    await library.scan()
    await library.hear()
    await library.scan(user_id=ANNA)
    await library.hear()
    seen = await found(library, viewer=ANNA)
    assert (seen.groups, seen.sounds) == ((), 1)
    shutil.copyfile(kick, library.folder / "again.wav")
    await library.scan()
    await library.scan(user_id=ANNA)
    (group,) = (await found(library, viewer=ANNA)).groups
    paths = [group.first.path, *(copy.sample.path for copy in group.copies)]
    assert sorted(paths) == [library.folder / "again.wav", kick]


async def test_the_last_file_of_a_sound_is_no_copy_of_one_that_is_gone(
    library: SoundingLibrary,
) -> None:
    kick = library.write("kick.wav", SOUNDS["kick"]())
    shutil.copyfile(kick, library.folder / "kick again.wav")
    await library.scan()
    await library.hear()
    assert len((await found(library)).groups) == 1
    kick.unlink()
    await library.documents.samples.set_missing([library.files["kick.wav"]], NOW)
    assert (await found(library)).groups == ()


async def test_two_sounds_and_none_are_no_trouble(library: SoundingLibrary) -> None:
    library.folder.mkdir()
    assert (await found(library)).groups == ()
    library.write("a.wav", SOUNDS["kick"]())
    await library.scan()
    await library.hear()
    assert (await found(library)).groups == ()
