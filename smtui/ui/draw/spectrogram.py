"""A spectrogram as half blocks in colour, or as characters of different darkness.

From level to colour leads a path through OKLab (Björn Ottosson, 2020), where equal steps look
equal: from night blue by violet and orange to pale yellow, lightness rises in even steps while the
hue turns. So it reads right in black and white and for people who do not tell red from green.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from smtui.domain.picture import Picture
from smtui.ui.draw.cells import Depth, Ink, Row, Run, merged

Lab = tuple[float, float, float]

LEVELS = 256
FEW_LEVELS = 32

# Chroma and hue (degrees) at even distances along the path.
_PATH = ((0.03, 270.0), (0.12, 285.0), (0.17, 325.0), (0.18, 20.0), (0.16, 60.0), (0.11, 100.0))
_DARKEST, _LIGHTEST = 0.13, 0.95
# The sixteen colours of a terminal that grow lighter along the same path: black, blue, magenta,
# bright red, bright yellow, bright white.
_SIXTEEN = (0, 4, 5, 9, 11, 15)
# Of the 256 colours those nearest to the path of which none is darker than the one before it, nor
# to people who do not tell red from green or blue from yellow; tests/ui/draw/few_colours.py has the
# search. The nearest to each point alone get darker at three steps; a colour of its own for each
# level could be had only by hues that jump to and fro.
_FEW = (
    *(232, 232, 233, 233, 17, 17, 17, 53, 54, 54, 54, 90, 90, 90, 126, 126),
    *(132, 132, 167, 167, 167, 203, 209, 209, 209, 215, 215, 215, 221, 222, 222, 229),
)


@cache
def colours(depth: Depth) -> tuple[int, ...]:
    """For each of 256 levels the colour: 0xRRGGBB in true colour, else the palette's number."""
    if depth is Depth.TRUE:
        return tuple(_packed(_rgb(lab)) for lab in path(LEVELS))
    if depth is Depth.LEVELS:
        return tuple(_FEW[level * FEW_LEVELS // LEVELS] for level in range(LEVELS))
    return tuple(_SIXTEEN[level * len(_SIXTEEN) // LEVELS] for level in range(LEVELS))


def path(count: int) -> list[Lab]:
    """Return so many points along the map, at even distances."""
    corners = [
        (chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue)))
        for chroma, hue in _PATH
    ]
    steps = len(corners) - 1
    out = []
    for index in range(count):
        place = index / (count - 1)
        corner = min(int(place * steps), steps - 1)
        part = place * steps - corner
        (a0, b0), (a1, b1) = corners[corner], corners[corner + 1]
        lightness = _DARKEST + (_LIGHTEST - _DARKEST) * place
        out.append((lightness, a0 + (a1 - a0) * part, b0 + (b1 - b0) * part))
    return out


def _rgb(lab: Lab) -> tuple[int, int, int]:
    """To sRGB; what lies outside of it loses chroma, not lightness."""
    lightness, a, b = lab
    for tenth in range(10, -1, -1):
        linear = _linear(lightness, a * tenth / 10, b * tenth / 10)
        if all(-1e-3 <= value <= 1.001 for value in linear):
            break
    red, green, blue = (_encoded(min(max(value, 0.0), 1.0)) for value in linear)
    return red, green, blue


def _linear(lightness: float, a: float, b: float) -> Lab:
    """OKLab to linear sRGB."""
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _encoded(value: float) -> int:
    """Linear light to 8-bit sRGB (IEC 61966-2-1)."""
    value = 12.92 * value if value <= 0.0031308 else 1.055 * math.exp(math.log(value) / 2.4) - 0.055
    return round(255 * value)


def _packed(rgb: tuple[int, int, int]) -> int:
    return rgb[0] << 16 | rgb[1] << 8 | rgb[2]


UPPER = "▀"
SHADES = " .:-=+*#%@"

# What one picture may cost on a thin line; the rest of a full screen is some 10 kB.
_THIN_BYTES = 60_000


def spectrogram(picture: Picture, ink: Ink) -> tuple[Row, ...]:
    """Rows of cells, top first: two picture elements to a cell in colour, one in shades."""
    lines = [
        picture.levels[top : top + picture.width]
        for top in range(0, len(picture.levels), picture.width)
    ]
    if ink.shades:
        return tuple((Run(_shaded(line)),) for line in lines)
    if len(lines) % 2:
        lines.append(bytes(picture.width))
    pairs = list(zip(lines[::2], lines[1::2], strict=True))
    if ink.depth is Depth.LEVELS:
        return _thinned(pairs)
    table = colours(ink.depth)
    return tuple(
        merged(_cell(table[a], table[b]) for a, b in zip(upper, lower, strict=True))
        for upper, lower in pairs
    )


def _shaded(line: bytes) -> str:
    return "".join(SHADES[level * len(SHADES) // LEVELS] for level in line)


def _cell(upper: int, lower: int) -> Run:
    """One colour needs no character, so that cells of any two equal pairs merge."""
    return Run(" ", back=lower) if upper == lower else Run(UPPER, front=upper, back=lower)


def _thinned(pairs: Sequence[tuple[bytes, bytes]]) -> tuple[Row, ...]:
    """Rows for a thin line, as fine as the line can bear."""
    for steps in (1, 2, 3, 4, 6, 8, 12):
        rows = tuple(_thin(upper, lower, steps * LEVELS // FEW_LEVELS) for upper, lower in pairs)
        if sum(map(_size, rows)) <= _THIN_BYTES:
            break
    return rows


def _size(row: Row) -> int:
    """Bytes that a terminal is sent for a row: changes of colour, then characters."""
    return sum(16 + len(run.text) if run.text[0] == " " else 24 + 3 * len(run.text) for run in row)


def _thin(upper: bytes, lower: bytes, step: int) -> Row:
    """A row in which a cell that hardly differs from the run before joins it."""
    table = colours(Depth.LEVELS)
    runs: list[Run] = []
    held_upper = held_lower = -LEVELS
    for a, b in zip(upper, lower, strict=True):
        if abs(a - held_upper) > step or abs(b - held_lower) > step:
            held_upper, held_lower = a, b
            # Elements that are all but equal look better as one than as two.
            if abs(a - b) < step:
                held_upper = held_lower = (a + b) // 2
        runs.append(_cell(table[held_upper], table[held_lower]))
    return merged(runs)
