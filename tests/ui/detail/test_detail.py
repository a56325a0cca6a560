"""The detail screen, driven by keys, on real files, a real painter and the real recipe."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from rich.console import Console
from textual.geometry import Region
from textual.pilot import Pilot

from smtui.audio.recipe import listen
from smtui.domain.analysis import Analysis, AnalysisId, Level
from smtui.domain.picture import Picture
from smtui.ui.detail.screen import DetailScreen
from smtui.ui.draw.axes import hertz_at
from smtui.ui.draw.cells import Depth
from smtui.ui.library.screen import LibraryScreen
from smtui.ui.options import Options
from smtui.ui.widgets.spectrogram import Spectrogram, Tile
from tests.ui.screen_home import Home, OpenApp, Sound, heard, press, seen, settle, told, until

RATE = 44_100

OpenSound = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


def tone(hertz: float, seconds: float = 1.0) -> npt.NDArray[np.float64]:
    return np.sin(2 * np.pi * hertz * np.arange(round(RATE * seconds)) / RATE)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A folder with three sounds of known frequencies and a broken one."""
    folder = tmp_path / "pack"
    folder.mkdir()
    soundfile.write(folder / "a_low.wav", tone(200), RATE)
    soundfile.write(folder / "b_mid.wav", tone(1_000, 2.0), RATE)
    soundfile.write(folder / "c_high.wav", tone(5_000), RATE)
    (folder / "d_broken.wav").write_text("no sound")
    return folder


async def listened(home: Home, path: Path) -> None:
    """Save what the recipe hears, as a worker does."""
    assert home.documents is not None
    measured = await asyncio.to_thread(listen, path, level=Level.ADVANCED)
    file_id = home.files[path.name]
    await home.documents.analyses.save(
        Analysis(
            analysis_id=AnalysisId(f"of {file_id}"),
            file_id=file_id,
            user_id=home.user_id,
            analyzed_at=datetime.now(UTC),
            measured=measured,
        )
    )
    await home.documents.samples.set_heard(
        file_id, heard(loudness_lufs=measured.loudness_lufs), file_hash=f"hash of {path.name}"
    )


async def ended(home: Home, path: Path) -> None:
    """End the run that the screen began, as a worker does after it has saved what it heard."""
    assert home.documents is not None
    batches = home.documents.batches
    (run,) = await batches.runs(user_id=home.user_id, limit=1)
    for claimed in await batches.claim(run.run_id, worker="test", limit=9, lease_seconds=60):
        assert claimed.file_id == home.files[path.name]
        await batches.complete(claimed, claimed.analysis_id)


@pytest.fixture
async def library(home: Home, pack: Path) -> Home:
    await home.sign_up()
    names = ("a_low.wav", "b_mid.wav", "c_high.wav", "d_broken.wav")
    lengths = (1.0, 2.0, 1.0, 1.0)
    async with home.open_services():
        await home.add_now(
            *(
                Sound(name=name, folder=str(pack), duration=length)
                for name, length in zip(names, lengths, strict=True)
            )
        )
        for name in names[:2]:
            await listened(home, pack / name)
    return home


@pytest.fixture
def open_sound(library: Home, open_app: OpenApp) -> OpenSound:
    """Give `async with open_sound("a_low.wav")`: the library, and the sound opened from it."""

    @asynccontextmanager
    async def opening(
        name: str, size: tuple[int, int] = (80, 24), options: Options | None = None
    ) -> AsyncIterator[Pilot[None]]:
        async with open_app(size=size, options=options) as pilot:
            row = ("a_low.wav", "b_mid.wav", "c_high.wav", "d_broken.wav").index(name)
            await press(pilot, *["j"] * row, "enter")
            assert isinstance(pilot.app.screen, DetailScreen)
            await settle(pilot.app)
            yield pilot

    return opening


def reading(pilot: Pilot[None]) -> str:
    """The line under the picture."""
    return str(pilot.app.screen.query_one("#reading").render())


def pane(pilot: Pilot[None]) -> Spectrogram:
    return pilot.app.screen.query_one(Spectrogram)


def picture_of(pilot: Pilot[None]) -> Picture:
    picture = pane(pilot).picture
    assert picture is not None
    return picture


