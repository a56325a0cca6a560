"""The table of what was found, under the seed, with a cursor that stays on its sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from smtui.ui.widgets.columns import layout
from smtui.ui.widgets.cursor_table import HEAD, CursorTable
from smtui.ui.widgets.hit_lines import (
    HIT_COLUMNS,
    NARROW,
    WIDE,
    HitRow,
    Looks,
    Manner,
    head,
    line,
    seed_line,
)


class HitTable(CursorTable):
    """Rows of hits; the seed stands under the titles and never scrolls away."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "hit-table--head",
        "hit-table--chosen",
        "hit-table--seed",
        "hit-table--cursor",
        "hit-table--more",
        "hit-table--less",
        "hit-table--score",
        "hit-table--bar",
        "hit-table--failed",
        "hit-table--quiet",
        "hit-table--unsure",
        "hit-table--faint",
    }

    @dataclass
    class CursorMoved(Message):
        """The cursor stands on another row, or more is known of it."""

        row: HitRow | None

        def can_replace(self, message: Message) -> bool:
            """Only where the cursor is now counts."""
            return isinstance(message, HitTable.CursorMoved)

    @dataclass
    class Opened(Message):
        """The person opened the row under the cursor."""

        row: HitRow

    def __init__(self, *, ascii_alone: bool, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ascii = ascii_alone
        self._seed: HitRow | None = None
        self._rows: tuple[HitRow, ...] = ()
        self._aspect = ""
        self._bars = True
        self._columns = layout(50, HIT_COLUMNS)

    @property
    def rows(self) -> tuple[HitRow, ...]:
        """What is shown."""
        return self._rows

    @property
    def row(self) -> HitRow | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    def show_seed(self, seed: HitRow | None) -> None:
        """Put the seed under the titles, or nothing."""
        self._seed = seed
        self.head = HEAD if seed is None else HEAD + 1
        self.virtual_size = Size(self.size.width, self.count + self.head)
        self.refresh()

    def show_aspect(self, aspect: str, *, bars: bool) -> None:
        """Point at the aspect that keys move; where nothing is compared there are no bars."""
        if (aspect, bars) != (self._aspect, self._bars):
            self._aspect, self._bars = aspect, bars
            self._lay_out()
            self.refresh()

    def show(self, rows: Sequence[HitRow], *, cursor: int) -> None:
        """Show rows, the cursor on one of them."""
        before = self.row
        self._rows, self.count = tuple(rows), len(rows)
        self.virtual_size = Size(self.size.width, self.count + self.head)
        self.cursor = max(0, min(cursor, self.count - 1))
        self.refresh()
        self.call_after_refresh(self.move_to, self.cursor)
        if self.row != before:
            self.tell_cursor()

    def tell_cursor(self) -> None:
        """Say where the cursor is and what is there."""
        self.post_message(self.CursorMoved(self.row))

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self.row is not None:
            self.post_message(self.Opened(self.row))

    def on_resize(self) -> None:
        """Choose the columns that fit."""
        self._lay_out()
        self.virtual_size = Size(self.size.width, self.count + self.head)
        self.move_to(self.cursor)

    def _lay_out(self) -> None:
        before = WIDE if self._bars else NARROW
        self._columns = layout(max(20, self.size.width - before - 1), HIT_COLUMNS)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the widget: titles, the seed, then rows."""
        manner = self._manner()
        looks, row = manner.looks, self.scroll_offset.y + y - self.head
        if y < HEAD:
            strip, filling = head(manner), looks.base + looks.head
        elif y < self.head and self._seed is not None:
            strip, filling = seed_line(self._seed, manner), looks.base + looks.seed
        elif 0 <= row < self.count:
            strip = line(self._rows[row], manner, cursor=row == self.cursor)
            filling = strip[0].style or looks.base
        else:
            strip, filling = [], looks.base
        return Strip(strip).adjust_cell_length(self.size.width, filling).simplify()

    def _manner(self) -> Manner:
        found = {
            field.name: self.get_component_rich_style(f"hit-table--{field.name}", partial=True)
            for field in fields(Looks)
            if field.name != "base"
        }
        return Manner(
            columns=self._columns,
            looks=Looks(base=self.rich_style, **found),
            bars=self._bars,
            aspect=self._aspect,
            ascii=self._ascii,
        )
