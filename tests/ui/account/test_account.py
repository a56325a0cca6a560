"""Signing in, and the welcome of the first start."""

from __future__ import annotations

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from smtui.domain.account import Role
from smtui.domain.health import Condition, ServerHealth
from smtui.services.accounts import NewAccount
from smtui.ui.account import screen as login
from smtui.ui.account.screen import LoginScreen
from smtui.ui.library.screen import LibraryScreen
from tests.ui.screen_home import Home, OpenApp, line_with, press, seen, settle, until


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


async def test_where_others_can_reach_the_library_the_first_account_needs_a_password(
    home: Home, open_app: OpenApp
) -> None:
    home.guarded = False
    async with open_app() as pilot:
        assert "The first account is the administrator" in seen(pilot.app)
        await press(pilot, "enter", "enter")
        assert "The first account needs a password" in seen(pilot.app)
        assert pilot.app.screen.query_one("#password", Input).has_focus
        await typed(pilot, "secretly")
        assert isinstance(pilot.app.screen, LibraryScreen)
        (first,) = await home.kept.accounts.all()
        assert first.role is Role.ADMIN


async def signed_out(home: Home) -> None:
    await home.sign_up()
    (home.folder / "resume.json").unlink()


async def test_a_password_that_comes_in_one_burst_is_not_shown_in_the_name(
    home: Home, open_app: OpenApp
) -> None:
    await signed_out(home)
    async with open_app() as pilot:
        for key in ("a", "n", "n", "a", "tab", "s", "e", "c"):
            pilot.app.post_message(Key(key, key if len(key) == 1 else None))
        name = pilot.app.screen.query_one("#name", Input)
        password = pilot.app.screen.query_one("#password", Input)
        await until(lambda: len(name.value) + len(password.value) == 7)
        assert (name.value, password.value) == ("anna", "sec")


async def test_name_and_password_open_the_library(home: Home, open_app: OpenApp) -> None:
    await signed_out(home)
    async with open_app() as pilot:
        assert "e-mail or name" in seen(pilot.app)
        await typed(pilot, "anna", "secretly")
        assert isinstance(pilot.app.screen, LibraryScreen)
    assert (home.folder / "resume.json").exists()


async def test_without_staying_the_next_start_asks_again(home: Home, open_app: OpenApp) -> None:
    await signed_out(home)
    async with open_app() as pilot:
        await press(pilot, *"anna", "tab", *"secretly", "tab", "space", "shift+tab", "enter")
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
        await typed(pilot, "secretly")
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
        await typed(pilot, "secretly")
        assert isinstance(pilot.app.screen, LoginScreen)


async def test_the_password_is_hidden_until_asked_for(home: Home, open_app: OpenApp) -> None:
    await signed_out(home)
    async with open_app() as pilot:
        await press(pilot, *"anna", "enter", *"secretly")
        assert "secretly" not in seen(pilot.app)
        await press(pilot, "ctrl+t")
        assert "secretly" in seen(pilot.app)


async def test_the_servers_are_told_below(home: Home, open_app: OpenApp) -> None:
    await signed_out(home)
    async with open_app() as pilot:
        await until(lambda: "documents ok 1 ms    sessions ok 1 ms" in seen(pilot.app))


async def one_time_code(home: Home) -> str:
    """What an admin hands to who has forgotten the password."""
    await signed_out(home)
    async with home.open_services() as services:
        return (await services.accounts.code("anna")).text


async def test_a_one_time_code_leads_to_a_new_password(home: Home, open_app: OpenApp) -> None:
    code = await one_time_code(home)
    async with open_app() as pilot:
        await typed(pilot, "anna", code)
        await until(lambda: "The code is right. Choose a new password." in seen(pilot.app))
        assert "e-mail or name" not in seen(pilot.app)
        await typed(pilot, "better", "bettor")
        assert "The passwords do not match" in seen(pilot.app)
        await typed(pilot, "better")
        assert isinstance(pilot.app.screen, LibraryScreen)
    (home.folder / "resume.json").unlink()
    async with open_app() as pilot:
        await typed(pilot, "anna", code)
        assert "Wrong name or password" in seen(pilot.app)
        await typed(pilot, "better")
        assert isinstance(pilot.app.screen, LibraryScreen)


