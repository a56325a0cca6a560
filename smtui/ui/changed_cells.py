"""What is sent to the terminal: only the cells that it does not show already.

Textual sends every cell of each widget that was drawn again, changed or not, and ends the look of
each piece before it begins the next. A cursor that moves and rests cost 20 to 90 kB so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from rich.color import Color, ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import SGR_STYLES, Strip

# Going on over so many unchanged cells costs no more than moving the cursor past them.
_GAP = 8
# What every terminal draws in one cell: Latin, punctuation, arrows, lines and blocks, braille.
_ONE_CELL = re.compile(
    r"[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u25ff\u2800-\u28ff]*"
)
_RESET = "\x1b[0m"


class Look(NamedTuple):
    """How cells look, in codes of SGR; a front of None is one that cannot be seen."""

    attributes: str
    front: str | None
    back: str


# A character and its look; or a piece as it was written, and the column within it.
Cell = tuple[str, Look]
Shown = Cell | tuple[str, int] | None
Piece = tuple[int, int, Strip]

_PLAIN = Look("", "39", "49")
# What a reset, 0, has brought about.
_DEFAULTS = ("", "39", "49", None)


def _look(style: Style, colours: ColorSystem) -> Look:
    """Return the codes of a style.

    Put together anew each time: of its parts there are hundreds, of styles one for each pair of
    colours in a picture, and to remember these would take tens of MB over a day.
    """
    return Look(
        _attributes(style._attributes & style._set_attributes),
        _colour(style._color, colours, ahead=True),
        _colour(style._bgcolor, colours, ahead=False),
    )


@lru_cache(maxsize=256)
def _attributes(bits: int) -> str:
    return ";".join(code for place, code in enumerate(SGR_STYLES) if bits >> place & 1)


@lru_cache(maxsize=2048)
def _colour(colour: Color | None, colours: ColorSystem, *, ahead: bool) -> str:
    if colour is None:
        return "39" if ahead else "49"
    return ";".join(colour.downgrade(colours).get_ansi_codes(ahead))


def _unseen(look: Look) -> Look:
    """Return the look of a blank: what its letters would be coloured with does not matter."""
    return look if look.attributes else look._replace(front=None)


class Sent(CompositorUpdate):
    """An update that is written out already."""

    def __init__(self, written: str) -> None:
        self.written = written

    def render_segments(self, console: Console) -> str:
        """Return what is to be sent."""
        return self.written


class ShownCells:
    """What the terminal shows, cell for cell, and what has to be sent for it to show more."""

    def __init__(self) -> None:
        self._lines: list[list[Shown]] = []
        self._size = Size(0, 0)
        self._now = _PLAIN
        self._parts: list[str] = []

    def forget(self) -> None:
        """Believe nothing of what is shown: another program may have drawn on the terminal."""
        self._size = Size(0, 0)

    def sequence(self, update: LayoutUpdate | ChopsUpdate, size: Size, console: Console) -> str:
        """Return the sequence for what an update changes on a terminal of this size."""
        if size != self._size:
            self._size = size
            self._lines = [[None] * size.width for _ in range(size.height)]
        colours = console._color_system or ColorSystem.TRUECOLOR
        for x, y, strip in _pieces(update):
            if x < size.width and y < size.height:
                self._show(x, y, strip, colours)
        self._turn(_PLAIN)
        parts, self._parts = self._parts, []
        return "".join(parts)

    def _show(self, x: int, y: int, strip: Strip, colours: ColorSystem) -> None:
        line = self._lines[y]
        cells = _cells(strip, colours)
        if cells is None:
            self._show_whole(x, y, strip, colours)
            return
        cells = cells[: len(line) - x]
        end = x + len(cells)
        before = line[x:end]
        line[x:end] = cells
        changed = [place for place, cell in enumerate(cells) if cell != before[place]]
        for first, last in _stretches(changed):
            self._parts.append(f"\x1b[{y + 1};{x + first + 1}H")
            for text, look in cells[first : last + 1]:
                self._turn(look)
                self._parts.append(text)

    def _show_whole(self, x: int, y: int, strip: Strip, colours: ColorSystem) -> None:
        """Show a piece whose width terminals do not agree on, all of it or nothing.

        Where it ends, and so what it has written over, is then not known.
        """
        line = self._lines[y]
        written = "".join(
            text if style is None else Strip.render_style(style, text, colours)
            for text, style, _ in strip
        )
        room = min(strip.cell_length, len(line) - x)
        cells: list[Shown] = [(written, place) for place in range(room)]
        end = x + len(cells)
        if line[x:end] != cells:
            self._turn(_PLAIN)
            self._parts.append(f"\x1b[{y + 1};{x + 1}H{written}")
            line[x:end] = cells
            line[end:] = [None] * (len(line) - end)

    def _turn(self, look: Look) -> None:
        """Go on in another look, by as few codes as can be."""
        now = self._now
        if look.front is None:
            look = look._replace(front=now.front if look.attributes == now.attributes else "39")
        if look == now:
            return
        self._now = look
        if look == _PLAIN:
            self._parts.append(_RESET)
        elif look.attributes == now.attributes:
            pairs = ((look.front, now.front), (look.back, now.back))
            codes = ";".join(new for new, old in pairs if new is not None and new != old)
            self._parts.append(f"\x1b[{codes}m")
        else:
            codes = ";".join(code for code in ("0", *look) if code not in _DEFAULTS)
            self._parts.append(f"\x1b[{codes}m")


def _pieces(update: LayoutUpdate | ChopsUpdate) -> Iterator[Piece]:
    """Take an update apart, as it would write itself."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield x, y, strip
                x += strip.cell_length
        return
    for y, left, right in update.spans:
        for end, (x, piece) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if piece is not None and x < right and end > left:
                yield x, y, piece if end <= right else piece.crop(0, right - x)


def _cells(strip: Strip, colours: ColorSystem) -> list[Cell] | None:
    """Cut a piece into its cells; None where terminals do not agree on them."""
    cells: list[Cell] = []
    for text, style, _ in strip:
        if not _ONE_CELL.fullmatch(text) or (style is not None and style.link):
            return None
        look = _PLAIN if style is None else _look(style, colours)
        blank = _unseen(look) if " " in text else look
        cells += [(letter, blank if letter == " " else look) for letter in text]
    return cells


def _stretches(changed: list[int]) -> Iterator[tuple[int, int]]:
    """Put places that are near each other together."""
    if not changed:
        return
    first = changed[0]
    for before, place in pairwise(changed):
        if place - before > _GAP:
            yield first, before
            first = place
    yield first, changed[-1]
