"""Drawing with ASCII alone: scrollbars in whole cells, keys by their names.

Borders are in `styles/base.tcss`, under `.-ascii`.
"""

from __future__ import annotations

from typing import ClassVar

from textual.scrollbar import ScrollBar, ScrollBarRender

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
