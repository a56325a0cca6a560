"""How a line of the table looks: segments from a sample, pure functions of what they are given."""

from __future__ import annotations

from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style

from smtui.domain.question import Field, Sort
from smtui.domain.sample import Sample
from smtui.ui.draw.fitting import fitted
from smtui.ui.widgets.columns import NONE, SURE, Cell, Column

GUTTER = 3

_GAP = "  "
_QUIET = (Field.FOLDER, Field.TAGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The styles of the sheet; all but `base` are laid over another."""

    base: Style
    head: Style
    sorted: Style
    cursor: Style
    span: Style
    mark: Style
    failed: Style
    quiet: Style
    unsure: Style
    faint: Style


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its sound where it is known, and how it stands to the person."""

    sample: Sample | None
    cursor: bool = False
    spanned: bool = False
    marked: bool = False


def head(columns: tuple[tuple[Column, int], ...], sort: Sort, looks: Looks) -> list[Segment]:
    """Draw the titles of the columns; the sorted one stands out."""
    base = looks.base + looks.head
    segments = [Segment(" " * GUTTER, base)]
    for column, width in columns:
        style = base + looks.sorted if column.field == sort.field else base
        segments.append(Segment(fitted(column.title, width, right=column.right), style))
        segments.append(Segment(_GAP, base))
    return segments


def line(row: Row, columns: tuple[tuple[Column, int], ...], looks: Looks) -> list[Segment]:
    """Draw a row; one whose sound is not known yet is a faint placeholder."""
    base = looks.base
    if row.spanned:
        base += looks.span
    if row.cursor:
        base += looks.cursor
    pointer = Segment(">" if row.cursor else " ", base)
    sample = row.sample
    if sample is None:
        return [pointer, Segment(_GAP, base), Segment("...", base + looks.faint)]
    segments = [pointer, _state(sample, row, looks, base), Segment(" ", base)]
    for column, width in columns:
        cell = column.cell(sample)
        style = base + _cell_style(cell, sample, row, column, looks)
        text = fitted(cell.text, width, right=column.right, ending=column.ending)
        segments.append(Segment(text, style))
        segments.append(Segment(_GAP, base))
    return segments


def _state(sample: Sample, row: Row, looks: Looks, base: Style) -> Segment:
    if row.marked:
        return Segment("m", base + looks.mark)
    if sample.trouble is not None:
        return Segment("!", base + looks.failed)
    if sample.missing_since is not None:
        return Segment("?", base + looks.failed)
    return Segment(" ", base)


def _cell_style(cell: Cell, sample: Sample, row: Row, column: Column, looks: Looks) -> Style:
    if column.field == Field.NAME:
        if row.marked:
            return looks.mark
        return looks.failed if sample.trouble or sample.missing_since else Style.null()
    if column.field in _QUIET or cell.text == NONE:
        return looks.quiet
    return looks.unsure if cell.confidence < SURE else Style.null()
