"""Signing out and sessions that end: the way back to the login screen."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis

from smtui.domain.account import SessionId
from smtui.services.sessions import session_name
from smtui.ui.account.screen import LoginScreen
from smtui.ui.detail.screen import DetailScreen
from smtui.ui.library.screen import LibraryScreen
from tests.ui.screen_home import Home, OpenApp, Sound, press, seen, until


async def test_signing_out_asks_again_at_the_next_start(home: Home, open_app: OpenApp) -> None:
    await home.sign_up("anna", "secretly")
    async with open_app() as pilot:
        await press(pilot, "colon", *"sign out")
        await until(lambda: "the next start asks you to sign in" in seen(pilot.app))
        await pilot.press("enter")
        await until(lambda: isinstance(pilot.app.screen, LoginScreen))
    async with open_app() as again:
        assert isinstance(again.app.screen, LoginScreen)


@pytest.mark.parametrize(
    ("end", "why"),
    [
        ("disable", "Your account was disabled."),
        ("password", "The password was changed."),
        ("session", "Your session was ended."),
        ("all", "Your session was ended."),
    ],
)
async def test_a_session_ended_elsewhere_leads_back_to_the_login_and_says_why(
    home: Home, open_app: OpenApp, end: str, why: str
) -> None:
    await home.sign_up("anna", "secretly")
    async with open_app() as pilot:
        app = pilot.app
        assert isinstance(app.screen, LibraryScreen)
        # Another machine, with lines of its own.
        elsewhere = Home(folder=home.folder, valkey=home.valkey)
        async with elsewhere.open_services() as services:
            accounts = services.accounts
            if end == "disable":
                await accounts.disable("anna")
            elif end == "password":
                await accounts.set_password("anna", "other")
            elif end == "session":
                (session,) = await accounts.sessions.of("anna")
                await accounts.sessions.end_session("anna", session_name(session.session_id))
            else:
                await accounts.sessions.end_sessions("anna")
        await until(lambda: isinstance(app.screen, LoginScreen))
        await until(lambda: why in seen(app))


async def test_whatever_is_open_gives_way_to_the_login(home: Home, open_app: OpenApp) -> None:
    await home.sign_up("anna", "secretly")
    await home.add(Sound(name="kick.wav"))
    async with open_app() as pilot:
        app = pilot.app
        await press(pilot, "enter")
        await until(lambda: isinstance(app.screen, DetailScreen))
        await press(pilot, "question_mark")
        assert home.services is not None
        await home.services.accounts.sessions.end_sessions("anna")
        await until(lambda: isinstance(app.screen, LoginScreen))
        await press(pilot, *"anna", "enter", *"secretly", "enter")
        await until(lambda: isinstance(app.screen, LibraryScreen))


async def test_the_session_of_another_person_ends_no_screen(home: Home, open_app: OpenApp) -> None:
    await home.sign_up("anna", "secretly")
    async with open_app() as pilot:
        assert home.services is not None
        accounts = home.services.accounts
        other = await accounts.sessions.token("anna")
        await accounts.sessions.end_session("anna", session_name(SessionId(other)))
        before = await looks(home)
        while await looks(home) < before + 3:
            await pilot.pause(0.1)
        assert isinstance(pilot.app.screen, LibraryScreen)


async def looks(home: Home) -> int:
    """How often anybody has read something from the server."""
    client: Any = Redis.from_url(await home.valkey.address())
    try:
        return int((await client.info("commandstats"))["cmdstat_get"]["calls"])
    finally:
        await client.aclose()
