"""The line to the terminal: Textual's, which also gives a title, leaves nothing behind, and ends.

It stands apart from the app because it runs in Textual's own thread.
"""

from __future__ import annotations

import os
import select
import selectors
import socket
import sys
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from threading import current_thread
from typing import Any

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key

from smtui.ui.changed_cells import ShownCells

# Those without a title of their own would show the sequence, or keep ours for ever.
_UNTITLED = ("linux", "dumb", "vt", "screen")
_PUSH, _POP = "\x1b[22;2t", "\x1b[23;2t"
_CLEAR = "\x1b[H\x1b[J"
_ESCAPE_SECONDS = 0.1
_AT_ONCE = 4_096
_NO_MOUSE_PIXELS = "\x1b[?1016l"


def title(environment: Mapping[str, str], host: str) -> str:
    """Return what the terminal's tab is to say, or nothing where it has no title to restore.

    GNU screen takes a title and cannot give the old one back; tmux, which also calls itself
    `screen` or did so, can.
    """
    terminal = environment.get("TERM", "")
    if terminal.startswith(_UNTITLED) and "TMUX" not in environment:
        return ""
    return f"smtui — {host}" if host.isprintable() else "smtui"


class _Parser(XTermParser):
    """Textual's, for which an escape and the letter after it are two keys.

    Both come in one packet over a slow line, where no terminal can tell them from alt with that
    letter; `alt` keeps that, for who chose such a key.
    """

    def __init__(self, *, alt: bool, debug: bool = False) -> None:
        super().__init__(debug)
        self._alt = alt

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:  # noqa: FBT001, FBT002 — Textual calls it
        if alt and not self._alt:
            yield Key("escape", "\x1b")
        yield from super()._sequence_to_key_events(sequence, alt=alt and self._alt)


class TitledDriver(LinuxDriver):
    """Names the window while smtui has it, and clears the screen before it goes.

    Attributes:
        shown: what the terminal shows now.
    """

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.shown = ShownCells()
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)

    def start_application_mode(self) -> None:
        """Take the terminal; also after a suspension."""
        self.shown.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None and (words := self._title):
            self.write(f"{_PUSH}\x1b]2;{words}\x07")

    def run_input_thread(self) -> None:
        """Take what is typed, and sleep until there is something.

        Textual's own looks ten times a second whether it is to end, and goes round and round once
        the terminal has gone.
        """
        chosen = self._app._keymap.values()
        parser = _Parser(alt=any("alt+" in keys for keys in chosen), debug=self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            selector.register(self.fileno, selectors.EVENT_READ)
            # A signal to go on (CONT) that no stop came before starts another such thread.
            while not self.exit_event.is_set() and self._key_thread is current_thread():
                # An escape may be the beginning of a longer sequence, or a key of its own.
                waiting = parser._timeout_time is not None
                for ready, _ in selector.select(_ESCAPE_SECONDS if waiting else None):
                    if ready.fd == self.fileno and not self._take(parser, decode):
                        return
                for event in parser.tick():
                    self.process_message(event)

    def _take(self, parser: XTermParser, decode: Callable[[bytes], str]) -> bool:
        """Take what has been typed; False where the terminal has gone."""
        try:
            came = os.read(self.fileno, _AT_ONCE)
        except OSError:
            return False
        for event in parser.feed(decode(came)) if came else ():
            self.process_message(event)
        return bool(came)

    def disable_input(self) -> None:
        """End the thread that takes what is typed."""
        os.write(self._wake, b".")
        super().disable_input()
        with suppress(BlockingIOError):
            os.read(self._woken, _AT_ONCE)

    def stop_application_mode(self) -> None:
        """Give the terminal back.

        Where there is no alternate screen (GNU screen as delivered, the Linux console), what was
        drawn would stay below the prompt.
        """
        if self._writer_thread is not None:
            self.write(_CLEAR + _NO_MOUSE_PIXELS + (_POP if self._title else ""))
        super().stop_application_mode()

    @property
    def _title(self) -> str:
        return title(os.environ, socket.gethostname().partition(".")[0])


def hung_up() -> bool:
    """True if the other side of the terminal has closed it."""
    look = select.poll()
    look.register(sys.__stdin__ or 0, 0)
    return any(seen & (select.POLLHUP | select.POLLERR) for _, seen in look.poll(0))
