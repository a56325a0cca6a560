"""What is drawn: rows of runs, a run being cells of one look; and runs as escape sequences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

PLAIN = -1
"""The colour of the text around."""
MARKED = -2
"""The colour that this place uses to point at something."""


class Depth(IntEnum):
    """How many colours there are to draw with."""

    NONE = 2
    SIXTEEN = 16
    LEVELS = 256
    TRUE = 16_777_216


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """What a terminal can show.

    Attributes:
        depth: colours; LEVELS draws 32 levels in 15 of 256 colours.
        ascii: no character beyond ASCII, so pictures are shades without colour.
    """

    depth: Depth = Depth.TRUE
    ascii: bool = False

    @property
    def shades(self) -> bool:
        """Pictures are made of characters of different darkness."""
        return self.ascii or self.depth is Depth.NONE

    @property
    def elements(self) -> int:
        """Picture elements that one cell holds, one above the other."""
        return 1 if self.shades else 2


class Run(NamedTuple):
    """Cells beside each other that look alike.

    `front` and `back` are 0xRRGGBB in true colour, else a number of the terminal's palette;
    PLAIN and MARKED leave them to whoever shows the run.
    """

    text: str
    front: int = PLAIN
    back: int = PLAIN
    inverse: bool = False


Row = tuple[Run, ...]


def merged(runs: Iterable[Run]) -> Row:
    """Put neighbours of one look together."""
    out: list[Run] = []
    for run in runs:
        if out and out[-1][1:] == run[1:]:
            out[-1] = out[-1]._replace(text=out[-1].text + run.text)
        elif run.text:
            out.append(run)
    return tuple(out)


def depth_of(colours: int) -> Depth:
    """Return what a terminal with so many colours is drawn with."""
    return max((depth for depth in Depth if depth <= colours), default=Depth.NONE)


def escaped(row: Sequence[Run], depth: Depth) -> str:
    """Return a row for a terminal; without colours it is plain text."""
    if depth is Depth.NONE:
        return "".join(run.text for run in row)
    parts: list[str] = []
    before = ""
    for run in row:
        look = _look(run, depth)
        if look != before:
            parts.append(f"\x1b[{look}m" if not before or look else "\x1b[m")
            before = look
        parts.append(run.text)
    return "".join(parts) + ("\x1b[m" if before else "")


def _look(run: Run, depth: Depth) -> str:
    codes = [*_colour(run.front, depth, 30), *_colour(run.back, depth, 40)]
    return ";".join(["0", *codes] if codes else [])


def _colour(colour: int, depth: Depth, base: int) -> list[str]:
    if colour < 0:
        return []
    if depth is Depth.TRUE:
        red, green, blue = colour >> 16, colour >> 8 & 255, colour & 255
        return [f"{base + 8};2;{red};{green};{blue}"]
    if depth is Depth.LEVELS:
        return [f"{base + 8};5;{colour}"]
    return [str(base + colour if colour < 8 else base + 52 + colour)]
