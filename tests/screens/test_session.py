"""Signing out and sessions that end: the way back to the login screen."""

from __future__ import annotations

from smtui.ui.app import SmtuiApp
from smtui.ui.screens.library import LibraryScreen
from smtui.ui.screens.login import LoginScreen
from tests.screens.screen_home import Home, OpenApp, press, seen, until


async def test_signing_out_asks_again_at_the_next_start(home: Home, open_app: OpenApp) -> None:
    await home.sign_up("anna", "secret")
    async with open_app() as pilot:
        await press(pilot, "colon", *"sign out")
        await until(lambda: "End this session" in seen(pilot.app))
        await pilot.press("enter")
        await until(lambda: isinstance(pilot.app.screen, LoginScreen))
    async with open_app() as again:
        assert isinstance(again.app.screen, LoginScreen)


async def test_a_session_ended_elsewhere_leads_back_to_the_login(
    home: Home, open_app: OpenApp
) -> None:
    await home.sign_up("anna", "secret")
    async with open_app() as pilot:
        app = pilot.app
        assert isinstance(app, SmtuiApp)
        assert isinstance(app.screen, LibraryScreen)
        assert home.services is not None
        await home.services.accounts.disable("anna")
        await until(lambda: isinstance(app.screen, LoginScreen))
        await until(lambda: "Your account was disabled." in seen(app))
