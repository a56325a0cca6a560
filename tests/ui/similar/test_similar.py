"""The similar screen, driven by keys, over sounds that the real recipe has heard."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from textual.events import Key
from textual.pilot import Pilot

from smtui.audio.recipe import listen
from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.domain.analysis import Analysis, AnalysisId, Level, Measurement
from smtui.domain.likeness import Weights
from smtui.domain.sample import FileId
from smtui.domain.search import Answer, Search, View
from smtui.services.fits import Fits
from smtui.services.hits import HitOrder
from smtui.services.similarity import Similarity
from smtui.ui.detail.screen import DetailScreen
from smtui.ui.dialogues.confirm import ConfirmScreen
from smtui.ui.library.screen import LibraryScreen
from smtui.ui.similar.screen import SimilarScreen
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.widgets.hit_table import HitTable
from smtui.ui.widgets.weights_line import WeightsLine
from tests.servers.valkey_server import ValkeyServer
from tests.ui.screen_home import (
    NOW,
    Home,
    OpenApp,
    Sound,
    heard,
    line_with,
    press,
    seen,
    settle,
    told,
    until,
)

RATE = 44_100
LENGTHS = {
    "a_kick.wav": 0.5,
    "b_kick.wav": 0.45,
    "c_tom.wav": 0.6,
    "d_hat.wav": 0.2,
    "e_pad.wav": 1.5,
    "f_organ.wav": 1.5,
}
NAMES = tuple(LENGTHS)
FACTS = {
    "a_kick.wav": {"kind": "kick", "root_note": "F1"},
    "b_kick.wav": {"kind": "kick", "root_note": "D#1"},
    "c_tom.wav": {"kind": "tom", "root_note": "F2"},
    "d_hat.wav": {"kind": "hat"},
    "e_pad.wav": {"kind": "chord", "key": "A", "mode": "minor"},
    "f_organ.wav": {"kind": "chord", "key": "C", "mode": "major"},
}

OpenSimilar = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


def thump(low: float, high: float, seconds: float) -> npt.NDArray[np.float64]:
    """A drum whose pitch falls."""
    time = np.arange(round(RATE * seconds)) / RATE
    pitch = low + (high - low) * np.exp(-time * 40)
    return np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.exp(-time * 6 / seconds)


def chord(*hertz: float) -> npt.NDArray[np.float64]:
    time = np.arange(round(RATE * 1.5)) / RATE
    tones = [np.sin(2 * np.pi * one * n * time) / n for one in hertz for n in (1, 2, 3)]
    wave: npt.NDArray[np.float64] = 0.1 * np.sum(tones, axis=0) * np.minimum(1, time * 20)
    return wave


def hiss(seconds: float) -> npt.NDArray[np.float64]:
    noise = np.diff(np.random.default_rng(3).normal(0, 0.3, round(RATE * seconds) + 1))
    return noise * np.exp(-np.arange(noise.size) / RATE * 30)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Path, Measurement]:
    """Sounds on the disk and what the recipe hears of them."""
    folder = tmp_path_factory.mktemp("pack")
    sounds = (
        thump(45, 200, 0.5),
        thump(46, 205, 0.45),
        thump(90, 180, 0.6),
        hiss(0.2),
        chord(220.0, 261.6, 329.6),
        chord(261.6, 329.6, 392.0),
    )
    for name, sound in zip(NAMES, sounds, strict=True):
        soundfile.write(folder / name, sound, RATE)
    return {folder / name: listen(folder / name, level=Level.ADVANCED) for name in NAMES}


@pytest.fixture
def home(tmp_path: Path, valkey: ValkeyServer) -> Home:
    return Home(folder=tmp_path, valkey=valkey, recipe_version=RECIPE_VERSION)


async def put_in(home: Home, pack: Mapping[Path, Measurement], *names: str) -> None:
    """Put sounds into the library, not heard."""
    (folder,) = {path.parent for path in pack}
    async with home.open_services():
        await home.add_now(
            *(Sound(name=name, folder=str(folder), duration=LENGTHS[name]) for name in names)
        )


async def hear(home: Home, pack: Mapping[Path, Measurement], name: str) -> AnalysisId:
    """Save what was heard of a sound, as a worker does."""
    (measured,) = (one for path, one in pack.items() if path.name == name)
    file_id = home.files[name]
    analysis = Analysis(
        analysis_id=AnalysisId(f"of {file_id}"),
        file_id=file_id,
        user_id=home.user_id,
        analyzed_at=NOW,
        measured=measured,
    )
    await home.kept.analyses.save(analysis)
    facts = heard(recipe_version=RECIPE_VERSION, **FACTS[name])
    await home.kept.samples.set_heard(file_id, facts, file_hash=f"hash of {name}")
    return analysis.analysis_id


@pytest.fixture
async def library(home: Home, pack: Mapping[Path, Measurement]) -> Home:
    await home.sign_up()
    await put_in(home, pack, *NAMES)
    async with home.open_services():
        for name in NAMES:
            await hear(home, pack, name)
    return home


@pytest.fixture
def similar(open_app: OpenApp) -> OpenSimilar:
    """Give `async with similar("a_kick.wav")`: the library, and the screen opened from it."""

    @asynccontextmanager
    async def opening(
        name: str = "a_kick.wav", size: tuple[int, int] = (80, 24)
    ) -> AsyncIterator[Pilot[None]]:
        async with open_app(size=size) as pilot:
            await press(pilot, *["j"] * NAMES.index(name), "s")
            await until(lambda: isinstance(pilot.app.screen, SimilarScreen))
            await settle(pilot.app)
            yield pilot

    return opening


def screen(pilot: Pilot[None]) -> SimilarScreen:
    found = pilot.app.screen
    assert isinstance(found, SimilarScreen)
    return found


def table(pilot: Pilot[None]) -> HitTable:
    return pilot.app.screen.query_one(HitTable)


def names(pilot: Pilot[None]) -> list[str]:
    """The rows: sounds to be like and unlike with their sign, then hits by rank."""
    return [f"{row.sign}{row.name}" for row in table(pilot).rows]


def under_cursor(pilot: Pilot[None]) -> str:
    row = table(pilot).row
    return "" if row is None else row.name


def weights(pilot: Pilot[None]) -> str:
    return pilot.app.screen.query_one(WeightsLine).words


async def cursor_on(pilot: Pilot[None], name: str) -> None:
    await press(pilot, "g", *["j"] * [row.name for row in table(pilot).rows].index(name))
    assert under_cursor(pilot) == name


async def test_s_in_the_library_shows_what_is_like_the_sound_best_first(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        assert names(pilot)[0] == "b_kick.wav"
        assert set(names(pilot)) == set(NAMES) - {"a_kick.wav"}
        assert under_cursor(pilot) == "b_kick.wav"
        scores = [row.score or 0 for row in table(pilot).rows]
        assert scores == sorted(scores, reverse=True)
        text = seen(pilot.app)
        assert "Similar to   a_kick.wav   5 of 5" in text
        assert "All Tim Rhy Ton Env" in text
        assert line_with(pilot.app, "  seed  ").split()[:2] == ["seed", "a_kick.wav"]


async def test_why_a_sound_was_found_stands_below(library: Home, similar: OpenSimilar) -> None:
    async with similar() as pilot:
        await until(lambda: "why" in seen(pilot.app))
        assert "a tone lower" in line_with(pilot.app, "why ")
        await cursor_on(pilot, "c_tom.wav")
        await until(lambda: "an octave higher" in line_with(pilot.app, "why "))


async def test_marked_sounds_are_looked_like_together(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await press(pilot, "m", "m", "s")
        await until(lambda: isinstance(pilot.app.screen, SimilarScreen))
        await settle(pilot.app)
        assert [seed.name for seed in screen(pilot).searcher.search.more] == [
            "a_kick.wav",
            "b_kick.wav",
        ]
        assert names(pilot)[0] == "+b_kick.wav"
        assert under_cursor(pilot) == names(pilot)[1]


async def test_too_many_marked_sounds_are_refused(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await library.add_now(*(Sound(name=f"g_{number}.wav") for number in range(4)))
        await until(lambda: "10 of 10" in seen(pilot.app))
        await press(pilot, "M", "s")
        assert "Up to 8 marked" in "".join(told(pilot.app))
        assert isinstance(pilot.app.screen, LibraryScreen)


async def test_keys_typed_after_s_are_for_the_hits_that_it_finds(
    library: Home, similar: OpenSimilar, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_answer, find = asyncio.Event(), Similarity.find

    async def slowly(self: Similarity, search: Search, **rest: Any) -> Answer:
        await may_answer.wait()
        return await find(self, search, **rest)

    async with similar() as pilot:
        await cursor_on(pilot, "c_tom.wav")
        monkeypatch.setattr(Similarity, "find", slowly)
        for key in ("s", "j"):
            pilot.app.post_message(Key(key, key))
        await until(lambda: screen(pilot).searcher.search.more[0].name == "c_tom.wav")
        await pilot.pause()
        assert under_cursor(pilot) == "c_tom.wav"
        may_answer.set()
        await until(lambda: "c_tom.wav" not in names(pilot))
        await until(lambda: under_cursor(pilot) == names(pilot)[1])


async def test_moving_goes_over_the_rows(library: Home, similar: OpenSimilar) -> None:
    async with similar() as pilot:
        found = names(pilot)
        await press(pilot, "j", "j", "k")
        assert under_cursor(pilot) == found[1]
        await press(pilot, "G")
        assert under_cursor(pilot) == found[-1]
        await press(pilot, "g")
        assert under_cursor(pilot) == found[0]


async def test_enter_opens_the_sound_and_q_comes_back_to_its_row(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        await press(pilot, "j", "enter")
        await until(lambda: isinstance(pilot.app.screen, DetailScreen))
        await settle(pilot.app)
        await press(pilot, "q")
        assert under_cursor(pilot) == names(pilot)[1]


async def test_a_sound_that_was_opened_leads_on_through_the_hits(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        found = names(pilot)
        await press(pilot, "enter")
        await until(lambda: isinstance(pilot.app.screen, DetailScreen))
        await settle(pilot.app)
        await press(pilot, "J", "J")
        assert found[2] in seen(pilot.app).splitlines()[0]
        await press(pilot, "K")
        assert found[1] in seen(pilot.app).splitlines()[0]
        await press(pilot, "K", "K")
        assert "This is the first sound" in "".join(told(pilot.app))
        await press(pilot, *"JJJJJJJJ")
        assert found[-1] in seen(pilot.app).splitlines()[0]
        assert "This is the last sound" in "".join(told(pilot.app))
        await press(pilot, "K", "q")
        assert under_cursor(pilot) == found[-2]
        await press(pilot, "q")
        # The library's cursor stays on the sound that one began with.
        await press(pilot, "s")
        assert [seed.name for seed in screen(pilot).searcher.search.more] == ["a_kick.wav"]


async def test_a_hit_that_left_the_library_is_passed_over(library: Home) -> None:
    first, last = library.files["a_kick.wav"], library.files["f_organ.wav"]
    async with library.open_services() as services:
        order = HitOrder(services.library, [first, FileId("gone"), last])
        after, before = await order.around(first, 1), await order.around(last, -1)
        assert after is not None
        assert before is not None
        assert (after.file_id, before.file_id) == (last, first)
        assert await order.around(last, 1) is None
        assert await order.around(FileId("gone, too"), 1) is None


async def test_s_makes_the_row_the_seed_and_backspace_goes_back_to_it(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        first = names(pilot)
        await cursor_on(pilot, "e_pad.wav")
        await press(pilot, "s")
        assert line_with(pilot.app, "  seed  ").split()[1] == "e_pad.wav"
        assert names(pilot)[0] == "f_organ.wav"
        assert under_cursor(pilot) == "f_organ.wav"
        await press(pilot, "backspace")
        assert names(pilot) == first
        assert under_cursor(pilot) == "e_pad.wav"
        await press(pilot, "backspace")
        assert names(pilot) == first


async def test_the_way_to_the_seed_before_is_offered_where_there_is_one(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        assert "bksp" not in seen(pilot.app)
        await press(pilot, "v", "v")
        assert "sounds like" in seen(pilot.app)
        assert "bksp" not in seen(pilot.app)
        await press(pilot, "escape", "v", "s")
        assert "bksp Before" in seen(pilot.app)
        await press(pilot, "backspace")
        assert "bksp" not in seen(pilot.app)


async def test_a_weight_ranks_anew_and_the_cursor_stays_on_its_sound(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        before = names(pilot)
        await cursor_on(pilot, "d_hat.wav")
        await press(pilot, "1", *["minus"] * 2, "4", *["plus"] * 3)
        assert "timbre ─────" in weights(pilot)
        assert "envelope ━━━━━" in weights(pilot)
        assert screen(pilot).searcher.search.weights == Weights(timbre=0, envelope=5)
        assert under_cursor(pilot) == "d_hat.wav"
        assert names(pilot) != before
        scores = [row.score or 0 for row in table(pilot).rows]
        assert scores == sorted(scores, reverse=True)
        await press(pilot, "0")
        assert screen(pilot).searcher.search.weights == Weights()
        assert names(pilot) == before


async def test_ranking_anew_waits_for_no_answer(library: Home, similar: OpenSimilar) -> None:
    async with similar() as pilot:
        before = names(pilot)
        for key in ("1", "minus", "minus", "4", "plus", "plus", "plus"):
            await pilot.press(key)
        # The search itself rests before it is asked again.
        assert names(pilot) != before
        ranked = names(pilot)
        await settle(pilot.app)
        assert names(pilot) == ranked


async def test_the_last_weight_cannot_go(library: Home, similar: OpenSimilar) -> None:
    async with similar() as pilot:
        for place in "1234":
            await press(pilot, place, "minus", "minus")
        assert "nothing to compare" in "".join(told(pilot.app))
        assert screen(pilot).searcher.search.weights.envelope == 1


async def test_more_and_less_like_a_row_and_neither_again(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        await cursor_on(pilot, "c_tom.wav")
        stood = table(pilot).row
        await press(pilot, "greater_than_sign")
        assert names(pilot)[0] == "+c_tom.wav"
        now = table(pilot).row
        assert stood is not None
        assert now is not None
        assert (stood.name, now.rank) == ("c_tom.wav", stood.rank)
        assert seen(pilot.app).splitlines()[2].rstrip().endswith("+ c_tom")
        await cursor_on(pilot, "d_hat.wav")
        await press(pilot, "less_than_sign")
        assert names(pilot)[:2] == ["+c_tom.wav", "-d_hat.wav"]
        await press(pilot, "g", "less_than_sign")
        assert set(names(pilot)[:2]) == {"-d_hat.wav", "-c_tom.wav"}
        await press(pilot, "g", "less_than_sign", "g", "less_than_sign")
        assert names(pilot)[0] == "b_kick.wav"
        assert not screen(pilot).searcher.search.less


async def test_a_filter_searches_only_among_what_matches(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        await press(pilot, "slash", *"kind:chord", "enter")
        assert set(names(pilot)) == {"e_pad.wav", "f_organ.wav"}
        assert "2 of 2" in seen(pilot.app)
        await press(pilot, "escape")
        assert len(names(pilot)) == 5
        assert isinstance(pilot.app.screen, SimilarScreen)
        await press(pilot, "escape")
        await until(lambda: isinstance(pilot.app.screen, LibraryScreen))


async def test_a_filter_that_matches_nothing_and_one_that_is_wrong_are_said(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        await press(pilot, "slash", *"kind:snare")
        told_once = "No other analysed sound matches the filter"
        assert seen(pilot.app).count(told_once) == 1
        assert "esc takes the filter away" in seen(pilot.app)
        assert not names(pilot)
        await press(pilot, "escape", "slash", *"kind:chord bmp:120")
        line = pilot.app.screen.query_one(FilterLine)
        assert line.mistaken == "bmp"
        assert set(names(pilot)) == {"e_pad.wav", "f_organ.wav"}


async def test_the_views_go_round_and_that_of_words_asks_for_some(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        await press(pilot, "v")
        assert screen(pilot).searcher.search.view is View.FITS
        assert "Goes with   a_kick.wav" in seen(pilot.app)
        assert "Tim Rhy" not in seen(pilot.app)
        assert names(pilot)
        await press(pilot, "plus")
        assert screen(pilot).searcher.search.weights == Weights()
        await press(pilot, "v")
        assert "sounds like" in seen(pilot.app)
        await press(pilot, *"kick", "enter")
        await until(lambda: "kick" in names(pilot)[0])
        assert screen(pilot).searcher.search.words == "kick"
        await press(pilot, "v")
        assert names(pilot)[0] == "b_kick.wav"


async def test_a_long_search_says_how_far_it_is_and_can_be_left(
    library: Home, similar: OpenSimilar, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def slowly(self: Fits, search: Search, **asked: Any) -> Answer:
        asked["progress"](12_000, 100_105)
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(Fits, "find", slowly)
    async with similar() as pilot:
        await pilot.press("v")
        await begun.wait()
        await until(lambda: "Looked at 12,000 of 100,105 sounds" in seen(pilot.app))
        # What was alike does not stand there as what fits.
        assert not names(pilot)
        assert "5 of 5" not in seen(pilot.app)
        await press(pilot, "q")
        assert isinstance(pilot.app.screen, LibraryScreen)


async def test_the_search_is_edited_as_one_line(library: Home, similar: OpenSimilar) -> None:
    async with similar() as pilot:
        await press(pilot, "L")
        assert "search like a_kick.wav" in seen(pilot.app)
        await press(pilot, *" -d_hat timbre=4 kind:kick,chord pack<=3", "enter")
        await settle(pilot.app)
        search = screen(pilot).searcher.search
        assert [seed.name for seed in search.less] == ["d_hat.wav"]
        assert (search.weights.timbre, search.per_folder) == (4, 3)
        assert set(names(pilot)) == {"-d_hat.wav", "b_kick.wav", "e_pad.wav", "f_organ.wav"}
        assert "pack<=3" in weights(pilot)
        assert pilot.app.screen.query_one(FilterLine).text == "kind:kick,chord"
        await press(pilot, "backspace")
        assert not screen(pilot).searcher.search.less
        assert pilot.app.screen.query_one(FilterLine).text == ""


async def test_sounds_of_one_name_are_still_themselves_when_the_line_was_edited(
    library: Home, pack: Mapping[Path, Measurement], open_app: OpenApp
) -> None:
    async with library.open_services():
        await library.add_now(Sound(name="b_kick.wav", folder="/elsewhere", duration=0.45))
        await hear(library, pack, "b_kick.wav")
    async with open_app() as pilot:
        await press(pilot, "m", "m", "m", "s")
        await until(lambda: isinstance(pilot.app.screen, SimilarScreen))
        await settle(pilot.app)
        seeds = screen(pilot).searcher.search.more
        assert [seed.name for seed in seeds] == ["a_kick.wav", "b_kick.wav", "b_kick.wav"]
        await press(pilot, "L", "enter")
        await settle(pilot.app)
        assert screen(pilot).searcher.search.more == seeds


async def test_a_file_from_outside_is_not_taken_for_the_sound_of_its_name(
    library: Home, pack: Mapping[Path, Measurement], similar: OpenSimilar, tmp_path: Path
) -> None:
    outside = tmp_path / "a_kick.wav"
    shutil.copy(next(path for path in pack if path.name == "c_tom.wav"), outside)
    async with similar() as pilot:
        (seed,) = screen(pilot).searcher.search.more
        await press(pilot, "L", *f" +{outside}", "enter")
        await until(lambda: len(screen(pilot).searcher.search.more) == 2)
        await settle(pilot.app)
        await press(pilot, "L", "enter")
        await settle(pilot.app)
        first, second = screen(pilot).searcher.search.more
        assert first == seed
        assert second.path == outside


@pytest.mark.parametrize(
    ("typed", "words"), [(" timber=3", "No aspect timber"), (" +nobody", "No sound called nobody")]
)
async def test_a_wrong_line_is_kept_with_the_mistake_named(
    library: Home, similar: OpenSimilar, typed: str, words: str
) -> None:
    async with similar() as pilot:
        await press(pilot, "L", *typed, "enter")
        await settle(pilot.app)
        assert words in seen(pilot.app)
        assert typed in seen(pilot.app)
        await press(pilot, "escape")
        assert names(pilot)[0] == "b_kick.wav"


async def test_path_and_search_are_copied(library: Home, similar: OpenSimilar) -> None:
    async with similar() as pilot:
        await press(pilot, "y")
        assert pilot.app.clipboard.endswith("/b_kick.wav")
        await press(pilot, "3", "plus", "Y")
        assert pilot.app.clipboard == "like a_kick.wav tonality=3"


async def test_a_file_that_the_library_has_is_no_hit_of_itself(
    library: Home, pack: Mapping[Path, Measurement], similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        await press(pilot, "S", "ctrl+u", *str(next(iter(pack))), "enter")
        await settle(pilot.app)
        (seed,) = screen(pilot).searcher.search.more
        assert seed.file_id == library.files[seed.name]
        assert seed.name not in names(pilot)


async def test_hits_stay_to_be_read_while_a_file_is_listened_to_and_the_file_is_named(
    library: Home, similar: OpenSimilar, tmp_path: Path
) -> None:
    (tmp_path / "notes.wav").write_text("no sound")
    async with similar() as pilot:
        await press(pilot, "S", "ctrl+u", *str(tmp_path / "notes.wav"))
        await pilot.press("enter")
        await until(lambda: "Analysing notes.wav" in seen(pilot.app))
        assert all(name in seen(pilot.app) for name in NAMES)
        await settle(pilot.app)
        assert "notes.wav: The file is not a sound" in "".join(told(pilot.app))
        assert "Listening" not in seen(pilot.app)
        assert names(pilot)[0] == "b_kick.wav"


async def test_sounds_to_be_like_are_seen_where_words_are_asked_for(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        await cursor_on(pilot, "b_kick.wav")
        await press(pilot, "greater_than_sign")
        for name in ("c_tom.wav", "d_hat.wav", "e_pad.wav"):
            await cursor_on(pilot, name)
            await press(pilot, "less_than_sign")
        await press(pilot, "v", "v")
        await settle(pilot.app)
        text = seen(pilot.app)
        assert "Describe a sound" in text
        assert all(name in text for name in NAMES[:5])
        await press(pilot, "escape", "slash", *"kind:kick", "enter")
        await settle(pilot.app)
        assert "Described as" in seen(pilot.app)


async def test_a_seed_that_comes_where_no_words_were_typed_is_looked_like(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        await press(pilot, "greater_than_sign", "v", "v", "escape", "s")
        await settle(pilot.app)
        assert screen(pilot).searcher.search.view is View.ALIKE
        assert len(names(pilot)) == len(NAMES) - 1


async def test_no_key_is_offered_that_would_be_typed(library: Home, similar: OpenSimilar) -> None:
    async with similar() as pilot:
        assert "+ Weight" in seen(pilot.app)
        for line in ("slash", "L"):
            await press(pilot, line, "plus")
            assert "Weight" not in seen(pilot.app)
            assert screen(pilot).searcher.search.weights == Weights()
            await press(pilot, "escape")


async def test_a_file_from_outside_is_a_seed(
    library: Home, open_app: OpenApp, tmp_path: Path
) -> None:
    new = tmp_path / "new kick.wav"
    soundfile.write(new, thump(48, 220, 0.4), RATE)
    async with open_app() as pilot:
        await press(pilot, "S")
        await press(pilot, *["backspace"] * 80, *str(new), "enter")
        await until(lambda: isinstance(pilot.app.screen, SimilarScreen))
        await until(lambda: names(pilot))
        assert line_with(pilot.app, "  seed  ").split()[1:3] == ["new", "kick.wav"]
        assert "kick" in names(pilot)[0]
        await until(lambda: "why" in seen(pilot.app))
        assert "same" in line_with(pilot.app, "why ")
        await press(pilot, "Y")
        assert pilot.app.clipboard == f'like "{new}"'


async def test_a_file_that_cannot_be_read_is_said_and_the_screen_lives(
    library: Home, similar: OpenSimilar, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_text("no sound")
    async with similar() as pilot:
        await press(pilot, "S")
        await press(pilot, *["backspace"] * 80, *"/nowhere.wav", "enter")
        assert "no file is there" in seen(pilot.app)
        await press(pilot, *["backspace"] * 80, *"~nobody_here/x.wav", "enter")
        assert "no file is there" in seen(pilot.app)
        await press(pilot, *["backspace"] * 80, *str(broken), "enter")
        await until(lambda: told(pilot.app))
        await settle(pilot.app)
        assert names(pilot)[0] == "b_kick.wav"
        assert line_with(pilot.app, "  seed  ").split()[1] == "a_kick.wav"


async def test_a_seed_that_nobody_heard_is_listened_to_and_then_compared(
    home: Home, pack: Mapping[Path, Measurement], similar: OpenSimilar
) -> None:
    await home.sign_up()
    await put_in(home, pack, *NAMES[:3])
    async with home.open_services():
        for name in NAMES[1:3]:
            await hear(home, pack, name)
    async with similar() as pilot:
        assert "has not been analysed yet" in seen(pilot.app)
        await press(pilot, "a")
        assert "Analysing" in seen(pilot.app)
        assert "Listening" not in seen(pilot.app)
        batches = home.kept.batches
        (run,) = await batches.runs(user_id=home.user_id, limit=1)
        analysis = await hear(home, pack, "a_kick.wav")
        for claimed in await batches.claim(run.run_id, worker="test", limit=9, lease_seconds=60):
            assert claimed.file_id == home.files["a_kick.wav"]
            await batches.complete(claimed, analysis)
        await until(lambda: names(pilot) == ["b_kick.wav", "c_tom.wav"])


async def test_a_library_of_one_sound_says_so(
    home: Home, pack: Mapping[Path, Measurement], similar: OpenSimilar
) -> None:
    await home.sign_up()
    await put_in(home, pack, "a_kick.wav")
    async with home.open_services():
        await hear(home, pack, "a_kick.wav")
    async with similar() as pilot:
        assert "No other sound to compare with" in seen(pilot.app)
        await press(pilot, "enter", "y", "s", "greater_than_sign", "1", "plus")
        assert isinstance(pilot.app.screen, SimilarScreen)


async def test_an_empty_library_has_nothing_to_be_like(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    async with open_app() as pilot:
        await press(pilot, "s")
        assert "No sound selected" in "".join(told(pilot.app))
        assert isinstance(pilot.app.screen, LibraryScreen)


async def test_s_on_a_sound_that_was_opened_goes_on_with_it_as_the_seed(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        await cursor_on(pilot, "e_pad.wav")
        await press(pilot, "enter")
        await until(lambda: isinstance(pilot.app.screen, DetailScreen))
        await settle(pilot.app)
        await press(pilot, "s")
        await until(lambda: isinstance(pilot.app.screen, SimilarScreen))
        await settle(pilot.app)
        assert names(pilot)[0] == "f_organ.wav"
        await press(pilot, "backspace")
        await until(lambda: names(pilot)[0] == "b_kick.wav")
        await press(pilot, "q")
        await until(lambda: isinstance(pilot.app.screen, LibraryScreen))


async def test_where_there_is_room_seed_and_row_are_seen_in_turn(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar(size=(120, 40)) as pilot:
        await until(lambda: "▀" in seen(pilot.app))
        left = [line[:42] for line in seen(pilot.app).splitlines()]
        assert any("a_kick.wav" in line for line in left)
        await press(pilot, "apostrophe")
        await until(lambda: any("b_kick.wav" in ln[:42] for ln in seen(pilot.app).splitlines()))
        await press(pilot, "j")
        third = names(pilot)[1]
        await until(lambda: any(third in line[:42] for line in seen(pilot.app).splitlines()))
        await press(pilot, "apostrophe")
        await until(lambda: any("a_kick.wav" in ln[:42] for ln in seen(pilot.app).splitlines()))


async def test_keys_that_could_change_nothing_are_not_offered(
    library: Home, similar: OpenSimilar
) -> None:
    async with similar() as pilot:
        offered = {found.binding.action for found in screen(pilot).active_bindings.values()}
        assert "turns" not in offered
        assert "heavier" in offered
        await press(pilot, "v")
        offered = {found.binding.action for found in screen(pilot).active_bindings.values()}
        assert not {"heavier", "lighter", "even"} & offered
        await press(pilot, "question_mark")
        assert "Make this sound the seed." in seen(pilot.app)


async def write_to(pilot: Pilot[None], path: Path) -> None:
    await press(pilot, "w", *["backspace"] * 80, *str(path), "enter")


async def test_the_hits_are_written_in_the_form_that_the_name_says(
    library: Home, similar: OpenSimilar, tmp_path: Path
) -> None:
    async with similar() as pilot:
        found = names(pilot)
        await press(pilot, "w")
        assert "write the hits to ~/like-a_kick.csv" in seen(pilot.app)
        await press(pilot, "escape")
        await write_to(pilot, tmp_path / "hits.csv")
        assert f"Saved 5 hits to {tmp_path}/hits.csv" in "".join(told(pilot.app))
        with (tmp_path / "hits.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [Path(row["path"]).name for row in rows] == found
        assert rows[0]["kind"] == "kick"
        assert "a tone lower" in rows[0]["why"]
        await write_to(pilot, tmp_path / "hits.jsonl")
        lines = [json.loads(one) for one in (tmp_path / "hits.jsonl").read_text().splitlines()]
        assert [one["filename"] for one in lines] == found
        assert len(lines[0]["spectral_features"]["times"]) > 1
        await write_to(pilot, tmp_path / "hits.m3u")
        listed = (tmp_path / "hits.m3u").read_text().splitlines()
        assert [Path(one).name for one in listed if not one.startswith("#")] == found


async def test_nothing_is_written_over_without_a_yes(
    library: Home, similar: OpenSimilar, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("mine")
    async with similar() as pilot:
        await write_to(pilot, mine)
        await until(lambda: "is there already. Write over it?" in seen(pilot.app))
        await press(pilot, "escape")
        assert mine.read_text() == "mine"
        await write_to(pilot, mine)
        await until(lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await press(pilot, "enter")
        await until(lambda: mine.read_text().startswith("path,score"))
        assert [name for name in os.listdir(tmp_path) if "mine" in name] == ["mine.csv"]  # noqa: PTH208


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hits.txt", "the file name must end in .csv, .jsonl or .m3u"),
        ("nowhere/hits.csv", "No such file or directory"),
        ("folder.csv", "that is no file"),
    ],
)
async def test_where_nothing_can_be_written_the_line_says_why(
    library: Home, similar: OpenSimilar, tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    async with similar(size=(160, 40)) as pilot:
        await write_to(pilot, tmp_path / name)
        assert words in seen(pilot.app)
        assert str(tmp_path / name) in seen(pilot.app)
        await press(pilot, "escape")
        assert names(pilot)


async def test_without_hits_there_is_nothing_to_write(library: Home, similar: OpenSimilar) -> None:
    async with similar() as pilot:
        await press(pilot, "slash", *"kind:snare", "enter", "w")
        assert "there are no hits to write; write to" in seen(pilot.app)
