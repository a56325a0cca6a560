"""The terminal that a person sits at: the one way to write to it, and what it can show.

Whatever its encoding lacks is written as an escape, wherever one writes.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from smtui.domain.text import shown
from smtui.ui.draw.cells import Depth, Ink, depth_of

TRUE_COLOUR = 16_777_216
_FEW = 16
_DUMB = ("", "dumb", "unknown")
# Terminals that are newer than many a terminfo, which then knows nothing of them.
_WITH_256 = (
    "alacritty", "contour", "foot", "ghostty", "iterm", "kitty", "konsole", "mintty", "rio",
    "wezterm", "xterm-ghostty", "xterm-kitty",
)  # fmt: skip


def out(text: str = "") -> None:
    """Write a line of text for people to standard output; control characters made visible."""
    write_line(sys.stdout, _inert(text))


def err(text: str = "") -> None:
    """Write a line of text for people to standard error; control characters made visible."""
    write_line(sys.stderr, _inert(text))


def write_line(stream: TextIO, line: str) -> None:
    """Write a line that is inert already, as drawn rows with their colours are."""
    stream.write(f"{_encodable(stream, line)}\n")


class ProgressLine:
    """One line of standard error that is written over and over while something goes on.

    Where that is no terminal, a new line is written every `plain_seconds`, the first one after
    `first_seconds`; None writes nothing there.
    """

    def __init__(self, *, plain_seconds: float | None = None, first_seconds: float = 0.0) -> None:
        self.terminal = sys.stderr.isatty()
        self._plain_seconds = plain_seconds
        self._next_at = time.monotonic() + first_seconds

    def show(self, words: str) -> None:
        """Write this in place of what stood there, cut where the terminal ends."""
        if self.terminal:
            # A late import: --help shows no progress.
            from rich.cells import set_cell_size

            line = set_cell_size(words, shutil.get_terminal_size().columns - 1).rstrip()
            sys.stderr.write(f"\r{_encodable(sys.stderr, line)}\x1b[K")
            sys.stderr.flush()
        elif self._plain_seconds is not None and time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + self._plain_seconds
            err(words)

    def leave(self) -> None:
        """Free the line for what comes next."""
        if self.terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def progress_bar(done: int, of: int, cells: int) -> str:
    """Draw how many are done of so many, `cells` wide between its brackets."""
    full = cells * done // max(1, of)
    return f"[{'#' * full}{'-' * (cells - full)}]"


def _inert(text: str) -> str:
    return "\n".join(map(shown, text.split("\n")))


def _encodable(stream: TextIO, text: str) -> str:
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, errors="backslashreplace").decode(encoding)


def colours_by_terminfo(terminal: str) -> int | None:
    """Return how many colours terminfo gives a terminal, 2 for none; None where it is unknown.

    curses keeps the first terminal it was asked about, so a process can ask about one alone.
    """
    # A late import: only a terminal whose name says nothing is looked up.
    import curses

    try:
        curses.setupterm(terminal, 1)
    except curses.error:
        return None
    if curses.tigetflag("RGB") == 1 or curses.tigetflag("Tc") == 1:
        return TRUE_COLOUR
    colours = curses.tigetnum("colors")
    # Of those with eight the bright ones are had by bold, and nearly all have them as such.
    return max(colours, _FEW) if colours >= _FEW // 2 else 2


def ink_of(stream: TextIO, environment: Mapping[str, str]) -> Ink:
    """Choose colours and characters; a pipe and NO_COLOR get no colours."""
    utf8 = locale_is_utf8(environment) and "utf" in (stream.encoding or "").lower()
    depth = depth_of(colours_of(environment)) if stream.isatty() else Depth.NONE
    return Ink(depth=depth, ascii=not utf8)


def dumb(environment: Mapping[str, str]) -> bool:
    """True if the terminal cannot move its cursor: a shell in an editor, a log."""
    return environment.get("TERM", "") in _DUMB


def colours_of(
    environment: Mapping[str, str],
    terminfo: Callable[[str], int | None] = colours_by_terminfo,
) -> int:
    """Return how many colours a terminal shows, 2 for none, from what it says of itself."""
    terminal = environment.get("TERM", "")
    if environment.get("NO_COLOR") or dumb(environment):
        return 2
    if not _in_screen(environment) and _says_true_colour(environment):
        return TRUE_COLOUR
    if terminal.endswith("-direct"):
        return TRUE_COLOUR
    if "256" in terminal:
        return 256
    known = terminfo(terminal)
    if known is None:
        return 256 if terminal.startswith(_WITH_256) else _FEW
    # An old terminfo has eight colours for what has long had more.
    return max(known, 256) if terminal.startswith(_WITH_256) else known


def _says_true_colour(environment: Mapping[str, str]) -> bool:
    return environment.get("COLORTERM", "").lower() in ("truecolor", "24bit")


def _in_screen(environment: Mapping[str, str]) -> bool:
    """True in GNU screen, which hands COLORTERM on and reads true colours as attributes."""
    if "TMUX" in environment:
        return False
    return "STY" in environment or environment.get("TERM", "").startswith("screen")


def only_ascii(environment: Mapping[str, str]) -> bool:
    """True where no character beyond ASCII is safe.

    The fonts of the Linux console lack the half blocks that pictures are made of.
    """
    return environment.get("TERM", "") == "linux" or not locale_is_utf8(environment)


def locale_is_utf8(environment: Mapping[str, str]) -> bool:
    """Look at the locale that the person set; Python itself takes `C` for UTF-8 (PEP 538)."""
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    given = _given(environment)
    locale = next((value for name in names if (value := given.get(name))), "")
    return "utf" in locale.lower()


def _given(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment as it was before Python changed LC_CTYPE, where the system tells it."""
    if environment.get("LC_CTYPE", "").upper() not in ("C.UTF-8", "C.UTF8", "UTF-8"):
        return environment
    try:
        raw = Path("/proc/self/environ").read_bytes()
    except OSError:
        return environment
    pairs = (entry.partition(b"=") for entry in raw.split(b"\0"))
    return {
        name.decode(errors="replace"): value.decode(errors="replace") for name, _, value in pairs
    }