def path_of(pilot: Pilot[None]) -> Path:
    """Where the sound is that is looked at."""
    assert isinstance(pilot.app.screen, DetailScreen)
    assert pilot.app.screen.sound.sample is not None
    return pilot.app.screen.sound.sample.path


def loudest_hertz(pilot: Pilot[None]) -> float:
    """Where in Hz the brightest row of the picture is."""
    picture = picture_of(pilot)
    rows = np.frombuffer(picture.levels, np.uint8).reshape(picture.height, picture.width)
    return hertz_at(picture, int(rows.mean(axis=1).argmax()), picture.height)


async def test_facts_claims_and_pictures_of_a_sound_are_seen(open_sound: OpenSound) -> None:
    async with open_sound("b_mid.wav") as pilot:
        text = seen(pilot.app)
        assert "b_mid.wav" in text
        assert "wav 44.1k 16 bit" in text
        assert "kind" in text
        assert "-3.0 LUFS" in text
        assert "█" in text
        assert "▀" in text
        assert "10k|" in text
        assert "1.5 s" in text
        assert loudest_hertz(pilot) == pytest.approx(1_000, rel=0.1)


async def test_a_wide_terminal_has_the_claims_in_a_column(open_sound: OpenSound) -> None:
    async with open_sound("b_mid.wav", (120, 40)) as pilot:
        assert re.search(r"loudness +-3.0 LUFS", seen(pilot.app))
        assert re.search(r"analysis +\d, advanced", seen(pilot.app))
        picture = picture_of(pilot)
        assert (picture.width, picture.height) == (80, 58)


async def test_the_cursor_reads_time_frequency_and_level(open_sound: OpenSound) -> None:
    async with open_sound("b_mid.wav") as pilot:
        await press(pilot, *["l"] * 10, *["h"] * 4, "right", "left")
        began = re.search(r"([\d,]+) Hz", reading(pilot))
        assert began is not None
        way = "k" if int(began[1].replace(",", "")) < 1_000 else "j"
        while "  0 dB" not in reading(pilot):
            await press(pilot, way)
        words = re.match(r"([\d.]+) s +([\d,]+) Hz", reading(pilot))
        assert words is not None
        time, hertz = words.groups()
        assert float(time) == pytest.approx(1.0 + 6 * 2 / 74, abs=0.03)
        assert float(hertz.replace(",", "")) == pytest.approx(1_000, rel=0.2)
        await press(pilot, *["k"] * 30)
        assert "below the colour range" in reading(pilot)


async def test_zoom_keeps_the_time_under_the_cursor_and_pan_moves_it(open_sound: OpenSound) -> None:
    async with open_sound("b_mid.wav") as pilot:
        before = reading(pilot).split()[0]
        await press(pilot, "plus", "plus")
        assert "zoom 4x" in reading(pilot)
        assert (
            reading(pilot).split()[0] == pytest.approx(before)
            or abs(float(reading(pilot).split()[0]) - float(before)) < 0.02
        )
        picture = picture_of(pilot)
        assert picture.end - picture.start == pytest.approx(0.5)
        await press(pilot, "greater_than_sign")
        assert picture_of(pilot).start == pytest.approx(picture.start + 0.125)
        await press(pilot, "less_than_sign", "minus")
        assert "zoom 2x" in reading(pilot)
        await press(pilot, "0")
        assert (picture_of(pilot).start, picture_of(pilot).end) == (0.0, 2.0)


async def test_axis_and_range_change_the_picture(open_sound: OpenSound) -> None:
    async with open_sound("b_mid.wav") as pilot:
        await press(pilot, "x", "d")
        assert "linear  range 60 dB" in reading(pilot)
        picture = picture_of(pilot)
        assert (picture.log, picture.low_hz, picture.range_db) == (False, 0.0, 60.0)
        assert loudest_hertz(pilot) == pytest.approx(1_000, abs=800)
        await press(pilot, "x")
        assert picture_of(pilot).log


