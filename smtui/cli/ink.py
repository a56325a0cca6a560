"""What the terminal that a command writes to can show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from smtui.ui.draw.cells import Depth, Ink

_DUMB = ("", "dumb", "unknown")


def ink_of(stream: TextIO, environment: Mapping[str, str]) -> Ink:
    """Choose colours and characters; a pipe and NO_COLOR get no colours."""
    utf8 = locale_is_utf8(environment) and "utf" in (stream.encoding or "").lower()
    return Ink(depth=_depth(stream, environment), ascii=not utf8)


def _depth(stream: TextIO, environment: Mapping[str, str]) -> Depth:
    terminal = environment.get("TERM", "")
    if not stream.isatty() or environment.get("NO_COLOR") or terminal in _DUMB:
        return Depth.NONE
    full = environment.get("COLORTERM", "").lower() in ("truecolor", "24bit")
    if full or terminal.endswith("-direct"):
        return Depth.TRUE
    return Depth.LEVELS if "256" in terminal else Depth.SIXTEEN


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
