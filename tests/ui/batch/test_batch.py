"""The runs: what is seen of them, and what each key does to the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from smtui.domain.account import Role
from smtui.domain.analysis import Level
from smtui.domain.batch import Claimed, RunId, RunProgress, State
from smtui.domain.errors import ErrorCode
from smtui.domain.sample import FileId
from smtui.ui.app import SmtuiApp
from smtui.ui.batch.screen import BatchScreen
from smtui.ui.detail.screen import DetailScreen
from smtui.ui.library.screen import LibraryScreen
from smtui.ui.opening_screen import OpeningScreen
from smtui.ui.options import Options
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

WIDE = (120, 40)
BROKEN = "It ends inside its header"


@pytest.fixture
async def library(home: Home) -> Home:
    await home.sign_up()
    await home.add(*many(6))
    return home


async def started(home: Home, names: Sequence[str] = ()) -> RunId:
    """A run over these sounds, or all."""
    assert home.services is not None
    ids = [home.files[name] for name in names or home.files]
    (owner,) = [one for one in await home.kept.accounts.all() if one.user_id == home.user_id]
    return await home.services.batches.start(ids, Level.ADVANCED, by=owner)


async def claimed(home: Home, run: RunId, limit: int = 99, worker: str = "w") -> list[Claimed]:
    return list(await home.kept.batches.claim(run, worker=worker, limit=limit, lease_seconds=60))


async def ended(home: Home, run: RunId, *, failed: int = 0) -> None:
    """End a run as a worker does: the first files fail, the others are heard."""
    for number, one in enumerate(await claimed(home, run)):
        if number < failed:
            await home.kept.batches.fail(one, code=ErrorCode.UNREADABLE, error=BROKEN)
        else:
            await home.kept.batches.complete(one, one.analysis_id, heard_ms=1000)


def shows(app: App[Any], text: str) -> bool:
    return text in seen(app)


async def progress(home: Home, run: RunId) -> RunProgress:
    found = await home.kept.batches.progress(run)
    assert found is not None
    return found


async def runs_opened(pilot: Pilot[None], text: str = "pack") -> None:
    """Press `b`, and wait for the first run to be there."""
    await press(pilot, "b")
    assert isinstance(pilot.app.screen, BatchScreen)
    await until(lambda: text in seen(pilot.app))


@pytest.mark.parametrize("size", [(80, 24), WIDE])
async def test_a_run_is_seen_with_its_files_and_its_workers(
    library: Home, open_app: OpenApp, size: tuple[int, int]
) -> None:
    async with open_app(size=size) as pilot:
        app = pilot.app
        run = await started(library)
        one, *_ = await claimed(library, run, 2, worker="desk:1")
        await claimed(library, run, 1, worker="desk:2")
        await library.kept.batches.fail(one, code=ErrorCode.UNREADABLE, error=BROKEN)
        await runs_opened(pilot)
        await until(lambda: "unreadable" in seen(app) and "2 at work" in seen(app))
        assert "1/6" in line_with(app, "advanced")
        assert "running" in line_with(app, "advanced")
        assert "16%  5 left  1 failed" in seen(app)
        assert "sound_00000.wav" in line_with(app, "unreadable: It ends")
        assert "Failed (1)" in seen(app)
        for name in ("sound_00001.wav", "sound_00002.wav"):
            assert name in seen(app)
        await press(pilot, "q")
        assert isinstance(app.screen, LibraryScreen)


async def test_what_others_do_to_a_run_is_seen_and_the_cursor_stays(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        app = pilot.app
        run = await started(library, ["sound_00001.wav", "sound_00002.wav"])
        await runs_opened(pilot, "0/2")
        assert isinstance(app.screen, BatchScreen)
        newer = await started(library, ["sound_00003.wav"])
        await until(lambda: "sound_00003.wav" in seen(app))
        assert app.screen.board.runs.key == run
        await ended(library, run, failed=1)
        await until(lambda: "2/2" in seen(app) and "Failed (1)" in seen(app))
        assert "completed" in line_with(app, "2/2")
        assert "1 analysed  1 failed" in seen(app)
        # Both were begun at the same moment of the clock that stands still.
        await press(pilot, "k" if app.screen.board.runs.lines[0].key == newer else "j")
        assert app.screen.board.runs.key == newer
        await until(lambda: "Failed (1)" not in seen(app))


async def test_two_terminals_see_the_same_run(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        run = await started(library)
        await runs_opened(pilot)
        other = SmtuiApp(library.open_services, Options())
        async with other.run_test(size=(80, 24), notifications=True) as second:
            await until(lambda: not isinstance(other.screen, OpeningScreen))
            await settle(other)
            await runs_opened(second, "0/6")
            await press(pilot, "X", "enter")
            await until(lambda: "cancelled" in seen(other))
            assert (await progress(library, run)).status is State.CANCELLED
            await press(second, "r")
            await until(lambda: "waiting" in seen(pilot.app))
    assert library.files


async def test_cancel_asks_stops_what_has_not_begun_and_says_so_once_more(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        run = await started(library)
        (held,) = await claimed(library, run, 1)
        await runs_opened(pilot)
        await press(pilot, "X", "escape")
        assert (await progress(library, run)).cancelled == 0
        await press(pilot, "X", "enter")
        assert "Cancelled 5 sounds. What has started is finished and kept." in told(pilot.app)
        await until(lambda: "stopping" in seen(pilot.app))
        await press(pilot, "X")
        assert "This run is stopping already; what has started is finished and kept" in told(
            pilot.app
        )
        await library.kept.batches.complete(held, held.analysis_id)
        # What was cancelled is not done.
        await until(lambda: "1/6" in seen(pilot.app))
        assert "cancelled" in line_with(pilot.app, "1/6")
        await press(pilot, "X")
        assert "This run has ended already" in told(pilot.app)


async def test_resume_goes_on_with_what_was_cancelled_and_harms_nothing_twice(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        run = await started(library)
        assert library.services is not None
        await library.kept.batches.request_cancel(run)
        await runs_opened(pilot)
        await press(pilot, "r")
        assert "Resumed 6 sounds" in told(pilot.app)
        assert (await progress(library, run)).status is State.PENDING
        await press(pilot, "r")
        assert "This run goes on already" in told(pilot.app)
        await ended(library, run)
        await until(lambda: "6/6" in seen(pilot.app))
        await press(pilot, "r")
        assert "Nothing left to resume in this run" in told(pilot.app)


async def test_retry_tries_the_failed_alone(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        run = await started(library)
        await ended(library, run, failed=2)
        await runs_opened(pilot)
        await until(lambda: "Failed (2)" in seen(pilot.app))
        await press(pilot, "R")
        assert "Retrying 2 sounds" in told(pilot.app)
        await until(lambda: "4/6" in seen(pilot.app))
        await ended(library, run)
        await until(lambda: "6/6" in seen(pilot.app))
        assert (await progress(library, run)).completed == 6
        await press(pilot, "R")
        assert "Nothing failed in this run" in told(pilot.app)


async def test_failures_are_gone_through_and_opened(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        app = pilot.app
        run = await started(library)
        await ended(library, run, failed=2)
        await runs_opened(pilot)
        await until(lambda: "Failed (2)" in seen(app))
        assert isinstance(app.screen, BatchScreen)
        await press(pilot, "n")
        assert app.screen.board.files.key == library.files["sound_00000.wav"]
        await press(pilot, "n")
        assert app.screen.board.files.key == library.files["sound_00001.wav"]
        await press(pilot, "n")
        assert "That was the last failure; this is the first" in told(app)
        await press(pilot, "j", "enter")
        await until(lambda: isinstance(app.screen, DetailScreen))
        await until(lambda: "sound_00001.wav" in seen(app))
        await press(pilot, "J")
        assert "This sound was not opened from a list" in told(app)
        await press(pilot, "b")
        assert isinstance(app.screen, BatchScreen)
        await press(pilot, "G", "enter")
        await until(lambda: isinstance(app.screen, DetailScreen))
        await until(lambda: "sound_00005.wav" in seen(app))


async def test_the_views_take_turns_and_a_worker_leads_to_its_sound(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        app = pilot.app
        run = await started(library)
        await claimed(library, run, 2)
        await runs_opened(pilot)
        await until(lambda: "1 at work" in seen(app))
        assert isinstance(app.screen, BatchScreen)
        await press(pilot, "enter")
        assert app.screen.board.files.has_focus
        await press(pilot, "enter")
        assert "Nothing to open" in told(app)
        await press(pilot, "v")
        assert app.screen.board.crew.has_focus
        assert "Analysing" in seen(app)
        await press(pilot, "enter")
        await until(lambda: isinstance(app.screen, DetailScreen))
        await until(lambda: "sound_00000.wav" in seen(app))
        await press(pilot, "q")
        await press(pilot, "v")
        assert isinstance(app.screen, BatchScreen)
        assert app.screen.board.runs.has_focus
        await press(pilot, "v", "b")
        assert app.screen.board.runs.has_focus
        await press(pilot, "v", "escape")
        assert app.screen.board.runs.has_focus
        await press(pilot, "escape")
        assert not isinstance(app.screen, BatchScreen)


async def test_failures_are_copied_and_written(
    library: Home, open_app: OpenApp, tmp_path: Path
) -> None:
    async with open_app() as pilot:
        app = pilot.app
        run = await started(library)
        await ended(library, run, failed=2)
        await runs_opened(pilot)
        await until(lambda: "Failed (2)" in seen(app))
        await press(pilot, "y")
        assert "Copied 2 failures" in told(app)
        rows = [f"/srv/pack/sound_0000{n}.wav\tunreadable\t{BROKEN}\t1\n" for n in range(2)]
        assert app.clipboard == "".join(rows)
        target = tmp_path / "failed.tsv"
        await press(pilot, "w")
        assert "~/smtui-failures-2025-03-01-" in seen(app)
        await press(pilot, "ctrl+u", *str(target), "enter")
        assert any(words.startswith("Saved 2 failures to ") for words in told(app))
        assert target.read_text() == "".join(rows)
        target.write_text("mine")
        await press(pilot, "w", "ctrl+u", *str(target), "enter")
        assert "that file is there already" in seen(app)
        assert target.read_text() == "mine"
        await press(pilot, "ctrl+u", *str(tmp_path / "gone" / "x.tsv"), "enter")
        assert "No such file or directory; write to" in seen(app)


async def test_a_key_that_has_nothing_to_do_says_so(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await press(pilot, "b")
        await until(lambda: "Nothing has been analysed yet." in seen(pilot.app))
        for key, words in {
            "X": "No runs yet; a in the library analyses sounds",
            "r": "No runs yet; a in the library analyses sounds",
            "R": "No runs yet; a in the library analyses sounds",
            "y": "Nothing failed in this run",
            "n": "Nothing failed in this run",
            "enter": "Nothing to open",
        }.items():
            pilot.app._notifications.clear()
            await press(pilot, key)
            assert words in told(pilot.app), key
        await press(pilot, "w")
        assert "nothing failed in this run; write to" in seen(pilot.app)
        await press(pilot, "enter")
        assert "Nothing failed in this run" in told(pilot.app)


async def test_ended_runs_are_cleared_by_the_palette(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        app = pilot.app
        old, going = await started(library, ["sound_00001.wav"]), await started(library)
        await ended(library, old)
        await runs_opened(pilot)
        await press(pilot, "colon", *"clear old")
        await until(lambda: "more than a week" in seen(app))
        await press(pilot, "down", "enter")
        await until(lambda: "No run to clear" in told(app))
        await press(pilot, "colon", *"clear all finished")
        await until(lambda: "all finished runs" in seen(app))
        await press(pilot, "down", "enter")
        await until(lambda: "Remove all finished runs" in seen(app))
        await press(pilot, "enter")
        await until(lambda: "Removed 1 run; analyses are kept" in told(app))
        await until(lambda: "sound_00001.wav" not in seen(app))
        assert await library.kept.batches.progress(old) is None
        assert (await progress(library, going)).total == 6


async def test_an_admin_sees_everybodys_runs_and_a_member_ones_own(
    library: Home, open_app: OpenApp
) -> None:
    anna = library.user_id
    library.user_id = await library.join("bert", Role.MEMBER)
    await library.add(Sound(name="berts.wav"))
    async with open_app() as pilot:
        berts = await started(library, ["berts.wav"])
        library.user_id = anna
        annas = await started(library, ["sound_00001.wav"])
        await runs_opened(pilot, "berts.wav")
        assert "sound_00001.wav" not in seen(pilot.app)
        assert await library.kept.batches.progress(annas) is not None
    async with library.open_services() as services:
        await services.accounts.sessions.sign_in("anna", "secretly", stay=True, address="local")
    async with open_app() as pilot:
        await runs_opened(pilot, "berts.wav")
        assert "bert " in line_with(pilot.app, "berts.wav  ")
        assert "anna " in line_with(pilot.app, "sound_00001.wav  ")
        assert isinstance(pilot.app.screen, BatchScreen)
        # Both were begun at the same moment of the clock that stands still.
        if pilot.app.screen.board.runs.key != berts:
            await press(pilot, "j")
        await press(pilot, "X", "enter")
        await until(lambda: "cancelled" in line_with(pilot.app, "berts.wav  "))
        assert (await progress(library, berts)).status is State.CANCELLED


async def test_failures_are_told_on_every_screen_until_they_are_looked_at(
    library: Home, open_app: OpenApp, tmp_path: Path
) -> None:
    options = Options(last_seen=tmp_path / "last-seen.json")
    async with open_app(options=options) as pilot:
        app = pilot.app
        run = await started(library, [*library.files][:3])
        await ended(library, run, failed=2)
        await until(lambda: "2 failed" in seen(app))
        await press(pilot, "enter")
        assert isinstance(app.screen, DetailScreen)
        assert "2 failed" in seen(app).splitlines()[-2]
        await runs_opened(pilot)
        await until(lambda: "2 failed" not in seen(app).splitlines()[-2])
        await press(pilot, "q", "q")
        await ended(library, await started(library), failed=1)
        await until(lambda: "1 failed" in seen(app).splitlines()[-2])
    async with open_app(options=options) as pilot:
        await until(lambda: "1 failed" in seen(pilot.app).splitlines()[-2])


async def test_listening_is_paused_and_goes_on(library: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        app = pilot.app
        await press(pilot, "P")
        await until(lambda: "analysis is paused on this machine; P resumes" in seen(app))
        await press(pilot, "b")
        assert "P resumes" in seen(app)
        await press(pilot, "P")
        await until(lambda: "P resumes" not in seen(app).splitlines()[-2])
        assert "Analysis resumed on this machine" in told(app)


async def test_the_library_fills_while_a_run_goes_on_and_the_cursor_stays(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        app = pilot.app
        await press(pilot, "j", "j", "j")
        assert isinstance(app.screen, LibraryScreen)
        stands = app.screen.table.sample
        for number, name in enumerate(library.files):
            file_id: FileId = library.files[name]
            await library.kept.samples.set_heard(
                file_id, heard(tempo=120.0 + number), file_hash=f"hash of {name}"
            )
            await until(partial(shows, app, f"{120 + number}.0"))
            assert app.screen.table.cursor == 3
            assert app.screen.table.sample is not None
            assert stands is not None
            assert app.screen.table.sample.file_id == stands.file_id
