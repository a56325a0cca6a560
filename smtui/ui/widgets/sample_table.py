"""The table of sounds, drawn line by line: a million rows cost no more than a screenful.

It knows no service. It asks for rows by `RowsWanted` and is given them by `fill`; until then a
row is a faint placeholder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from smtui.domain.question import Field, Sort
from smtui.domain.sample import FileId, Sample
from smtui.ui.widgets.columns import Column, layout
from smtui.ui.widgets.cursor_table import HEAD, CursorTable
from smtui.ui.widgets.known_rows import KnownRows
from smtui.ui.widgets.table_lines import GUTTER, Looks, Row, head, line

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
        """Give the sound of a row where it is known."""
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
