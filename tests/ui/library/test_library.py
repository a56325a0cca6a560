"""The library screen: what is seen, filtered, sorted, marked, tagged, listened to, scanned."""

from __future__ import annotations

import asyncio
import re
import wave
from pathlib import Path
from typing import Any

import pytest
from textual.events import MouseScrollDown, Paste
from textual.pilot import Pilot
from textual.widgets import Input

from smtui.domain.errors import ErrorCode
from smtui.domain.sample import Trouble
from smtui.stores.sqlite.samples import SqliteSamples
from smtui.ui.library.screen import LibraryScreen
from smtui.ui.options import Options
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.widgets.sample_table import SampleTable
from tests.ui.screen_home import (
    Home,
    OpenApp,
    Sound,
    heard,
    line_with,
    many,
    press,
    seen,
    settle,
    told,
    until,
)

LOOP = Sound(
    name="bd_haus.wav",
    folder="/srv/own/2024",
    duration=7.62,
    tags=("house", "dusty"),
    heard=heard(tempo=126.0, key="A", mode="minor", kind="loop", is_loop=True, loudness_lufs=-11.2),
)
KICK = Sound(
    name="a_kick.wav",
    folder="/srv/pack/BD",
    duration=0.41,
    heard=heard(root_note="F1", kind="kick", loudness_lufs=-9.8),
)
PAD = Sound(name="pad.wav", folder="/srv/pack/Pads", duration=200.0)


@pytest.fixture
async def library(home: Home) -> Home:
    await home.sign_up()
    await home.add(LOOP, KICK, PAD)
    return home


def table(pilot: Pilot[None]) -> SampleTable:
    return pilot.app.screen.query_one(SampleTable)


def under_cursor(pilot: Pilot[None]) -> str:
    """The name of the sound under the cursor."""
    sample = table(pilot).sample
    return "..." if sample is None else sample.filename


def names(pilot: Pilot[None]) -> list[str]:
    """The names in the order of the rows."""
    rows = table(pilot)
    samples = [rows.sample_at(row) for row in range(rows.count)]
    return [sample.filename if sample else "..." for sample in samples]


