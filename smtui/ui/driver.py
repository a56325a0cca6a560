"""The line to the terminal: Textual's, which also gives a title and leaves nothing behind."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from smtui.ui.changed_cells import ShownCells

# Those without a title of their own would show the sequence, or keep ours for ever.
_UNTITLED = ("linux", "dumb", "vt", "screen")
_PUSH, _POP = "\x1b[22;2t", "\x1b[23;2t"
_CLEAR = "\x1b[H\x1b[J"
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

    def start_application_mode(self) -> None:
        """Take the terminal; also after a suspension."""
        self.shown.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None and (words := self._title):
            self.write(f"{_PUSH}\x1b]2;{words}\x07")

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
