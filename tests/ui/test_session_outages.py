"""The server of the sessions goes away under open screens, and comes back."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator

import pytest

from smtui.ui.account.screen import LoginScreen
from smtui.ui.library.screen import LibraryScreen
from tests.servers.valkey_server import ValkeyServer, running
from tests.ui.screen_home import Home, OpenApp, Sound, press, seen, settle, until


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """One that a test may kill."""
    with running() as server:
        yield server


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_server_that_does_not_answer_signs_nobody_out(
    home: Home, open_app: OpenApp, caplog: pytest.LogCaptureFixture, how: signal.Signals
) -> None:
    await home.sign_up("anna", "secretly")
    await home.add(Sound(name="kick.wav"))
    async with open_app() as pilot:
        app = pilot.app
        with caplog.at_level(logging.WARNING):
            home.valkey.send(how)
            await until(lambda: "session:" in caplog.text)
        assert isinstance(app.screen, LibraryScreen)
        # Nobody should find out by a listening that never begins.
        await until(lambda: "You can go on; sign-ins and analysis wait." in seen(app))
        await press(pilot, "t")
        await press(pilot, *"dusty", "enter")
        await settle(app)
        assert (await home.kept.samples.get([home.files["kick.wav"]]))[0].tags == ("dusty",)
        assert isinstance(app.screen, LibraryScreen)
        if how is signal.SIGKILL:
            home.valkey.kill()
            home.valkey.start()
        else:
            home.valkey.send(signal.SIGCONT)
        # It knows the session still, and an end of it is seen again.
        assert home.services is not None
        assert await home.services.accounts.sessions.end_sessions("anna") == 1
        await until(lambda: isinstance(app.screen, LoginScreen))
        await until(lambda: "Your session was ended." in seen(app))


async def test_who_starts_while_the_sessions_are_away_goes_on_when_they_are_back(
    home: Home, open_app: OpenApp
) -> None:
    await home.sign_up("anna", "secretly")
    home.valkey.kill()
    async with open_app() as pilot:
        app = pilot.app
        await until(lambda: isinstance(app.screen, LoginScreen))
        await until(lambda: "cannot be reached" in seen(app))
        home.valkey.start()
        await until(lambda: isinstance(app.screen, LibraryScreen))
        await until(lambda: "Library" in seen(app) and "anna" in seen(app))
