"""Text in a table: a row of words, and a text in so many cells, whatever its script."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from smtui.domain.drawn_names import LEFT_TO_RIGHT, runs_left

_CUT = "~"


def fit_text(text: str, width: int, *, right: bool = False, ending: bool = False) -> str:
    """Cut or fill to exactly `width` cells; a cut shows as `~`, at the front of an `ending`."""
    if cell_len(text) > width:
        text = _end(text, width) if ending else _beginning(text, width)
    if not text.isascii() and runs_left(text):
        # Terminals that turn text round would take the next column along.
        text = text.rstrip(LEFT_TO_RIGHT) + LEFT_TO_RIGHT
    filling = " " * (width - cell_len(text))
    return filling + text if right else text + filling


def _beginning(text: str, width: int) -> str:
    return set_cell_size(text, max(0, width - 1)) + _CUT[: max(width, 0)]


def _end(text: str, width: int) -> str:
    while text and cell_len(text) > width - len(_CUT):
        text = text[1:]
    return f"{_CUT}{text}"[: max(width, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row: what it is about, its cells, and how it looks: plain, quiet, failed or going."""

    key: str
    cells: tuple[str, ...]
    look: str = ""