async def test_the_other_view_shows_curves_over_time(open_sound: OpenSound) -> None:
    async with open_sound("b_mid.wav") as pilot:
        await press(pilot, "v")
        assert "loudness, dB" in seen(pilot.app)
        assert "spectral centroid, Hz" in seen(pilot.app)
        await press(pilot, "v")
        assert "▀" in seen(pilot.app)


async def test_with_curves_no_key_and_no_word_is_of_the_picture(open_sound: OpenSound) -> None:
    async with open_sound("b_mid.wav") as pilot:
        await press(pilot, "v")
        assert " Hz  " not in reading(pilot)
        assert "range" not in reading(pilot)
        assert "Axis" not in seen(pilot.app)
        await press(pilot, "x", "d", "v")
        assert "log  range 80 dB" in reading(pilot)
        assert "Axis" in seen(pilot.app)


async def test_the_cursor_hides_no_digit_of_the_time_axis(open_sound: OpenSound) -> None:
    async with open_sound("b_mid.wav") as pilot:
        await press(pilot, *["h"] * 40)
        axes = set()
        for _ in range(6):
            (axis,) = (
                line for line in seen(pilot.app).splitlines() if line.startswith("      0.0")
            )
            axes.add(axis.replace("^", " "))
            await press(pilot, "l")
        assert len(axes) == 1


async def test_next_and_previous_go_through_the_list_one_came_from(open_sound: OpenSound) -> None:
    async with open_sound("a_low.wav") as pilot:
        await press(pilot, "J")
        assert "b_mid.wav" in seen(pilot.app)
        assert loudest_hertz(pilot) == pytest.approx(1_000, rel=0.2)
        await press(pilot, "right_square_bracket")
        assert loudest_hertz(pilot) == pytest.approx(5_000, rel=0.2)
        await press(pilot, "K", "left_square_bracket")
        assert loudest_hertz(pilot) == pytest.approx(200, rel=0.2)
        await press(pilot, "K")
        assert "This is the first sound" in told(pilot.app)[-1]


async def test_held_keys_end_where_they_should(open_sound: OpenSound) -> None:
    async with open_sound("a_low.wav") as pilot:
        await pilot.press("J", "J", "J", "K")
        await settle(pilot.app)
        assert "c_high.wav" in seen(pilot.app)
        assert loudest_hertz(pilot) == pytest.approx(5_000, rel=0.1)


async def test_what_is_not_heard_says_so_and_fills_in_when_a_worker_is_done(
    open_sound: OpenSound, library: Home
) -> None:
    async with open_sound("c_high.wav") as pilot:
        assert "not analysed yet   a analyses it" in seen(pilot.app)
        await press(pilot, "a")
        await until(lambda: "analysing ..." in seen(pilot.app))
        path = path_of(pilot)
        await listened(library, path)
        await ended(library, path)
        await until(lambda: "LUFS" in seen(pilot.app))
        await until(lambda: "analysing" not in seen(pilot.app))


async def test_a_sound_that_somebody_else_had_heard_fills_in_too(
    open_sound: OpenSound, library: Home
) -> None:
    async with open_sound("c_high.wav") as pilot:
        path = path_of(pilot)
        await listened(library, path)
        await until(lambda: "LUFS" in seen(pilot.app))


async def test_a_file_that_is_no_sound_says_why(open_sound: OpenSound) -> None:
    async with open_sound("d_broken.wav") as pilot:
        assert "not a sound" in seen(pilot.app)
        await press(pilot, "l", "j", "plus", "0", "x", "v", "v", "K")
        assert "c_high.wav" in seen(pilot.app)


async def test_a_deleted_file_is_drawn_from_what_was_heard(
    open_sound: OpenSound, pack: Path
) -> None:
    (pack / "b_mid.wav").unlink()
    async with open_sound("b_mid.wav") as pilot:
        # A part that nobody has looked at before: what was drawn is kept, and would be shown.
        await press(pilot, *["plus"] * 3, "d", "d", "d")
        assert "drawn from its analysis" in reading(pilot)
        assert loudest_hertz(pilot) == pytest.approx(1_000, rel=0.6)


