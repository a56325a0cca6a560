"""The table of sounds, drawn line by line: a million rows cost no more than a screenful.

It knows no service. It asks for rows by `RowsWanted` and is given them by `fill`; until then a
row is a faint placeholder. Of the rows a few thousand are at hand (`KnownRows`); how a line looks
is said by functions of what they are given alone (`line`, `head`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from smtui.domain.findings import SURE
from smtui.domain.question import Field, Sort
from smtui.domain.sample import FileId, Sample
from smtui.ui.draw.table_text import fit_text
from smtui.ui.widgets.columns import NONE, Cell, Column, layout
from smtui.ui.widgets.cursor_table import HEAD, CursorTable

GUTTER = 3

_GAP = "  "
_QUIET = (Field.FOLDER, Field.TAGS)

# Rows at hand: a few thousand of what may be a million.
_MOST = 6_000
# Rows that are asked for at once.
_WINDOW = 200


class SampleTable(CursorTable):
    """Rows of sounds under a head, with a cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "sample-table--head",
        "sample-table--sorted",
        "sample-table--cursor",
        "sample-table--span",
        "sample-table--mark",
        "sample-table--failed",
        "sample-table--quiet",
        "sample-table--unsure",
        "sample-table--faint",
    }

    @dataclass
    class RowsWanted(Message):
        """The table shows, or soon will show, rows that it does not have."""

        table: SampleTable
        first: int
        size: int

        def can_replace(self, message: Message) -> bool:
            """Only the newest wish counts."""
            return isinstance(message, SampleTable.RowsWanted)

    @dataclass
    class CursorMoved(Message):
        """The cursor stands on another row, or its row came in."""

        row: int
        sample: Sample | None

        def can_replace(self, message: Message) -> bool:
            """Only where the cursor is now counts."""
            return isinstance(message, SampleTable.CursorMoved)

    @dataclass
    class Opened(Message):
        """The person opened the sound under the cursor."""

        sample: Sample

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 — Textual's name for it
        super().__init__(id=id)
        self.sort = Sort()
        self.marked: set[FileId] = set()
        self.span_start: int | None = None
        self._rows = KnownRows()
        self._columns: tuple[tuple[Column, int], ...] = layout(77)

    # What the screen gives.

    def show(self, count: int) -> None:
        """Show another answer of `count` rows, from its start."""
        self._rows.forget()
        self.cursor = 0
        self.span_start = None
        self.scroll_at_once(0)
        self.grow(count)
        self.tell_cursor()

    def renew(self, count: int, *, shift: int) -> None:
        """Show the same answer again: the sound under the cursor moved by `shift` rows.

        What is seen stays where it is on the screen until its rows come in anew.
        """
        self._rows.age(shift=shift)
        self.cursor = max(0, min(self.cursor + shift, count - 1))
        if self.span_start is not None:
            self.span_start = max(0, min(self.span_start + shift, count - 1))
        top = self.scroll_offset.y + shift
        self.grow(count)
        self.scroll_at_once(top)
        self.move_to(self.cursor)
        if not count:
            self.tell_cursor()

    def grow(self, count: int) -> None:
        """The answer was counted: it has so many rows."""
        self.count = count
        self._rows.cut(count)
        self.virtual_size = Size(self.size.width, count + HEAD)
        self.refresh()
        self.want_rows()

    @property
    def seen_fields(self) -> tuple[Field, ...]:
        """The columns that fit now."""
        return tuple(column.field for column, _ in self._columns)

    def fill(self, start: int, samples: Sequence[Sample], *, exact: bool = True) -> None:
        """Take rows; those that are not exact are shown, and asked for again."""
        held = self.sample
        self._rows.fill(start, samples, exact=exact)
        self.refresh()
        if self.sample != held:
            self.tell_cursor()

    def sample_at(self, row: int) -> Sample | None:
        """Return the sound of a row where it is known."""
        return self._rows.get(row)

    @property
    def sample(self) -> Sample | None:
        """The sound under the cursor where it is known."""
        return self._rows.get(self.cursor)

    def want_rows(self) -> None:
        """Ask for what is seen and not known, with a margin on both sides."""
        if not self.count:
            return
        top = self.scroll_offset.y
        low = max(0, top - _WINDOW // 4)
        high = min(self.count, top + self.size.height + _WINDOW // 4) - 1
        lacking = self._rows.missing(low, high)
        if lacking:
            self.post_message(self.RowsWanted(self, lacking.start, len(lacking)))

    # Moving.

    def refresh_rows(self, *rows: int) -> None:
        """Draw some rows again: while a range is marked, all that it may reach."""
        if self.span_start is not None:
            self.refresh()
        else:
            super().refresh_rows(*rows)

    def action_open(self) -> None:
        """Open the sound under the cursor."""
        if self.sample is not None:
            self.post_message(self.Opened(self.sample))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for the rows that came into sight."""
        super().watch_scroll_y(old_value, new_value)
        self.want_rows()

    def on_resize(self) -> None:
        """Choose the columns that fit."""
        self._columns = layout(max(20, self.size.width - GUTTER - 1))
        self.virtual_size = Size(self.size.width, self.count + HEAD)
        self.move_to(self.cursor)
        self.want_rows()

    def tell_cursor(self) -> None:
        """Say where the cursor is and which sound is there."""
        self.post_message(self.CursorMoved(self.cursor, self.sample))

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """Draw one line of the widget: the head, then rows."""
        looks = self._looks()
        row = self.scroll_offset.y + y - HEAD
        if y < HEAD:
            strip, filling = head(self._columns, self.sort, looks), looks.base + looks.head
        elif row < self.count:
            strip = line(self._row(row), self._columns, looks)
            filling = strip[0].style or looks.base
        else:
            strip, filling = [], looks.base
        # Fewer changes of style are fewer bytes on the line.
        return Strip(strip).adjust_cell_length(self.size.width, filling).simplify()

    def _row(self, row: int) -> Row:
        sample = self._rows.get(row)
        low, high = sorted(
            (self.cursor if self.span_start is None else self.span_start, self.cursor)
        )
        return Row(
            sample=sample,
            cursor=row == self.cursor,
            spanned=self.span_start is not None and low <= row <= high,
            marked=sample is not None and sample.file_id in self.marked,
        )

    def _looks(self) -> Looks:
        names = (field.name for field in fields(Looks))
        found = {
            name: self.get_component_rich_style(f"sample-table--{name}", partial=True)
            for name in names
            if name != "base"
        }
        return Looks(base=self.rich_style, **found)


class KnownRows:
    """Samples by row number. Rows far from where one looks are forgotten."""

    def __init__(self) -> None:
        self._samples: dict[int, Sample] = {}
        self._stale: set[int] = set()

    def __len__(self) -> int:
        return len(self._samples)

    def get(self, row: int) -> Sample | None:
        """Return what is known of a row, however old."""
        return self._samples.get(row)

    def fill(self, start: int, samples: Sequence[Sample], *, exact: bool = True) -> None:
        """Keep rows from `start` on; rows that are not exact are shown, and asked for again."""
        for row, sample in enumerate(samples, start):
            self._samples[row] = sample
            self._stale.discard(row)
            if not exact:
                self._stale.add(row)
        if len(self._samples) > _MOST:
            middle = start + len(samples) // 2
            nearest = sorted(self._samples, key=lambda row: abs(row - middle))
            for row in nearest[_MOST // 2 :]:
                del self._samples[row]
                self._stale.discard(row)

    def missing(self, first: int, last: int) -> range:
        """Return the smallest range within first … last that holds all that must be asked for."""
        lacking = [
            row for row in range(first, last + 1) if row not in self._samples or row in self._stale
        ]
        return range(lacking[0], lacking[-1] + 1) if lacking else range(0)

    def age(self, *, shift: int = 0) -> None:
        """Let every row be asked for again, and shown until then, moved by so many rows."""
        self._samples = {row + shift: sample for row, sample in self._samples.items()}
        self._stale = set(self._samples)

    def forget(self) -> None:
        """Another question: nothing is known."""
        self._samples.clear()
        self._stale.clear()

    def cut(self, count: int) -> None:
        """The answer has only `count` rows now."""
        for row in [row for row in self._samples if row >= count]:
            del self._samples[row]
            self._stale.discard(row)


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
        segments.append(Segment(fit_text(column.title, width, right=column.right), style))
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
        text = fit_text(cell.text, width, right=column.right, ending=column.ending)
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
