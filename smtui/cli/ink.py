"""What the terminal that a person sits at can show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from smtui.cli.terminfo import TRUE_COLOUR, colours_by_terminfo
from smtui.ui.draw.cells import Depth, Ink, depth_of

_DUMB = ("", "dumb", "unknown")
# Terminals that are newer than many a terminfo, which then knows nothing of them.
_WITH_256 = (
    "alacritty", "contour", "foot", "ghostty", "iterm", "kitty", "konsole", "mintty", "rio",
    "wezterm", "xterm-ghostty", "xterm-kitty",
)  # fmt: skip
_FEW = 16


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