async def test_a_new_size_is_drawn_afresh(open_sound: OpenSound) -> None:
    async with open_sound("b_mid.wav") as pilot:
        await pilot.resize_terminal(120, 40)
        await settle(pilot.app)
        assert picture_of(pilot).width == 80
        await pilot.resize_terminal(60, 12)
        await settle(pilot.app)
        assert picture_of(pilot).width == 54
        await pilot.resize_terminal(10, 5)
        await settle(pilot.app)
        await pilot.resize_terminal(80, 24)
        await settle(pilot.app)
        assert picture_of(pilot).width == 74


async def test_ascii_alone_where_the_locale_is_not_utf8(open_sound: OpenSound) -> None:
    async with open_sound("b_mid.wav", options=Options(ascii=True)) as pilot:
        text = seen(pilot.app)
        assert "@" in text
        body = "\n".join(text.splitlines()[:-1])
        assert body.isascii()
        await press(pilot, "v")
        assert "\n".join(seen(pilot.app).splitlines()[:-1]).isascii()


async def test_a_thin_line_gets_few_colours_until_asked_for_all(open_sound: OpenSound) -> None:
    async with open_sound("b_mid.wav", options=Options(thin_line=True)) as pilot:
        assert pane(pilot).ink.depth is Depth.LEVELS
        await press(pilot, "v")
        assert pane(pilot).ink.depth is Depth.TRUE
        await press(pilot, "v")
        assert "loudness, dB" in seen(pilot.app)


async def test_back_leads_to_the_library(open_sound: OpenSound) -> None:
    for key in ("escape", "q"):
        async with open_sound("a_low.wav") as pilot:
            await press(pilot, "J", key)
            assert isinstance(pilot.app.screen, LibraryScreen)
            # The library's cursor came along.
            await press(pilot, "enter")
            assert "b_mid.wav" in seen(pilot.app)


async def test_names_of_any_kind_are_inert(library: Home, open_app: OpenApp, pack: Path) -> None:
    name = "a\x1b[31m[red]\n.wav"
    soundfile.write(pack / "plain.wav", tone(440), RATE)
    (pack / "plain.wav").rename(pack / name)
    async with library.open_services():
        await library.add_now(Sound(name=name, folder=str(pack)))
    async with open_app() as pilot:
        await press(pilot, "enter")
        await settle(pilot.app)
        assert isinstance(pilot.app.screen, DetailScreen)
        assert "\\x1b[31m[red]\\n.wav" in seen(pilot.app)
        assert loudest_hertz(pilot) == pytest.approx(440, rel=0.1)


async def test_a_thin_line_is_sent_little(library: Home, open_app: OpenApp, pack: Path) -> None:
    noise = np.random.default_rng(5).normal(0, 0.2, 3 * RATE)
    soundfile.write(pack / "a.wav", noise, RATE)
    async with library.open_services():
        await library.add_now(Sound(name="a.wav", folder=str(pack), duration=3.0))
    async with open_app(size=(120, 40), options=Options(thin_line=True)) as pilot:
        await press(pilot, "enter")
        await settle(pilot.app)
        screen = pilot.app.screen
        console = Console(color_system="256", force_terminal=True, file=io.StringIO())
        whole = screen._compositor.render_full_update().render_segments(console)
        assert len(whole.encode()) < 70_000
        widgets = [pane(pilot), *pane(pilot).query(Tile)]
        for widget in widgets:
            widget._exchange_repaint_regions()
        pane(pilot).move(1, 1)
        # Textual sends a changed cell with all cells before it in its widget.
        sent = sum(
            len(line.render(console).encode()) + 10
            for widget in widgets
            for region in widget._exchange_repaint_regions()
            for line in widget.render_lines(Region(0, region.y, region.right, region.height))
        )
        assert 0 < sent < 2_000


async def test_the_way_back_stays_in_the_last_line_where_other_keys_do_not_fit(
    open_sound: OpenSound,
) -> None:
    async with open_sound("b_mid.wav", (120, 24)) as pilot:
        assert "s Similar" in seen(pilot.app).splitlines()[-1]
        for width in (80, 60, 50):
            await pilot.resize_terminal(width, 24)
            await settle(pilot.app)
            keys = seen(pilot.app).splitlines()[-1]
            assert "esc Back" in keys
            assert "? Keys" in keys
            assert "…" not in keys
            assert "Similar" not in keys
