"""Keys in a burst, as a slow line brings them: each goes where the one before has led."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from smtui.services.box import Services
from smtui.ui.account.screen import LoginScreen
from smtui.ui.app import SmtuiApp
from smtui.ui.dialogues.confirm import ConfirmScreen
from smtui.ui.library.screen import LibraryScreen
from smtui.ui.options import Options
from smtui.ui.widgets.ask_line import AskLine
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.widgets.sample_table import SampleTable
from tests.ui.screen_home import (
    Home,
    OpenApp,
    Sound,
    many,
    press,
    seen,
    settle,
    told,
    until,
)
from tests.ui.stopped_store import StoppedStore, store  # noqa: F401 - a fixture

_NAMES = {
    "/": "slash",
    "\r": "enter",
    "\x1b": "escape",
    " ": "space",
    "\x03": "ctrl+c",
    "\x15": "ctrl+u",
}

# Nearly every letter is a command somewhere, and some of them do what cannot be taken back.
LETTERS = "PaXqjkmtsbVMAofRrnuDFLywvgG.PaXqjkmtsbVMAofRrnuDFL"
WAYS = {"library": "", "sound": "\r", "similar": "s", "saved": "f", "runs": "b"}
# What ends the screen or the session is not tried; `enter` and `escape` only lead elsewhere.
_LEADS_AWAY = {"q", "escape", "ctrl+q", "ctrl+z", "enter", "ctrl+c"}


async def burst(pilot: Pilot[None], keys: str) -> None:
    """Send keys as one read of the terminal gives them: nobody waits between them."""
    send(pilot, keys)
    await settle(pilot.app)


def send(pilot: Pilot[None], keys: str) -> None:
    for key in keys:
        name = _NAMES.get(key, key)
        pilot.app.post_message(Key(name, key if key.isprintable() else None))


async def in_library(pilot: Pilot[None]) -> None:
    await until(lambda: isinstance(pilot.app.screen, LibraryScreen))
    await settle(pilot.app)


async def type_while_stopped(pilot: Pilot[None], stopped: StoppedStore, opens: str) -> list[str]:
    """Type a burst while no document answers, until all of it was taken; gives what it ran."""
    app: Any = pilot.app
    ran: list[str] = []
    run = app.run_action

    async def noted(action: Any, *rest: Any, **more: Any) -> bool:
        ran.append(str(action))
        done: bool = await run(action, *rest, **more)
        return done

    app.run_action = noted
    stopped.stop()
    app.post_message(Key(opens, None))
    send(pilot, LETTERS)
    arrived = asyncio.Event()
    app.call_later(arrived.set)
    await until(lambda: arrived.is_set() and not app.type_ahead.has_keys)
    await pilot.pause()
    app.run_action = run
    return ran


async def line_keys(pilot: Pilot[None]) -> Sequence[str]:
    """Every key of this screen that opens a line, found by pressing them all."""
    app, screen = pilot.app, pilot.app.screen
    found = []
    for key, active in list(screen.active_bindings.items()):
        if key in _LEADS_AWAY or not active.enabled or len(app.get_key_display(active.binding)) > 4:
            continue
        await press(pilot, key)
        if isinstance(app.focused, Input):
            found.append(key)
        for _ in range(4):
            if app.screen is screen and not isinstance(app.focused, Input):
                break
            await press(pilot, "escape")
        assert app.screen is screen, key
    return found


async def ready(home: Home) -> None:
    await home.sign_up()
    await home.add(*[Sound(name=f"{name}.wav") for name in ("kick a", "kick b", "snare")])


@pytest.mark.parametrize("way", WAYS)
async def test_letters_typed_after_a_key_that_opens_a_line_are_all_in_it(
    home: Home,
    open_app: OpenApp,
    store: StoppedStore,  # noqa: F811
    way: str,
) -> None:
    await ready(home)
    async with open_app() as pilot:
        await in_library(pilot)
        await burst(pilot, WAYS[way])
        app, screen = pilot.app, pilot.app.screen
        opening = await line_keys(pilot)
        assert "colon" in opening
        for key in opening:
            await press(pilot, key)
            line = app.focused
            assert isinstance(line, Input)
            begun = line.value
            await press(pilot, "escape")
            assert app.screen is screen
            ran = await type_while_stopped(pilot, store, key)
            line = app.focused
            assert isinstance(line, Input), f"{way}: {key} opened no line"
            assert line.value == begun + LETTERS, f"{way}: {key}"
            assert len(ran) == 1, f"{way}: {key} ran {ran}"
            store.go_on()
            await settle(app)
            assert app.focused is line
            assert line.value == begun + LETTERS, f"{way}: {key}"
            await press(pilot, "ctrl+u", "escape", "escape" if app.screen is not screen else "left")
            while isinstance(app.screen, ConfirmScreen):
                await press(pilot, "escape")


async def test_a_filter_typed_in_a_burst_has_all_its_letters(home: Home, open_app: OpenApp) -> None:
    await ready(home)
    async with open_app() as pilot:
        await in_library(pilot)
        await burst(pilot, "/kick\r")
        await until(lambda: pilot.app.screen.query_one(SampleTable).count == 2)
        assert pilot.app.screen.query_one(FilterLine).text == "kick"
        assert pilot.app.screen.query_one(SampleTable).has_focus


class SlowOpening:
    """Services that open when the test says so."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.may_open = asyncio.Event()

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Services]:
        await self.may_open.wait()
        async with self._home.open_services() as services:
            yield services


