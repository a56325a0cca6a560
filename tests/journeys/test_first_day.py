"""From an empty home to the picture of a sound, by keys alone, embedded and on servers."""

from __future__ import annotations

from pathlib import Path

from smtui.ui.account.screen import LoginScreen
from smtui.ui.detail.screen import DetailScreen
from smtui.ui.library.screen import LibraryScreen
from tests.journeys.machine import Machine, enter
from tests.ui.screen_home import press, seen, settle, until


async def test_a_newcomer_sees_a_folder_heard_and_a_sound_drawn(machine: Machine, pack: Path):
    app = machine.app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(lambda: isinstance(app.screen, LoginScreen) and "Welcome" in seen(app))
        await enter(pilot)
        await until(lambda: "The library is empty" in seen(app))

        await press(pilot, "i")
        await pilot.press("ctrl+u", *str(pack), "enter")
        await until(lambda: "kick deep" in seen(app))
        # The worker starts by itself; the loop's tempo stands in its row once it was heard.
        await until(lambda: "124.0" in seen(app), seconds=60)
        await until(lambda: "1 failed" in seen(app), seconds=60)

        await press(pilot, "slash", *"kind:loop bpm:123..125", "enter")
        await until(lambda: "kick deep" not in seen(app))
        await press(pilot, "enter")
        await until(lambda: isinstance(app.screen, DetailScreen))
        await until(lambda: "124.0" in seen(app))
        await until(lambda: "▀" in seen(app))
        await press(pilot, "escape")
        await until(lambda: isinstance(app.screen, LibraryScreen))
        await press(pilot, "t", *"first day", "enter")
        await until(lambda: "first day" in seen(app))
        await settle(app)

    again = machine.app()
    async with again.run_test(size=(120, 40)) as pilot:
        # The next start goes on where the last one was, without asking for a name.
        await until(lambda: "1 of 27" in seen(again) and "house drums" in seen(again))
        await press(pilot, "escape")
        await until(lambda: "27 of 27" in seen(again))
        await press(pilot, "slash", *'tag:"first day"')
        await until(lambda: "1 of 27" in seen(again) and "house drums" in seen(again))