async def test_esc_goes_back_from_the_new_password_and_the_code_stays_good(
    home: Home, open_app: OpenApp
) -> None:
    code = await one_time_code(home)
    async with open_app() as pilot:
        await typed(pilot, "anna", code)
        await until(lambda: "again" in seen(pilot.app))
        await press(pilot, *"better", "escape")
        assert "e-mail or name" in seen(pilot.app)
        assert "again" not in seen(pilot.app)
        await typed(pilot, code)
        await typed(pilot, "better", "better")
        assert isinstance(pilot.app.screen, LibraryScreen)


async def test_a_code_that_somebody_spent_meanwhile_asks_for_the_password_again(
    home: Home, open_app: OpenApp
) -> None:
    code = await one_time_code(home)
    async with open_app() as pilot:
        await typed(pilot, "anna", code)
        await until(lambda: "again" in seen(pilot.app))
        assert home.services is not None
        await home.services.accounts.sessions.spend_code("anna", code, "theirs", address="10.0.0.1")
        await typed(pilot, "better", "better")
        assert "Wrong name or code" in seen(pilot.app)
        assert "e-mail or name" in seen(pilot.app)
        assert pilot.app.screen.query_one("#password", Input).has_focus


async def test_a_new_password_that_cannot_be_used_is_said_and_typed_again(
    home: Home, open_app: OpenApp
) -> None:
    code = await one_time_code(home)
    async with open_app() as pilot:
        await typed(pilot, "anna", code)
        await until(lambda: "again" in seen(pilot.app))
        for name in ("new", "again"):
            pilot.app.screen.query_one(f"#{name}", Input).value = "x" * 73
        await press(pilot, "tab", "enter")
        assert "72" in seen(pilot.app)
        assert pilot.app.screen.query_one("#new", Input).has_focus


OK = [
    ServerHealth(name=name, condition=Condition.OK, version=what, milliseconds=4.0, address="db:1")
    for name, what in (("documents", "MongoDB 7.0.0"), ("sessions", "Valkey 8.1"), ("index", "C 1"))
]
NO_WORKER = ServerHealth(
    name="workers",
    condition=Condition.NOT_STARTED,
    trouble="No worker is running",
    hint="Start one with `smtui worker`.",
)


async def test_all_servers_stand_in_one_line_of_80_columns(home: Home, open_app: OpenApp) -> None:
    await signed_out(home)
    home.healths = (*OK, NO_WORKER)
    async with open_app() as pilot:
        await until(lambda: "documents" in seen(pilot.app))
        words = " ".join(line_with(pilot.app, "documents").split())
        assert words == "documents ok 4 ms sessions ok 4 ms index ok 4 ms workers not started"


async def test_with_room_each_server_has_a_line_with_its_hint(
    home: Home, open_app: OpenApp
) -> None:
    await signed_out(home)
    home.healths = (*OK, NO_WORKER)
    async with open_app((120, 40)) as pilot:
        await until(lambda: "MongoDB 7.0.0" in seen(pilot.app))
        assert "4 ms" in line_with(pilot.app, "MongoDB 7.0.0  db:1")
        assert "Start one with `smtui worker`." in line_with(pilot.app, "No worker is running.")


async def test_a_broken_server_says_what_to_do_until_it_is_mended(
    home: Home, open_app: OpenApp
) -> None:
    await signed_out(home)
    broken = ServerHealth(
        name="sessions",
        condition=Condition.BROKEN,
        trouble="[b]The server cannot be reached\x1b",
        hint="Is it running?",
    )
    home.healths = (OK[0], broken)
    async with open_app() as pilot:
        await until(lambda: "sessions" in seen(pilot.app))
        assert "broken" in line_with(pilot.app, "sessions")
        assert "Is it running?" in line_with(pilot.app, r"[b]The server cannot be reached\x1b.")
        home.healths = (OK[0], OK[1])
        await until(lambda: "sessions ok" in seen(pilot.app))


async def test_a_library_that_was_empty_while_it_was_restored_is_signed_in_to_again(
    home: Home, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "_LOOK_SECONDS", 0.05)
    home.guarded = False
    async with open_app() as pilot:
        assert "The first account is the administrator" in seen(pilot.app)
        assert home.services is not None
        await home.services.accounts.add(NewAccount(username="anna", password="secretly"))
        await until(lambda: "The library has accounts again. Sign in." in seen(pilot.app))
        await typed(pilot, "anna", "secretly")
        assert isinstance(pilot.app.screen, LibraryScreen)
