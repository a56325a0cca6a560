"""How a line of the table of hits looks: sign, rank, score, a bar an aspect, the sound's cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style

from smtui.domain.drawn_names import drawn
from smtui.domain.findings import SURE
from smtui.domain.likeness import ASPECTS, Likeness
from smtui.domain.question import Field
from smtui.domain.sample import FileId, Sample
from smtui.domain.search import Seed
from smtui.ui.draw.bars import bar
from smtui.ui.draw.table_text import fit_text
from smtui.ui.widgets.columns import COLUMNS, NONE, Cell, Column

NARROW = 11
"""Cells before the first column where no bars are drawn."""
WIDE = NARROW + 4 * 4 + 1

_BAR = 3
_GAP = "  "
# Marks and loudness have no place here; a folder tells packs apart where there is room.
_LEFT_OUT = (Field.TAGS, Field.LOUDNESS)
HIT_COLUMNS = tuple(column for column in COLUMNS if column.field not in _LEFT_OUT)
_QUIET = (Field.FOLDER,)


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRow:
    """A row: a hit with its rank, or a sound that hits should be like or unlike.

    Attributes:
        sign: `+` or `-` where it is a sound to be like or unlike.
        sample: None until it is read, and for a file from outside.
    """

    name: str
    seed: Seed | None = None
    sign: str = ""
    rank: int | None = None
    score: float | None = None
    likeness: Likeness | None = None
    file_id: FileId | None = None
    sample: Sample | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The styles of the sheet; all but `base` are laid over another."""

    base: Style
    head: Style
    chosen: Style
    seed: Style
    cursor: Style
    more: Style
    less: Style
    score: Style
    bar: Style
    failed: Style
    quiet: Style
    unsure: Style
    faint: Style


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How all lines of a table are drawn.

    Attributes:
        bars: there is a bar for each aspect.
        aspect: the one that keys move now, or empty.
    """

    columns: tuple[tuple[Column, int], ...]
    looks: Looks
    bars: bool
    aspect: str
    ascii: bool


def head(manner: Manner) -> list[Segment]:
    """Draw the titles of the columns; the aspect that keys move stands out."""
    looks = manner.looks
    base = looks.base + looks.head
    segments = [Segment("     All ", base)]
    if manner.bars:
        for aspect in ASPECTS:
            style = base + looks.chosen if aspect == manner.aspect else base
            segments += [Segment(aspect[:_BAR].title(), style), Segment(" ", base)]
        segments.append(Segment(" ", base))
    segments.append(Segment(_GAP, base))
    for column, width in manner.columns:
        segments.append(Segment(fit_text(column.title, width, right=column.right), base))
        segments.append(Segment(_GAP, base))
    return segments


def seed_line(row: HitRow, manner: Manner) -> list[Segment]:
    """Draw the seed under the titles, so that every column compares with it."""
    base = manner.looks.base + manner.looks.seed
    words = fit_text("  seed", WIDE if manner.bars else NARROW)
    return [Segment(words, base), *_cells(row, manner, base)]


def line(row: HitRow, manner: Manner, *, cursor: bool) -> list[Segment]:
    """Draw a row."""
    looks = manner.looks
    base = looks.base + looks.cursor if cursor else looks.base
    signed = {"+": looks.more, "-": looks.less}.get(row.sign, Style.null())
    rank = "" if row.rank is None else str(row.rank)
    score = "" if row.score is None else f"{100 * max(row.score, 0.0):.0f}"
    segments = [
        Segment(">" if cursor else " ", base),
        Segment(row.sign or " ", base + signed),
        Segment(f"{rank:>2} ", base + looks.quiet),
        Segment(f"{score:>3} ", base + looks.score),
    ]
    if manner.bars:
        for share in _shares(row.likeness):
            text = " " * _BAR if share is None else bar(share, cells=_BAR, ascii_alone=manner.ascii)
            dash = text.strip() in ("", NONE)
            segments.append(Segment(f"{text} ", base + (looks.faint if dash else looks.bar)))
        segments.append(Segment(" ", base))
    segments.append(Segment(_GAP, base))
    return [*segments, *_cells(row, manner, base)]


def _shares(likeness: Likeness | None) -> Sequence[float | None]:
    """How full each bar is; what says nothing is no bar, None where there are none at all."""
    if likeness is None:
        return (None,) * len(ASPECTS)
    return tuple(one or 0.0 for one in likeness.telling)


def _cells(row: HitRow, manner: Manner, base: Style) -> list[Segment]:
    looks, sample = manner.looks, row.sample
    segments = []
    for column, width in manner.columns:
        if sample is not None:
            cell = column.cell(sample)
            style = base + _style(cell, sample, column, looks)
        else:
            cell = Cell(text=drawn(row.name) if column.field == Field.NAME else NONE)
            style = base if column.field == Field.NAME else base + looks.faint
        text = fit_text(cell.text, width, right=column.right, ending=column.ending)
        segments += [Segment(text, style), Segment(_GAP, base)]
    return segments


def _style(cell: Cell, sample: Sample, column: Column, looks: Looks) -> Style:
    if column.field == Field.NAME:
        return looks.failed if sample.trouble or sample.missing_since else Style.null()
    if column.field in _QUIET or cell.text == NONE:
        return looks.quiet
    return looks.unsure if cell.confidence < SURE else Style.null()
