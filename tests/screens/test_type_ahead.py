"""Keys in a burst, as a slow line brings them: each goes where the one before has led."""

from __future__ import annotations

from textual.events import Key
from textual.pilot import Pilot

from smtui.ui.screens.library import LibraryScreen
from smtui.ui.widgets.ask_line import AskLine
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.widgets.sample_table import SampleTable
from tests.screens.screen_home import Home, OpenApp, Sound, press, settle, until

_NAMES = {"/": "slash", "\r": "enter", "\x1b": "escape", " ": "space"}


async def burst(pilot: Pilot[None], keys: str) -> None:
    """Send keys as one read of the terminal gives them: nobody waits between them."""
    for key in keys:
        name = _NAMES.get(key, key)
        pilot.app.post_message(Key(name, key if key.isprintable() else None))
    await settle(pilot.app)


async def in_library(pilot: Pilot[None]) -> None:
    await until(lambda: isinstance(pilot.app.screen, LibraryScreen))
    await settle(pilot.app)


async def test_a_filter_typed_in_a_burst_has_all_its_letters(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    await home.add(*[Sound(name=f"{name}.wav") for name in ("kick a", "kick b", "snare")])
    async with open_app() as pilot:
        await in_library(pilot)
        await burst(pilot, "/kick\r")
        await until(lambda: pilot.app.screen.query_one(SampleTable).count == 2)
        assert pilot.app.screen.query_one(FilterLine).text == "kick"
        assert pilot.app.screen.query_one(SampleTable).has_focus


async def test_tags_typed_in_a_burst_act_on_nothing_else(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    await home.add(Sound(name="kick.wav"))
    async with open_app() as pilot:
        await in_library(pilot)
        await press(pilot, "t")
        await burst(pilot, "amp\rm")
        await until(lambda: not pilot.app.screen.query_one(AskLine).display)
        table = pilot.app.screen.query_one(SampleTable)
        assert len(table.marked) == 1
        await until(lambda: table.sample is not None and table.sample.tags == ("amp",))