async def test_an_empty_library_says_what_to_do(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    async with open_app() as pilot:
        text = seen(pilot.app)
        assert "The library is empty" in text
        assert "Press i" in text


async def test_a_row_shows_what_was_heard(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        loop = line_with(pilot.app, "bd_haus")
        for words in ("own/2024", "loop", "126.0", "Am", "7.62s", "-11.2"):
            assert words in loop
        kick = line_with(pilot.app, "a_kick")
        assert kick.split()[-5:] == ["kick", "-", "F1", "0.41s", "-9.8"]
        assert line_with(pilot.app, "pad.wav").split()[-5:] == ["-", "-", "-", "3m20s", "-"]
        assert "3 of 3  all folders" in seen(pilot.app)


async def test_typing_filters_and_esc_shows_everything_again(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        await press(pilot, "slash", *"kind:kick")
        assert names(pilot) == ["a_kick.wav"]
        assert "1 of 3" in seen(pilot.app)
        await press(pilot, "escape")
        assert names(pilot) == ["a_kick.wav", "bd_haus.wav", "pad.wav"]
        assert table(pilot).has_focus


async def test_enter_keeps_the_filter_and_esc_in_the_table_takes_it_away(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        await press(pilot, "slash", *"-loop", "enter")
        assert table(pilot).has_focus
        assert names(pilot) == ["a_kick.wav", "pad.wav"]
        await press(pilot, "escape")
        assert len(names(pilot)) == 3


async def test_a_letter_that_is_taken_back_at_once_leaves_what_the_line_says(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        await press(pilot, "slash", *"kick")
        await press(pilot, "x", "backspace")
        assert pilot.app.screen.query_one(FilterLine).text == "kick"
        assert names(pilot) == ["a_kick.wav"]


async def test_a_mistake_is_named_and_what_stands_before_it_is_asked(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        await press(pilot, "slash", *"kick")
        assert names(pilot) == ["a_kick.wav"]
        await press(pilot, *" bpm:x")
        line = pilot.app.screen.query_one(FilterLine)
        assert line.mistaken == "x"
        assert "x" in seen(pilot.app).splitlines()[2]
        assert names(pilot) == ["a_kick.wav"]


async def test_the_sound_that_was_found_keeps_the_cursor_when_the_filter_closes(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        await press(pilot, "slash", *"pad")
        assert names(pilot) == ["pad.wav"]
        await press(pilot, "escape")
        assert len(names(pilot)) == 3
        assert names(pilot)[table(pilot).cursor] == "pad.wav"
        await press(pilot, "full_stop")
        assert names(pilot) == ["pad.wav"]
        await press(pilot, "full_stop")
        assert names(pilot)[table(pilot).cursor] == "pad.wav"


async def test_nothing_found_says_so(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await press(pilot, "slash", *"zebra")
        assert "No sounds match" in seen(pilot.app)
        await press(pilot, "escape")
        await press(pilot, "j")
        assert table(pilot).cursor == 1


async def test_o_sorts_by_the_next_column_and_shift_o_turns_it(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        await press(pilot, "o")
        assert "sorted by folder ▲" in seen(pilot.app)
        await press(pilot, "o", "o", "o", "o")
        assert "sorted by length ▲" in seen(pilot.app)
        assert names(pilot) == ["a_kick.wav", "bd_haus.wav", "pad.wav"]
        await press(pilot, "O")
        assert "sorted by length ▼" in seen(pilot.app)
        assert names(pilot) == ["pad.wav", "bd_haus.wav", "a_kick.wav"]


async def test_a_full_stop_shows_only_this_folder(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await press(pilot, "full_stop")
        assert names(pilot) == ["a_kick.wav"]
        assert "/srv/pack/BD" in seen(pilot.app).splitlines()[0]
        await press(pilot, "full_stop")
        assert len(names(pilot)) == 3


async def test_marks_are_set_counted_and_taken_away(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await press(pilot, "m", "m")
        assert "2 marked" in seen(pilot.app)
        assert line_with(pilot.app, "a_kick").startswith(" m ")
        await press(pilot, "escape")
        assert "marked" not in seen(pilot.app)
        await press(pilot, "M")
        assert "3 marked" in seen(pilot.app)


async def test_a_range_is_marked_over_rows_that_were_never_loaded(
    home: Home, open_app: OpenApp
) -> None:
    await home.sign_up()
    await home.add(*many(2_500))
    async with open_app() as pilot:
        await press(pilot, "j", "V", "G", "k", "V")
        assert "2,498 marked" in seen(pilot.app)


async def test_the_end_of_a_long_list_is_one_key_away(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    await home.add(*many(5_000))
    async with open_app() as pilot:
        await press(pilot, "G")
        assert line_with(pilot.app, "sound_04999").startswith(">")
        await press(pilot, "ctrl+u", "g", "ctrl+d")
        assert table(pilot).cursor == table(pilot).size.height // 2 - 0 - (
            table(pilot).size.height % 2 == 0
        )
        await press(pilot, "pagedown", "k", "home")
        assert line_with(pilot.app, "sound_00000").startswith(">")


async def test_tags_come_and_go(library: Home, open_app: OpenApp) -> None:
    async with open_app(size=(120, 40)) as pilot:
        await press(pilot, "j", "t", *"warm, -dusty", "enter")
        assert "house, warm" in seen(pilot.app)
        assert ": warm, -dusty" in seen(pilot.app)
        sample = table(pilot).sample
        assert sample is not None
        assert sample.tags == ("house", "warm")
        assert table(pilot).has_focus


async def test_a_tag_is_completed_from_those_in_use(library: Home, open_app: OpenApp) -> None:
    async with open_app(size=(120, 40)) as pilot:
        await press(pilot, "t", *"hou")
        await until(lambda: "house" in line_with(pilot.app, "tags for this sound"))
        await press(pilot, "tab", "enter")
        (sample,) = await library.kept.samples.get([library.files["a_kick.wav"]])
        assert sample.tags == ("house",)


async def test_a_asks_a_worker_to_listen_to_the_marked(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await press(pilot, "m", "m", "a")
        (run,) = await library.kept.batches.runs(user_id=library.user_id, limit=9)
        assert run.total == 2
        await until(lambda: "analysing 0 of 2" in seen(pilot.app))
        await press(pilot, "X", "enter")
        await until(lambda: "heard" not in seen(pilot.app).splitlines()[-2])


async def test_shift_a_asks_for_all_that_are_shown(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await press(pilot, "slash", *"pad", "enter", "A")
        (run,) = await library.kept.batches.runs(user_id=library.user_id, limit=9)
        assert run.total == 1


async def test_what_waits_already_is_not_asked_for_again(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await press(pilot, "m", "m", "a")
        await until(lambda: "analysing 0 of 2" in seen(pilot.app))
        await press(pilot, "A")
        runs = await library.kept.batches.runs(user_id=library.user_id, limit=9)
        assert sorted(run.total for run in runs) == [1, 2]
        await press(pilot, "A")
        assert any("are queued already" in words for words in told(pilot.app))
        assert len(await library.kept.batches.runs(user_id=library.user_id, limit=9)) == 2


async def test_shift_a_over_many_asks_first(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    await home.add(*many(1_001))
    async with open_app() as pilot:
        await press(pilot, "A")
        assert "Analyse all 1,001 sounds shown?" in seen(pilot.app)
        await press(pilot, "escape")
        assert await home.kept.batches.runs(user_id=home.user_id, limit=9) == ()


def write_sound(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(b"\x00\x10" * 4_000)


async def test_i_scans_a_folder_and_its_sounds_appear(
    home: Home, open_app: OpenApp, tmp_path: Path
) -> None:
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    write_sound(sounds / "one.wav")
    write_sound(sounds / "[red]two.wav")
    (sounds / "broken.wav").write_bytes(b"no sound at all")
    await home.sign_up()
    async with open_app() as pilot:
        await press(pilot, "i", "ctrl+u", *str(sounds), "enter")
        assert any("2 added" in words for words in told(pilot.app))
        await until(lambda: "2 of 2" in seen(pilot.app))
        await settle(pilot.app)
        assert "[red]two.wav" in seen(pilot.app)
        (run,) = await home.kept.batches.runs(user_id=home.user_id, limit=9)
        assert run.total == 2


async def test_a_folder_is_completed_while_typing(
    home: Home, open_app: OpenApp, tmp_path: Path
) -> None:
    (tmp_path / "drums").mkdir()
    await home.sign_up()
    async with open_app(size=(200, 24)) as pilot:
        await press(pilot, "i", "ctrl+u", *f"{tmp_path}/dr")
        await until(lambda: f"{tmp_path}/drums/" in line_with(pilot.app, "scan folder"))


async def test_typing_goes_on_with_the_folder_that_is_offered(
    home: Home, open_app: OpenApp
) -> None:
    await home.sign_up()
    async with open_app() as pilot:
        await press(pilot, "i", *"Samples")
        offered = f"{Path.home()}/Samples"
        assert line_with(pilot.app, "scan folder").rstrip().endswith(offered)


async def test_a_folder_spelt_wrongly_is_told_and_can_be_mended(
    home: Home, open_app: OpenApp
) -> None:
    await home.sign_up()
    async with open_app() as pilot:
        await press(pilot, "i", "ctrl+u", *"/nowhere", "enter")
        assert "no such folder" in line_with(pilot.app, "folder to scan")
        assert not await home.kept.samples.folders(user_id=home.user_id)
        # What was typed is not lost: a letter mends it.
        await press(pilot, "r")
        assert line_with(pilot.app, "folder to scan").rstrip().endswith("/nowherer")


async def test_rows_change_in_place_and_the_cursor_stays_on_its_sound(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        await press(pilot, "j")
        assert under_cursor(pilot) == "bd_haus.wav"
        await library.add_now(Sound(name="aaa.wav"), Sound(name="aab.wav"))
        await until(lambda: "5 of 5" in seen(pilot.app))
        await settle(pilot.app)
        assert under_cursor(pilot) == "bd_haus.wav"
        assert line_with(pilot.app, "bd_haus").startswith(">")
        await library.kept.samples.set_heard(
            library.files["pad.wav"], heard(kind="chord"), file_hash="hash of pad.wav"
        )
        await until(lambda: "chord" in line_with(pilot.app, "pad.wav"))
        assert under_cursor(pilot) == "bd_haus.wav"


async def test_a_sound_that_could_not_be_heard_is_marked(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await library.kept.samples.set_trouble(
            library.files["pad.wav"],
            Trouble(
                code=ErrorCode.UNREADABLE, error="It ends inside its header", at=heard().analyzed_at
            ),
        )
        await until(lambda: line_with(pilot.app, "pad.wav").startswith(" !"))


OUTSIDE = (
    "[red]evil[bold].wav",
    "two\nlines.wav",
    "esc\x1b[31mape.wav",
    "right\u202eleft.wav",
    "日本語の長い名前" * 8 + ".wav",
    "x" * 251 + ".wav",
    "e\u0301\u0301.wav",
)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 10)])
async def test_outside_text_is_inert(home: Home, open_app: OpenApp, size: tuple[int, int]) -> None:
    await home.sign_up("anna")
    await home.add(*(Sound(name=name, tags=(name,), folder=f"/a/{name}") for name in OUTSIDE))
    async with open_app(size=size) as pilot:
        for _ in OUTSIDE:
            text = seen(pilot.app)
            assert not any(bad in text for bad in ("\x1b", "\u202e"))
            strips = pilot.app.screen._compositor.render_strips()
            assert {strip.cell_length for strip in strips} == {size[0]}
            await press(pilot, "full_stop", "full_stop", "j")
        if size[0] == 120:
            assert "[red]evil[bold].wav" in seen(pilot.app)


@pytest.mark.parametrize("key", ["slash", "t"])
async def test_a_paste_is_inert(home: Home, open_app: OpenApp, key: str) -> None:
    await home.sign_up()
    await home.add(*many(3))
    async with open_app() as pilot:
        await press(pilot, key)
        pilot.app.post_message(Paste("ki\x1b]0;owned\x07ck\ttwo\nrm -rf"))
        await settle(pilot.app)
        focused = pilot.app.focused
        assert isinstance(focused, Input)
        assert focused.value == r"ki\x1b]0;owned\x07ck two"
        assert not any(bad in seen(pilot.app) for bad in ("\x1b", "\x07"))


async def test_at_120_columns_the_row_is_described_beside_the_table(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app(size=(120, 40)) as pilot:
        await press(pilot, "j")
        text = seen(pilot.app)
        assert "126.0 BPM  .90" in text
        assert "/srv/own/2024" in text
        assert "house, dusty" in text
        await pilot.resize_terminal(80, 24)
        await settle(pilot.app)
        assert "126.0 BPM" not in seen(pilot.app)


@pytest.mark.parametrize(("width", "there", "gone"), [(80, "Loud", "Tags"), (46, "BPM", "Folder")])
async def test_columns_yield_on_a_small_terminal(
    library: Home, open_app: OpenApp, width: int, there: str, gone: str
) -> None:
    async with open_app(size=(width, 24)) as pilot:
        head = line_with(pilot.app, "Name")
        assert there in head
        assert gone not in head


async def test_q_twice_quits(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await press(pilot, "q")
        assert isinstance(pilot.app.screen, LibraryScreen)
        await pilot.press("q")
        await until(lambda: pilot.app._exit)
        assert pilot.app.return_code == 0


async def test_the_wheel_takes_the_cursor_along(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    await home.add(*many(100))
    async with open_app() as pilot:
        await pilot._post_mouse_events([MouseScrollDown], widget=table(pilot), button=0)
        await settle(pilot.app)
        assert table(pilot).cursor == 3
        await pilot.click(SampleTable, offset=(10, 6))
        assert table(pilot).cursor == 5


async def test_filter_order_cursor_and_marks_come_back(
    library: Home, open_app: OpenApp, tmp_path: Path
) -> None:
    options = Options(last_seen=tmp_path / "last-seen.json")
    async with open_app(options=options) as pilot:
        await press(pilot, "m", "slash", *"-kick", "enter", "O", "j")
        before = (names(pilot), under_cursor(pilot))
        assert before == (["pad.wav", "bd_haus.wav"], "bd_haus.wav")
    async with open_app(options=options) as pilot:
        assert (names(pilot), under_cursor(pilot)) == before
        assert "-kick" in seen(pilot.app).splitlines()[1]
        assert "sorted by name ▼" in seen(pilot.app)
        assert "1 marked" in seen(pilot.app)
        await press(pilot, "escape")
        assert len(names(pilot)) == 3


async def test_a_damaged_memory_of_the_last_time_is_left_out(
    library: Home, open_app: OpenApp, tmp_path: Path
) -> None:
    options = Options(last_seen=tmp_path / "last-seen.json")
    for text in ("{", "[]", f'{{"user_id": "{library.user_id}", "sort": 3, "text": "bpm:"}}'):
        (tmp_path / "last-seen.json").write_text(text)
        async with open_app(options=options) as pilot:
            assert len(names(pilot)) == 3


async def test_on_a_thin_line_a_held_key_draws_all_rows_only_once_in_a_while(
    home: Home, open_app: OpenApp
) -> None:
    await home.sign_up()
    await home.add(*many(200))
    async with open_app(options=Options(thin_line=True)) as pilot:
        tops = set()
        for _ in range(60):
            await press(pilot, "j")
            tops.add(table(pilot).scroll_offset.y)
        assert table(pilot).cursor == 60
        assert len(tops) <= 7
        assert line_with(pilot.app, "sound_00060").startswith(">")


async def test_the_cursor_follows_the_sound_of_the_detail_screen(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        await press(pilot, "enter", "J", "J", "q")
        assert isinstance(pilot.app.screen, LibraryScreen)
        assert under_cursor(pilot) == "pad.wav"


async def test_what_the_name_says_stands_beside_what_was_heard(
    home: Home, open_app: OpenApp
) -> None:
    await home.sign_up()
    slow = heard(tempo=70.0, key="C", mode="major", is_loop=True, kind="loop")
    await home.add(Sound(name="bd_140_Am.wav", heard=slow), Sound(name="tom.wav", heard=slow))
    async with open_app(size=(120, 40)) as pilot:
        await until(lambda: "70.0 BPM" in seen(pilot.app))
        assert "name 140 Am" in line_with(pilot.app, "labelled ")
        assert "analysed as half" in seen(pilot.app)
        assert "analysed as relative key" in seen(pilot.app)
        await press(pilot, "slash", *"is:disagree")
        assert names(pilot) == ["bd_140_Am.wav"]
        await press(pilot, "enter", "enter")
        await until(lambda: "file name" in seen(pilot.app))
        assert "labelled 140 Am (analysed as half, analysed as relative key)" in seen(pilot.app)


async def test_a_key_that_does_not_fit_is_left_out_of_the_last_line(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app(size=(120, 24)) as pilot:
        assert "i Scan" in seen(pilot.app).splitlines()[-1]
        for width in range(90, 40, -7):
            await pilot.resize_terminal(width, 24)
            await settle(pilot.app)
            keys = seen(pilot.app).splitlines()[-1]
            assert "…" not in keys
            assert keys.rstrip().endswith("? Keys")
            told = re.split(r"  +", keys.strip())
            assert all(len(words.split()) >= 2 for words in told), keys


async def test_u_takes_the_last_tagging_back_from_sounds_with_different_tags(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        before = [one.tags for one in await library.kept.samples.get(list(library.files.values()))]
        await press(pilot, "M", "t", *"punchy,-dusty", "enter")
        assert "Tagged 3 sounds: punchy, -dusty" in told(pilot.app)
        await press(pilot, "u")
        assert "Undone: the tags of 3 sounds are as before" in told(pilot.app)
        after = [one.tags for one in await library.kept.samples.get(list(library.files.values()))]
        assert after == before
        await press(pilot, "u")
        assert "Nothing to undo" in told(pilot.app)


async def test_a_long_tagging_says_how_far_it_is_can_be_stopped_and_taken_back(
    home: Home, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtui.services.library.TAGGED_AT_ONCE", 2)
    monkeypatch.setattr("smtui.ui.library.tag_editor.TAGGED_AT_ONCE", 2)
    await home.sign_up()
    await home.add(*many(6))
    go_on = asyncio.Event()
    retag = SqliteSamples.retag
    steps = []

    async def slow(samples: SqliteSamples, *what: Any) -> Any:
        steps.append(what)
        if len(steps) == 2:
            await go_on.wait()
        return await retag(samples, *what)

    monkeypatch.setattr(SqliteSamples, "retag", slow)
    async with open_app() as pilot:
        await press(pilot, "M", "t", *"punchy")
        await pilot.press("enter")
        await until(lambda: "tagging 2 of 6, X stops" in seen(pilot.app))
        await pilot.press("X")
        await pilot.pause()
        go_on.set()
        await settle(pilot.app)
        assert "Stopped: 4 sounds tagged; u takes that back" in told(pilot.app)
        assert "tagging" not in seen(pilot.app)
        await press(pilot, "u")
        assert "Undone: the tags of 4 sounds are as before" in told(pilot.app)
        sounds = await home.kept.samples.get(list(home.files.values()))
        assert not any(sound.tags for sound in sounds)


async def test_marks_that_a_filter_hides_are_told_and_no_target(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        await press(pilot, "M")
        assert "3 marked" in seen(pilot.app)
        await press(pilot, "slash", *"haus", "enter")
        assert "3 marked, 2 hidden by the filter" in seen(pilot.app)
        await press(pilot, "t", *"mine", "enter")
        tagged = {
            sound.filename
            for sound in await library.kept.samples.get(list(library.files.values()))
            if "mine" in sound.tags
        }
        assert tagged == {"bd_haus.wav"}
        # Nothing that is marked is shown: the row is meant.
        await press(pilot, "m", "k", "t", *"row", "enter")
        (haus,) = await library.kept.samples.get([library.files["bd_haus.wav"]])
        assert "row" in haus.tags


async def test_all_marked_twice_is_none_marked(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await press(pilot, "m", "M")
        assert len(table(pilot).marked) == 3
        await press(pilot, "M")
        assert not table(pilot).marked


async def test_the_cursor_stays_on_its_sound_in_sight_whatever_is_asked(
    home: Home, open_app: OpenApp
) -> None:
    await home.sign_up()
    await home.add(*[Sound(name=f"sound_{n:05d}.wav", duration=float(200 - n)) for n in range(200)])

    def in_sight(name: str) -> None:
        assert under_cursor(pilot) == name
        top = table(pilot).scroll_offset.y
        assert top <= table(pilot).cursor < top + table(pilot).page
        assert line_with(pilot.app, name.removesuffix(".wav"))

    async with open_app() as pilot:
        await press(pilot, "slash", *"00120", "enter", "escape")
        in_sight("sound_00120.wav")
        for key in ("o", "O", "o", "full_stop", "full_stop"):
            await press(pilot, key)
            in_sight("sound_00120.wav")
        await press(pilot, "G", "slash", *"sound_0000", "enter", "escape")
        in_sight(under_cursor(pilot))


async def test_a_file_that_could_not_be_read_claims_no_length_and_is_not_analysed_or_compared(
    library: Home, open_app: OpenApp, tmp_path: Path
) -> None:
    (tmp_path / "rubbish").mkdir()
    (tmp_path / "rubbish/broken.wav").write_text("no sound")
    async with open_app() as pilot:
        await press(pilot, "i", "ctrl+u", *str(tmp_path / "rubbish"), "enter")
        await until(lambda: "unreadable" in "".join(told(pilot.app)))
        await press(pilot, "slash", *"is:unreadable", "enter")
        assert line_with(pilot.app, ">! broken.wav").split()[3:8] == ["-", "-", "-", "-", "-"]
        assert not re.search(r"0k|0\.00|0 channels", seen(pilot.app))
        await press(pilot, "a")
        assert "Queued" not in seen(pilot.app)
        await press(pilot, "s")
        assert "This file could not be read" in seen(pilot.app)
        assert "no longer in the library" not in seen(pilot.app)
