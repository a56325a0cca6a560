"""The question before something large."""

from __future__ import annotations

from smtui.ui.dialogues.confirm import ConfirmScreen
from smtui.ui.library.screen import LibraryScreen
from tests.ui.screen_home import Home, OpenApp, many, press, seen


async def test_enter_says_yes(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    await home.add(*many(1_200))
    async with open_app() as pilot:
        await press(pilot, "A")
        assert isinstance(pilot.app.screen, ConfirmScreen)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, LibraryScreen)
        (run,) = await home.kept.batches.runs(user_id=home.user_id, limit=9)
        assert run.total == 1_200


async def test_q_and_esc_say_no(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    await home.add(*many(1_200))
    async with open_app() as pilot:
        for key in ("q", "escape"):
            await press(pilot, "A")
            assert "enter yes" in seen(pilot.app)
            await press(pilot, key)
            assert isinstance(pilot.app.screen, LibraryScreen)
        assert not await home.kept.batches.runs(user_id=home.user_id, limit=9)
