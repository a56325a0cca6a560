"""What is typed is taken without looking for it, and an escape is told from a longer sequence."""

from __future__ import annotations

import os
import pty
import signal
import termios
import threading
from collections.abc import AsyncIterator

import pytest
from textual.app import App
from textual.events import Key
from textual.message import Message

from smtui.ui.driver import TitledDriver
from tests.ui.screen_home import until

_SIGNALS = (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)


class Typed(TitledDriver):
    """A driver on a terminal of its own that keeps what was typed."""

    def __init__(self, line: int) -> None:
        super().__init__(App[None]())
        self.fileno = line
        self.keys: list[str] = []

    def process_message(self, message: Message) -> None:
        if isinstance(message, Key):
            self.keys.append(message.key)

    def begin(self) -> threading.Thread:
        self._key_thread = threading.Thread(target=self._run_input_thread, daemon=True)
        self._key_thread.start()
        return self._key_thread


@pytest.fixture
async def terminal() -> AsyncIterator[tuple[int, Typed]]:
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    ours, theirs = pty.openpty()
    settings = termios.tcgetattr(theirs)
    settings[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(theirs, termios.TCSANOW, settings)
    driver = Typed(theirs)
    driver._disable_mouse_support = lambda: None  # type: ignore[method-assign]
    yield ours, driver
    driver.disable_input()
    for number, handler in before.items():
        signal.signal(number, handler)


async def test_escape_alone_is_a_key_and_an_arrow_is_one_too(
    terminal: tuple[int, Typed],
) -> None:
    line, driver = terminal
    driver.begin()
    os.write(line, b"j\x1b")
    await until(lambda: driver.keys == ["j", "escape"])
    os.write(line, b"\x1b[A\xffk")
    await until(lambda: driver.keys[2:3] == ["up"] and driver.keys[-1] == "k")


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        (b"\x1bj", ["escape", "j"]),
        (b"\x1bG", ["escape", "G"]),
        (b"\x1b/", ["escape", "slash"]),
        (b"\x1bjk", ["escape", "j", "k"]),
    ],
)
async def test_an_escape_in_one_packet_with_what_was_typed_after_it_is_a_key_of_its_own(
    terminal: tuple[int, Typed], sent: bytes, keys: list[str]
) -> None:
    line, driver = terminal
    driver.begin()
    os.write(line, sent)
    await until(lambda: driver.keys == keys)


async def test_who_chose_a_key_with_alt_has_it(terminal: tuple[int, Typed]) -> None:
    line, driver = terminal
    driver._app.set_keymap({"library.scan": "alt+j"})
    driver.begin()
    os.write(line, b"\x1bj")
    await until(lambda: driver.keys == ["alt+j"])


async def test_the_thread_ends_when_it_is_told_to_and_can_begin_again(
    terminal: tuple[int, Typed],
) -> None:
    line, driver = terminal
    first = driver.begin()
    driver.disable_input()
    assert not first.is_alive()
    driver.begin()
    os.write(line, b"x")
    await until(lambda: driver.keys == ["x"])


async def test_the_thread_ends_where_the_terminal_has_gone(terminal: tuple[int, Typed]) -> None:
    line, driver = terminal
    thread = driver.begin()
    os.close(line)
    await until(lambda: not thread.is_alive())
