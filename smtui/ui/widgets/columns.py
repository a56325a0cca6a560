"""The columns of the table: what stands in a cell, and which columns yield on a small terminal.

All widths are in terminal cells, so that a wide character never pushes its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smtui.domain.drawn_names import drawn
from smtui.domain.question import Field
from smtui.domain.sample import Sample, certainty
from smtui.ui.draw.phrases import short_length

NONE = "-"

_SHORT = {"percussion": "perc"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Text of one cell, inert, and how sure its claim is (1 for a fact)."""

    text: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the table.

    Attributes:
        field: what it shows and sorts by.
        title: its head.
        width: cells; where `share` is not 0 the least it may have.
        share: its part of the space left over.
        right: numbers end at the right edge.
        ending: where there is no room for all, its end says more than its beginning.
        keeps: columns with a low number yield first.
    """

    field: Field
    title: str
    width: int
    share: int = 0
    right: bool = False
    ending: bool = False
    keeps: int
    cell: Callable[[Sample], Cell]


def _name(sample: Sample) -> Cell:
    return Cell(text=drawn(sample.filename))


def _folder(sample: Sample) -> Cell:
    return Cell(text=drawn("/".join(sample.folder.rsplit("/", 2)[-2:]).lstrip("/")))


def _kind(sample: Sample) -> Cell:
    heard = sample.heard
    if heard is None or heard.kind is None:
        return Cell(text=NONE)
    kind = _SHORT.get(heard.kind, heard.kind)
    return Cell(text=drawn(kind), confidence=certainty(heard.kind_confidence))


def _tempo(sample: Sample) -> Cell:
    heard = sample.heard
    if heard is None or heard.tempo is None:
        return Cell(text=NONE)
    return Cell(text=f"{heard.tempo:.1f}", confidence=certainty(heard.tempo_confidence))


def _key(sample: Sample) -> Cell:
    heard = sample.heard
    if heard is not None and heard.key_label is not None:
        return Cell(text=drawn(heard.key_label), confidence=certainty(heard.key_confidence))
    if heard is not None and heard.root_note is not None:
        return Cell(text=drawn(heard.root_note))
    return Cell(text=NONE)


def _length(sample: Sample) -> Cell:
    # A file that could not be read has none.
    return Cell(text=short_length(sample.duration) if sample.duration else NONE)


def _loudness(sample: Sample) -> Cell:
    heard = sample.heard
    if heard is None or heard.loudness_lufs is None:
        return Cell(text=NONE)
    return Cell(text=f"{heard.loudness_lufs:.1f}")


def _tags(sample: Sample) -> Cell:
    return Cell(text=drawn(", ".join(sample.tags)))


COLUMNS = (
    Column(field=Field.NAME, title="Name", width=18, share=5, keeps=9, cell=_name),
    Column(
        field=Field.FOLDER, title="Folder", width=12, share=3, ending=True, keeps=2, cell=_folder
    ),
    Column(field=Field.KIND, title="Kind", width=6, keeps=6, cell=_kind),
    Column(field=Field.TEMPO, title="BPM", width=5, right=True, keeps=8, cell=_tempo),
    Column(field=Field.KEY, title="Key", width=4, right=True, keeps=7, cell=_key),
    Column(field=Field.LENGTH, title="Length", width=6, right=True, keeps=5, cell=_length),
    Column(field=Field.LOUDNESS, title="Loud", width=5, right=True, keeps=4, cell=_loudness),
    Column(field=Field.TAGS, title="Tags", width=12, share=3, keeps=1, cell=_tags),
)

_GAP = 2


def layout(width: int, columns: Sequence[Column] = COLUMNS) -> tuple[tuple[Column, int], ...]:
    """Return those of some columns that fit into `width` cells and give each its width.

    The gaps of two cells between columns are not part of the widths given.
    """
    chosen = list(columns)
    while len(chosen) > 1 and _least(chosen) > width:
        chosen.remove(min(chosen, key=lambda column: column.keeps))
    spare = max(0, width - _least(chosen))
    shares = sum(column.share for column in chosen)
    widths = {column.field: column.width + spare * column.share // shares for column in chosen}
    # What the division left over goes to the name, so that the line is full.
    total = sum(widths.values()) + _GAP * (len(chosen) - 1)
    widths[chosen[0].field] = max(1, widths[chosen[0].field] + width - total)
    return tuple((column, widths[column.field]) for column in chosen)


def _least(columns: list[Column]) -> int:
    return sum(column.width for column in columns) + _GAP * (len(columns) - 1)
