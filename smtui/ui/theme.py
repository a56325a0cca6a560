"""How smtui looks on this terminal: the themes, and drawing with ASCII alone.

It stands alone as the only place in the program where a colour is written down: sheets in
`styles/` speak of `$tokens` alone, so a theme is all that a person need change. Borders in ASCII
are in `styles/base.tcss`, under `.-ascii`.
"""

from __future__ import annotations

from typing import ClassVar

from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.theme import Theme

DARK = Theme(
    name="smtui-dark",
    dark=True,
    background="#14171c",
    surface="#191d23",
    panel="#23272b",
    foreground="#cdd3da",
    primary="#7fb3c8",
    secondary="#a0a8b3",
    accent="#e0b872",
    success="#93b98a",
    warning="#d9a35f",
    error="#e29690",
    variables={
        "quiet": "#9fa6b0",
        "faint": "#9ba2ac",
        "text-disabled": "#9ba2ac",
        "row-cursor": "#2e343a",
        "row-marked": "#e0b872",
        "footer-key-foreground": "#7fb3c8",
        "footer-description-foreground": "#a0a8b3",
        "footer-background": "#14171c",
        "footer-item-background": "#14171c",
        "footer-key-background": "#14171c",
        "footer-description-background": "#14171c",
        "input-selection-background": "#7fb3c8 30%",
        "scrollbar": "#2b323c",
        "scrollbar-hover": "#3a434f",
        "scrollbar-active": "#7fb3c8",
        "scrollbar-background": "#14171c",
        "scrollbar-background-hover": "#14171c",
        "scrollbar-background-active": "#14171c",
        "border": "#6a7078",
        "border-blurred": "#63696f",
    },
)

LIGHT = Theme(
    name="smtui-light",
    dark=False,
    background="#f6f4ef",
    surface="#efece5",
    panel="#e6e3dc",
    foreground="#2c3138",
    primary="#1b5d75",
    secondary="#535a64",
    accent="#6b4a06",
    success="#35632e",
    warning="#6d4210",
    error="#962f2b",
    variables={
        "quiet": "#555a61",
        "faint": "#5c5f63",
        "text-disabled": "#5c5f63",
        "row-cursor": "#d5dde1",
        "row-marked": "#6b4a06",
        "footer-key-foreground": "#1b5d75",
        "footer-description-foreground": "#535a64",
        "footer-background": "#f6f4ef",
        "footer-item-background": "#f6f4ef",
        "footer-key-background": "#f6f4ef",
        "footer-description-background": "#f6f4ef",
        "input-selection-background": "#21667f 30%",
        "scrollbar": "#d5d0c4",
        "scrollbar-hover": "#c2bcae",
        "scrollbar-active": "#1b5d75",
        "scrollbar-background": "#f6f4ef",
        "scrollbar-background-hover": "#f6f4ef",
        "scrollbar-background-active": "#f6f4ef",
        "border": "#86837c",
        "border-blurred": "#8c8983",
    },
)

_TERMINAL = "ansi_default"

PLAIN = Theme(
    name="smtui-plain",
    ansi=True,
    background=_TERMINAL,
    surface=_TERMINAL,
    panel=_TERMINAL,
    boost=_TERMINAL,
    foreground=_TERMINAL,
    primary=_TERMINAL,
    secondary=_TERMINAL,
    accent="ansi_magenta",
    success=_TERMINAL,
    warning=_TERMINAL,
    error=_TERMINAL,
    variables={
        "ansi-background": _TERMINAL,
        "ansi-foreground": _TERMINAL,
        "quiet": _TERMINAL,
        "faint": _TERMINAL,
        "row-cursor": _TERMINAL,
        "row-marked": _TERMINAL,
        "text-muted": _TERMINAL,
        "text-disabled": _TERMINAL,
        "foreground-muted": _TERMINAL,
        "block-cursor-background": _TERMINAL,
        "block-cursor-text-style": "reverse",
        "block-cursor-blurred-text-style": "reverse",
        "footer-key-foreground": _TERMINAL,
        "input-selection-background": _TERMINAL,
        "screen-selection-background": _TERMINAL,
        "screen-selection-foreground": _TERMINAL,
        "scrollbar": _TERMINAL,
        "scrollbar-hover": _TERMINAL,
        "scrollbar-active": _TERMINAL,
        "scrollbar-background": _TERMINAL,
        "scrollbar-background-hover": _TERMINAL,
        "scrollbar-background-active": _TERMINAL,
        "border": _TERMINAL,
        "border-blurred": _TERMINAL,
    },
)
"""The terminal's own two colours, which are legible whatever they are; the sheets add weight.

Sixteen colours are whatever a person's palette makes of them, and many a pair of them is one.
"""

THEMES = (DARK, LIGHT, PLAIN)


_ARROWS = str.maketrans({"↑": "up", "↓": "down", "←": "left", "→": "right"})


class WholeCells(ScrollBarRender):
    """A scrollbar that ends between two cells, and so needs no blocks of an eighth."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


def choose_scrollbars(*, ascii_alone: bool) -> None:
    """Set how the scrollbars of every screen are drawn: Textual keeps this in one place."""
    ScrollBar.renderer = WholeCells if ascii_alone else ScrollBarRender


def key_name(shown: str) -> str:
    """Name a key without the arrows that Textual draws for it."""
    return shown.translate(_ARROWS)