async def test_a_filter_typed_while_the_library_opens_is_asked_and_runs_no_command(
    home: Home, tmp_path: Path
) -> None:
    await ready(home)
    seen_last = tmp_path / "last.json"
    seen_last.write_text(json.dumps({"user_id": home.user_id, "text": "kick"}))
    opening = SlowOpening(home)
    app = SmtuiApp(opening, Options(last_seen=seen_last))
    async with app.run_test() as pilot:
        send(pilot, "/\x15snare:?X")
        await pilot.pause(0.1)
        assert len(app.screen_stack) == 1
        opening.may_open.set()
        await in_library(pilot)
        assert app.screen.query_one(FilterLine).text == "snare:?X"


async def test_what_was_typed_for_the_library_is_no_name_and_signs_nobody_in(home: Home) -> None:
    opening = SlowOpening(home)
    app = SmtuiApp(opening, Options())
    async with app.run_test() as pilot:
        send(pilot, "/kick\r")
        await pilot.pause(0.1)
        opening.may_open.set()
        await until(lambda: isinstance(app.screen, LoginScreen))
        await settle(app)
        assert isinstance(app.screen, LoginScreen)
        assert "/kick" not in seen(app)


async def test_keys_after_the_enter_of_a_filter_move_over_what_it_finds(
    home: Home,
    open_app: OpenApp,
    store: StoppedStore,  # noqa: F811
) -> None:
    await home.sign_up()
    await home.add(*[Sound(name=f"kick {letter}.wav") for letter in "abcd"], *many(3))
    async with open_app() as pilot:
        await in_library(pilot)
        await burst(pilot, "/kick\rjj")
        table = pilot.app.screen.query_one(SampleTable)
        await until(lambda: table.count == 4 and table.cursor == 2)
        await burst(pilot, "\x1b")
        await until(lambda: table.count == 7)
        store.stop()
        send(pilot, "/kick\rjm")
        await pilot.pause(0.3)
        assert not table.marked
        store.go_on()
        await until(lambda: table.marked)
        assert table.marked == {home.files["kick b.wav"]}


async def test_who_waits_for_an_answer_can_drop_what_was_typed(
    home: Home,
    open_app: OpenApp,
    store: StoppedStore,  # noqa: F811
) -> None:
    await ready(home)
    async with open_app() as pilot:
        await in_library(pilot)
        store.stop()
        send(pilot, "/kick\rmmm")
        await until(lambda: any("Esc drops it" in words for words in told(pilot.app)))
        send(pilot, "\x1b")
        await until(lambda: not pilot.app.screen.query_one(FilterLine).text)
        store.go_on()
        await settle(pilot.app)
        table = pilot.app.screen.query_one(SampleTable)
        await until(lambda: table.count == 3)
        assert not table.marked


async def test_tags_typed_row_by_row_in_one_burst_are_each_on_their_row(
    home: Home, open_app: OpenApp
) -> None:
    await ready(home)
    async with open_app() as pilot:
        await in_library(pilot)
        await burst(pilot, "tya\rjtyb\rjtyc\rj")
        table = pilot.app.screen.query_one(SampleTable)

        def tags() -> list[tuple[str, ...]]:
            rows = [table.sample_at(row) for row in range(3)]
            return [sample.tags if sample else () for sample in rows]

        await until(lambda: tags() == [("ya",), ("yb",), ("yc",)])
        assert pilot.app.screen.query_one(AskLine).asks is None


async def test_a_key_that_asks_with_nothing_under_the_cursor_still_takes_the_letters(
    home: Home, open_app: OpenApp
) -> None:
    await home.sign_up()
    async with open_app() as pilot:
        await in_library(pilot)
        await burst(pilot, "tPaX\r")
        assert "No sound selected, nothing was tagged" in told(pilot.app)
        assert "Nothing runs" not in told(pilot.app)


async def test_a_path_of_ones_own_takes_the_place_of_the_one_proposed(
    home: Home, open_app: OpenApp
) -> None:
    await ready(home)
    async with open_app() as pilot:
        await in_library(pilot)
        await burst(pilot, "i/data/x")
        assert isinstance(line := pilot.app.focused, Input)
        assert line.value == "/data/x"
        await press(pilot, "escape")
        await burst(pilot, "iMusic")
        assert line.value.endswith("/Music")


@pytest.mark.parametrize("key", ["i", "/", "t"])
async def test_ctrl_c_leaves_a_line_as_in_a_shell(home: Home, open_app: OpenApp, key: str) -> None:
    await ready(home)
    async with open_app() as pilot:
        await in_library(pilot)
        await burst(pilot, f"{key}ab\x03")
        assert pilot.app.screen.query_one(SampleTable).has_focus
        assert not pilot.app.screen.query_one(FilterLine).text
        assert not told(pilot.app)
        assert "ab" not in seen(pilot.app)
