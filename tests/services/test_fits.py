"""What fits to a sound leaves room for it, goes at its tempo and in its key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from smtui.demo import instruments as play
from smtui.demo.sounds import Groove, looped
from smtui.domain.account import UserId
from smtui.domain.errors import InputInvalid, NotFound, QueryInvalid, SoundUnreadable
from smtui.domain.path_map import PathMap
from smtui.domain.search import Answer, Search, Seed, View
from smtui.services.fits import Fits, FitsPorts
from smtui.similarity.masking import NumpyMasking
from smtui.similarity.outside_listener import InspectedOutside
from tests.services.sounding import NOW, RATE, SoundingLibrary, at_tempo, in_key, sounding


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[SoundingLibrary]:
    async with sounding(tmp_path) as made:
        yield made


async def fitting(library: SoundingLibrary, *seeds: str, limit: int = 50, **asked: Any) -> Answer:
    more = tuple(Seed(name=seed, file_id=library.files.get(seed)) for seed in seeds)
    return await fitting_to(library, Search(view=View.FITS, more=more, **asked), limit=limit)


async def fitting_to(library: SoundingLibrary, search: Search, *, limit: int = 50) -> Answer:
    documents = library.documents
    ports = FitsPorts(
        samples=documents.samples, analyses=documents.analyses, outside=InspectedOutside()
    )
    fits = Fits(ports, NumpyMasking(), PathMap())
    return await fits.find(search, viewer=None, limit=limit)


def names(library: SoundingLibrary, answer: Answer) -> list[str]:
    return [library.name(hit.file_id) for hit in answer.hits]


def scores(library: SoundingLibrary, answer: Answer) -> dict[str, float]:
    return {library.name(hit.file_id): hit.score for hit in answer.hits}


def whys(library: SoundingLibrary, answer: Answer) -> dict[str, str]:
    return {library.name(hit.file_id): hit.why for hit in answer.hits}


def drums(tempo: float, bars: int = 2, **patterns: str) -> Any:
    return 0.6 * looped(Groove(tempo=tempo, bars=bars, drums=tuple(patterns.items())), RATE)


async def test_a_sound_whose_file_is_gone_fits_nothing(library: SoundingLibrary) -> None:
    library.write("kick.wav", 0.7 * play.kick(RATE))
    library.write("hat.wav", 0.7 * play.hat(RATE))
    library.write("shaker.wav", 0.7 * play.shaker(RATE))
    await library.scan()
    await library.hear()
    await library.documents.samples.set_missing([library.files["hat.wav"]], NOW)
    answer = await fitting(library, "kick.wav")
    assert names(library, answer) == ["shaker.wav"]
    assert (answer.out_of, answer.remarks) == (1, ())


async def test_a_hat_leaves_more_room_for_a_kick_than_another_kick(
    library: SoundingLibrary,
) -> None:
    library.write("kick.wav", 0.7 * play.kick(RATE))
    library.write("kick low.wav", 0.7 * play.kick(RATE, low=43, seconds=0.6))
    library.write("hat.wav", 0.7 * play.hat(RATE))
    library.write("tom.wav", 0.7 * play.tom(RATE))
    library.write("shaker.wav", 0.7 * play.shaker(RATE))
    await library.scan()
    await library.hear()
    answer = await fitting(library, "kick.wav")
    ranked = names(library, answer)
    assert {*ranked[:2]} == {"hat.wav", "shaker.wav"}
    assert ranked[-1] == "kick low.wav"
    found = scores(library, answer)
    assert found["hat.wav"] > 0.8
    assert found["kick low.wav"] < 0.65
    told = whys(library, answer)
    assert told["hat.wav"] == "leaves the low band free"
    assert told["kick low.wav"] == "shares the low band"
    assert answer.out_of == 4


async def test_how_loud_a_file_is_does_not_decide(library: SoundingLibrary) -> None:
    library.write("kick.wav", 0.7 * play.kick(RATE))
    library.write("kick low.wav", 0.7 * play.kick(RATE, low=43, seconds=0.6))
    library.write("kick low, quiet.wav", 0.03 * play.kick(RATE, low=43, seconds=0.6))
    library.write("snare.wav", 0.7 * play.snare(RATE))
    library.write("snare, quiet.wav", 0.03 * play.snare(RATE))
    await library.scan()
    await library.hear()
    found = scores(library, await fitting(library, "kick.wav"))
    assert found["kick low, quiet.wav"] == pytest.approx(found["kick low.wav"], abs=0.03)
    assert found["snare, quiet.wav"] == pytest.approx(found["snare.wav"], abs=0.03)
    assert found["snare, quiet.wav"] > found["kick low, quiet.wav"] + 0.1


async def test_of_two_loops_the_one_that_plays_in_the_gaps_fits_better(
    library: SoundingLibrary,
) -> None:
    library.write("seed.wav", drums(120, hat="x...x...x...x..."))
    library.write("between.wav", drums(120, hat="..x...x...x...x."))
    library.write("upon.wav", drums(120, hat="x...x...x...x..."))
    library.write("longer, between.wav", drums(120, bars=4, hat="..x...x...x...x."))
    await library.scan()
    await library.hear(change=at_tempo(120))
    answer = await fitting(library, "seed.wav")
    found = scores(library, answer)
    assert found["between.wav"] > found["upon.wav"] + 0.15
    assert found["longer, between.wav"] > found["upon.wav"] + 0.15
    assert "same tempo" in whys(library, answer)["between.wav"]


async def test_half_and_double_tempo_go_along_and_others_are_left_out(
    library: SoundingLibrary,
) -> None:
    library.write("seed.wav", drums(126, kick="x...x...x...x..."))
    for tempo in (63, 100, 126, 130, 252):
        library.write(f"hats {tempo}.wav", drums(tempo, hat="..x...x...x...x."))
    library.write("hat.wav", 0.7 * play.hat(RATE))
    await library.scan()
    await library.hear("hat.wav")
    await library.hear("seed.wav", change=at_tempo(126))
    for tempo in (63, 100, 126, 130, 252):
        await library.hear(f"hats {tempo}.wav", change=at_tempo(tempo))
    answer = await fitting(library, "seed.wav")
    told = whys(library, answer)
    assert {*told} == {"hats 63.wav", "hats 126.wav", "hats 130.wav", "hats 252.wav", "hat.wav"}
    assert "half the tempo" in told["hats 63.wav"]
    assert "twice the tempo" in told["hats 252.wav"]
    assert "same tempo" in told["hats 130.wav"]
    assert "tempo" not in told["hat.wav"]
    assert "1 sound of another tempo is not shown." in answer.remarks


async def test_a_loop_a_little_faster_is_laid_over_beat_by_beat(library: SoundingLibrary) -> None:
    """Four bars later a loop at 124 would be half a beat late, were it not stretched."""
    library.write("seed.wav", drums(120, bars=4, hat="x...x...x...x..."))
    library.write("between.wav", drums(124, bars=4, hat="..x...x...x...x."))
    library.write("upon.wav", drums(124, bars=4, hat="x...x...x...x..."))
    await library.scan()
    await library.hear("seed.wav", change=at_tempo(120))
    await library.hear("between.wav", "upon.wav", change=at_tempo(124))
    found = scores(library, await fitting(library, "seed.wav"))
    assert found["between.wav"] > found["upon.wav"] + 0.15


async def test_what_clashes_in_key_comes_after_what_goes_along(library: SoundingLibrary) -> None:
    library.write("seed.wav", 0.6 * play.note(57, 1.5, RATE, play.PAD))
    lead = 0.6 * play.note(76, 1.5, RATE, play.LEAD)
    keys = {
        "same": ("A", "minor", 0.9),
        "relative": ("C", "major", 0.9),
        "fifth": ("E", "minor", 0.9),
        "clash": ("D#", "minor", 0.9),
        "doubtful": ("D#", "minor", 0.3),
    }
    for name in keys:
        library.write(f"{name}.wav", lead)
    library.write("worse room.wav", 0.6 * play.note(57, 1.5, RATE, play.LEAD))
    await library.scan()
    await library.hear("seed.wav", "worse room.wav", change=in_key("A", "minor"))
    for name, (key, mode, confidence) in keys.items():
        await library.hear(f"{name}.wav", change=in_key(key, mode, confidence))
    answer = await fitting(library, "seed.wav")
    found, told = scores(library, answer), whys(library, answer)
    assert found["same.wav"] == found["relative.wav"] == found["doubtful.wav"]
    assert found["same.wav"] > found["fifth.wav"] > found["clash.wav"]
    assert found["worse room.wav"] > found["clash.wav"]
    assert told["same.wav"].endswith("same key")
    assert told["relative.wav"].endswith("relative key")
    assert told["clash.wav"].endswith("but the keys clash")
    assert "key" not in told["doubtful.wav"]


async def test_of_several_sounds_the_one_with_the_least_room_decides(
    library: SoundingLibrary,
) -> None:
    library.write("kick.wav", 0.7 * play.kick(RATE))
    library.write("hat.wav", 0.7 * play.hat(RATE))
    library.write("kick low.wav", 0.7 * play.kick(RATE, low=43, seconds=0.6))
    library.write("shaker.wav", 0.7 * play.shaker(RATE))
    library.write("snare.wav", 0.7 * play.snare(RATE))
    await library.scan()
    await library.hear()
    beside_kick = scores(library, await fitting(library, "kick.wav"))
    beside_hat = scores(library, await fitting(library, "hat.wav"))
    both = await fitting(library, "kick.wav", "hat.wav")
    found = scores(library, both)
    assert {*found} == {"kick low.wav", "shaker.wav", "snare.wav"}
    for name, score in found.items():
        assert score == pytest.approx(min(beside_kick[name], beside_hat[name]))
    assert found["shaker.wav"] < beside_kick["shaker.wav"] - 0.1
    told = whys(library, both)
    assert told["kick low.wav"] == "beside kick.wav: shares the low band"
    assert told["shaker.wav"] == "beside hat.wav: leaves most of it free"


async def test_a_file_from_outside_is_fitted_like_one_of_the_library(
    library: SoundingLibrary, tmp_path: Path
) -> None:
    kick = 0.7 * play.kick(RATE)
    library.write("kick.wav", kick)
    library.write("hat.wav", 0.7 * play.hat(RATE))
    library.write("kick low.wav", 0.7 * play.kick(RATE, low=43, seconds=0.6))
    await library.scan()
    await library.hear()
    expected = scores(library, await fitting(library, "kick.wav"))
    elsewhere = tmp_path / "elsewhere.wav"
    soundfile.write(elsewhere, kick, RATE)
    seed = Seed(name="elsewhere.wav", path=elsewhere)
    found = scores(library, await fitting_to(library, Search(view=View.FITS, more=(seed,))))
    assert found.pop("kick.wav") < found["hat.wav"]
    assert found == pytest.approx(expected, abs=0.02)


async def test_the_filter_a_limit_and_folders_are_kept_to(library: SoundingLibrary) -> None:
    library.write("kick.wav", 0.7 * play.kick(RATE))
    for place in range(4):
        library.write(f"A/hat {place}.wav", 0.7 * play.hat(RATE, seconds=0.08 + place / 100))
    library.write("B/snare.wav", 0.7 * play.snare(RATE))
    await library.scan()
    await library.hear()
    assert names(library, await fitting(library, "kick.wav", filter="in:B")) == ["B/snare.wav"]
    one_each = await fitting(library, "kick.wav", per_folder=1)
    assert sorted(Path(name).parent.name for name in names(library, one_each)) == ["A", "B"]
    few = await fitting(library, "kick.wav", limit=2)
    assert len(few.hits) == 2
    assert few.out_of == 5
    with pytest.raises(QueryInvalid):
        await fitting(library, "kick.wav", filter="bpm:fast")


async def test_copies_are_shown_once_where_that_is_asked(library: SoundingLibrary) -> None:
    library.write("kick.wav", 0.7 * play.kick(RATE))
    library.write("hat.wav", 0.7 * play.hat(RATE))
    library.write("hat again.wav", 0.7 * play.hat(RATE))
    await library.scan()
    await library.hear()
    assert len((await fitting(library, "kick.wav")).hits) == 2
    assert len((await fitting(library, "kick.wav", apart=True)).hits) == 1


async def test_what_cannot_be_asked_is_said_in_one_sentence(library: SoundingLibrary) -> None:
    library.write("kick.wav", 0.7 * play.kick(RATE))
    library.write("silence.wav", 0.0 * play.kick(RATE))
    library.write("unheard.wav", 0.7 * play.hat(RATE))
    await library.scan()
    await library.hear("kick.wav", "silence.wav")
    with pytest.raises(InputInvalid, match="has not been analysed yet"):
        await fitting(library, "unheard.wav")
    with pytest.raises(InputInvalid, match="Nothing sounds in"):
        await fitting(library, "silence.wav")
    with pytest.raises(InputInvalid, match="No sound to fit"):
        await fitting(library)
    gone = Seed(name="gone.wav", path=library.folder / "gone.wav")
    with pytest.raises(SoundUnreadable, match="No such file"):
        await fitting_to(library, Search(view=View.FITS, more=(gone,)))
    answer = await fitting(library, "kick.wav")
    assert answer.hits == ()
    assert "1 sound was not analysed yet." in answer.remarks
    assert "Nothing else to choose from." in answer.remarks


async def test_one_persons_sounds_are_not_offered_to_another(library: SoundingLibrary) -> None:
    library.write("kick.wav", 0.7 * play.kick(RATE))
    await library.scan()
    mine = UserId("11111111-1111-4111-8111-111111111111")
    library.write("hat.wav", 0.7 * play.hat(RATE))
    await library.scan(user_id=mine)
    await library.hear("hat.wav")
    (kick,) = await library.documents.samples.get([library.files["kick.wav"]])
    (shared, *_) = await library.documents.samples.by_hashes([kick.file_hash], user_id=None)
    library.files["kick.wav"] = shared.file_id
    await library.hear("kick.wav")
    assert (await fitting(library, "kick.wav")).hits == ()
    hat = Seed(name="hat.wav", file_id=library.files["hat.wav"])
    with pytest.raises(NotFound, match="is not in the library"):
        await fitting_to(library, Search(view=View.FITS, more=(hat,)))
