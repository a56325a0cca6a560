"""The first frame, failures at the start, defects, signals: the terminal is always given back."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from smtui.domain.errors import StoreTooNew, StoreUnreachable
from smtui.services.box import Services
from smtui.ui.app import SmtuiApp
from smtui.ui.library.screen import LibraryScreen
from smtui.ui.library.tag_editor import read_tags
from smtui.ui.options import Options
from tests.ui.screen_home import Home, OpenApp, seen, until


def failing(error: Exception) -> Callable[[], AbstractAsyncContextManager[Services]]:
    """Services that cannot be opened."""

    @asynccontextmanager
    async def opening() -> AsyncIterator[Services]:
        if error:
            raise error
        yield cast("Services", None)

    return opening


async def test_a_failure_at_the_start_is_a_sentence_with_a_hint() -> None:
    app = SmtuiApp(
        failing(StoreTooNew("A newer [smtui] wrote this library", hint="Update smtui.")), Options()
    )
    async with app.run_test():
        await until(lambda: "Update smtui." in seen(app))
        assert "A newer [smtui] wrote this library." in seen(app)
        assert "ctrl+q quits" in seen(app)


async def test_enter_tries_once_more_when_the_failure_is_mended(
    home: Home, open_app: OpenApp
) -> None:
    await home.sign_up()
    away = [StoreUnreachable("The library is away", hint="It comes back.")]

    @asynccontextmanager
    async def opening() -> AsyncIterator[Services]:
        if away:
            raise away.pop()
        async with home.open_services() as services:
            yield services

    app = SmtuiApp(opening, Options())
    async with app.run_test() as pilot:
        await until(lambda: "enter tries again" in seen(app))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, LibraryScreen))


async def test_a_defect_ends_with_one_sentence_and_status_70(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = SmtuiApp(failing(ZeroDivisionError()), Options(log=Path("/var/log/here.log")))
    with pytest.raises(ZeroDivisionError):
        async with app.run_test():
            await until(lambda: app._exception)
    assert app.return_code == 70
    told = " ".join(capsys.readouterr().err.split())
    assert "something went wrong inside smtui (ZeroDivisionError)" in told
    assert "The log says more: /var/log/here.log" in told
    assert "Traceback" not in told


async def test_a_write_is_finished_before_quitting(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    async with open_app() as pilot:
        assert isinstance(pilot.app.screen, LibraryScreen)
        assert home.services
        saved = pilot.app.screen.tags.save([], read_tags("house"))
        await pilot.app.action_quit()
        assert saved.is_finished


def test_tags_are_read_with_commas_between_and_a_minus_takes_away() -> None:
    change = read_tags("house, -dusty,  , -, lo fi")
    assert (change.add, change.remove) == (("house", "lo fi"), ("dusty",))


class Terminal:
    """smtui in a terminal of its own, in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.environment = os.environ | {
            "SMTUI_HOME": str(home),
            "TERM": "xterm-256color",
            "LINES": "24",
            "COLUMNS": "80",
            "LC_ALL": "C.UTF-8",
        }
        self.pid, self.line = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, [sys.executable, "-m", "smtui"], self.environment)
        self.text = b""

    def read_until(self, words: bytes, seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < end, self.text[-2000:]
            self._read()

    def _read(self) -> bool:
        ready, _, _ = select.select([self.line], [], [], 0.1)
        if not ready:
            return True
        try:
            came = os.read(self.line, 65_536)
        except OSError:
            return False
        self.text += came
        return bool(came)

    def status(self) -> int:
        """Read to the end and give the exit status."""
        while self._read():
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def end(self) -> None:
        command = [sys.executable, "-m", "smtui", "services", "stop"]
        subprocess.run(command, env=self.environment, check=False, capture_output=True)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.end()


GIVEN_BACK = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?1003l")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals_give_the_terminal_back(terminal: Terminal, number: int, status: int) -> None:
    terminal.read_until(b"opening")
    terminal.read_until(b"Welcome")
    os.kill(terminal.pid, number)
    assert terminal.status() == status
    assert all(code in terminal.text for code in GIVEN_BACK)


def test_a_line_that_drops_ends_the_screen(terminal: Terminal) -> None:
    terminal.read_until(b"Welcome")
    os.close(terminal.line)
    _, status = os.waitpid(terminal.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 129


def test_a_screen_whose_terminal_is_gone_without_a_signal_ends(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = os.environ | {"SMTUI_HOME": str(tmp_path), "TERM": "xterm-256color"}
    # A session of its own without a controlling terminal: the kernel tells it nothing.
    screen = subprocess.Popen(
        [sys.executable, "-m", "smtui"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    while b"elcome" not in seen:
        seen += os.read(ours, 65_536)
    os.close(ours)
    try:
        assert screen.wait(30) == 129
    finally:
        screen.kill()


def test_one_enter_and_the_library_is_there_and_ctrl_q_leaves(terminal: Terminal) -> None:
    terminal.read_until(b"not started")
    os.write(terminal.line, b"\r")
    terminal.read_until(b"The library is empty")
    os.write(terminal.line, b"\x11")
    assert terminal.status() == 0
    assert all(code in terminal.text for code in GIVEN_BACK)


def test_nothing_of_the_screen_stays_below_the_prompt_and_every_key_types_itself_again(
    terminal: Terminal,
) -> None:
    terminal.read_until(b"Welcome")
    os.kill(terminal.pid, signal.SIGTERM)
    terminal.status()
    # Without an alternate screen the table would be left; cleared first, all terminals are alike.
    assert terminal.text.index(b"\x1b[H\x1b[J") < terminal.text.index(b"\x1b[?1049l")
    # Kitty's keyboard protocol would outlive a line that drops.
    assert b"\x1b[>" not in terminal.text
    assert terminal.text.index(b"\x1b[22;2t\x1b]2;smtui") < terminal.text.index(b"\x1b[23;2t")
