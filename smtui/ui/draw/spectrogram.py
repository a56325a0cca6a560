"""A spectrogram as half blocks in colour, or as characters of different darkness."""

from __future__ import annotations

from collections.abc import Sequence

from smtui.domain.picture import Picture
from smtui.ui.draw.cells import Depth, Ink, Row, Run, merged
from smtui.ui.draw.colour_map import FEW_LEVELS, LEVELS, colours

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
