"""Signing in, and the welcome of the first start."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Input

from smtui.ui.screens.library import LibraryScreen
from smtui.ui.screens.login import LoginScreen
from tests.screens.screen_home import Home, OpenApp, press, seen, settle, until


async def typed(pilot: Pilot[None], *words: str) -> None:
    """Type into one field after the other, enter after each."""
    for word in words:
        await pilot.press(*word, "enter")
    await settle(pilot.app)


async def test_the_first_start_needs_one_enter(home: Home, open_app: OpenApp) -> None:
    async with open_app() as pilot:
        assert isinstance(pilot.app.screen, LoginScreen)
        assert "Welcome" in seen(pilot.app)
        name = pilot.app.screen.query_one("#name", Input).value
        assert len(name) >= 3
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, LibraryScreen)
        assert name in seen(pilot.app).splitlines()[0]


async def test_the_next_start_opens_the_library(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    async with open_app() as pilot:
        assert isinstance(pilot.app.screen, LibraryScreen)


async def test_a_name_that_cannot_be_used_is_said_under_the_form(
    home: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        pilot.app.screen.query_one("#name", Input).value = "a-"
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, LoginScreen)
        assert "letters and digits" in seen(pilot.app)


async def signed_out(home: Home) -> None:
    await home.sign_up()
    (home.folder / "resume.json").unlink()


async def test_name_and_password_open_the_library(home: Home, open_app: OpenApp) -> None:
    await signed_out(home)
    async with open_app() as pilot:
        assert "e-mail or name" in seen(pilot.app)
        await typed(pilot, "anna", "secret")
        assert isinstance(pilot.app.screen, LibraryScreen)
    assert (home.folder / "resume.json").exists()


async def test_without_staying_the_next_start_asks_again(home: Home, open_app: OpenApp) -> None:
    await signed_out(home)
    async with open_app() as pilot:
        await press(pilot, *"anna", "tab", *"secret", "tab", "space", "shift+tab", "enter")
        assert isinstance(pilot.app.screen, LibraryScreen)
    async with open_app() as pilot:
        assert isinstance(pilot.app.screen, LoginScreen)


async def test_a_wrong_password_is_told_in_words_and_asked_again(
    home: Home, open_app: OpenApp
) -> None:
    await signed_out(home)
    async with open_app() as pilot:
        await typed(pilot, "anna", "wrong")
        assert "Wrong name or password" in seen(pilot.app)
        password = pilot.app.screen.query_one("#password", Input)
        assert (password.value, password.has_focus) == ("", True)
        await typed(pilot, "secret")
        assert isinstance(pilot.app.screen, LibraryScreen)


async def test_an_unknown_name_gets_the_same_words(home: Home, open_app: OpenApp) -> None:
    await signed_out(home)
    async with open_app() as pilot:
        await typed(pilot, "[red]nobody", "x")
        assert "Wrong name or password" in seen(pilot.app)


async def test_after_ten_tries_the_seconds_to_wait_are_shown(home: Home, open_app: OpenApp) -> None:
    await signed_out(home)
    async with open_app() as pilot:
        await typed(pilot, "anna", "no")
        for _ in range(10):
            await typed(pilot, "no")
        assert "Too many tries. Wait" in seen(pilot.app)
        await typed(pilot, "secret")
        assert isinstance(pilot.app.screen, LoginScreen)


async def test_the_password_is_hidden_until_asked_for(home: Home, open_app: OpenApp) -> None:
    await signed_out(home)
    async with open_app() as pilot:
        await press(pilot, *"anna", "enter", *"secret")
        assert "secret" not in seen(pilot.app)
        await press(pilot, "ctrl+t")
        assert "secret" in seen(pilot.app)


async def test_the_servers_are_told_below(home: Home, open_app: OpenApp) -> None:
    await signed_out(home)
    async with open_app() as pilot:
        await until(lambda: "documents ok 1 ms    sessions ok 1 ms" in seen(pilot.app))
