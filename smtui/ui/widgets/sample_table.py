"""The table of sounds, drawn line by line: a million rows cost no more than a screenful.

It knows no service. It asks for rows by `RowsWanted` and is given them by `fill`; until then a
row is a faint placeholder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from smtui.domain.question import Field, Sort
from smtui.domain.sample import FileId, Sample
from smtui.ui.widgets.columns import Column, layout
from smtui.ui.widgets.known_rows import KnownRows
from smtui.ui.widgets.table_lines import GUTTER, Looks, Row, head, line

_HEAD = 1
_WINDOW = 200


def _move(key: str, action: str, words: tuple[str, str], id_: str) -> Binding:
    return Binding(key, action, words[0], id=f"table.{id_}", tooltip=words[1], show=False)


class SampleTable(ScrollView, can_focus=True):
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
    BINDINGS: ClassVar[list[BindingType]] = [
        _move("j,down", "move(1)", ("Down", "One sound down."), "down"),
        _move("k,up", "move(-1)", ("Up", "One sound up."), "up"),
        _move("ctrl+d", "half(1)", ("Half a page down", "Half a page down."), "half_down"),
        _move("ctrl+u", "half(-1)", ("Half a page up", "Half a page up."), "half_up"),
        _move("pagedown", "page(1)", ("Page down", "A page down."), "page_down"),
        _move("pageup", "page(-1)", ("Page up", "A page up."), "page_up"),
        _move("g,home", "top", ("Top", "To the first sound."), "top"),
        _move("G,end", "bottom", ("End", "To the last sound."), "end"),
        Binding(
            "enter",
            "open",
            "Open",
            id="table.open",
            tooltip="Open this sound.",
            key_display="enter",
        ),
    ]

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
        self.count = 0
        self.cursor = 0
        self.sort = Sort()
        self.marked: set[FileId] = set()
        self.span_start: int | None = None
        self.leaps = False
        self._rows = KnownRows()
        self._columns: tuple[tuple[Column, int], ...] = layout(77)

    # What the screen gives.

    def show(self, count: int) -> None:
        """Show another answer of `count` rows, from its start."""
        self._rows.forget()
        self.cursor = 0
        self.span_start = None
        self.scroll_to(y=0, animate=False)
        self.grow(count)
        self._tell_cursor()

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
        self.scroll_to(y=top, animate=False)

    def grow(self, count: int) -> None:
        """The answer was counted: it has so many rows."""
        self.count = count
        self._rows.cut(count)
        self.virtual_size = Size(self.size.width, count + _HEAD)
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
            self._tell_cursor()

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

    @property
    def _page(self) -> int:
        return max(1, self.size.height - _HEAD)

    def move_to(self, row: int) -> None:
        """Put the cursor on a row and keep it in sight.

        Where the table `leaps`, a step over its edge scrolls by half a page: on a thin line a
        held key then draws all rows only once in a while.
        """
        row = max(0, min(row, self.count - 1))
        before, self.cursor = self.cursor, row
        top = self.scroll_offset.y
        leap = self._page // 2 if self.leaps and abs(row - before) == 1 else 0
        if row < top:
            self.scroll_to(y=row - leap, animate=False)
        elif row >= top + self._page:
            self.scroll_to(y=row - self._page + 1 + leap, animate=False)
        if self.span_start is not None:
            self.refresh()
        else:
            self._refresh_row(before)
            self._refresh_row(row)
        if before != row:
            self._tell_cursor()

    def action_move(self, rows: int) -> None:
        """Move by rows."""
        self.move_to(self.cursor + rows)

    def action_half(self, way: int) -> None:
        """Move by half a page."""
        self.move_to(self.cursor + way * max(1, self._page // 2))

    def action_page(self, way: int) -> None:
        """Move by a page."""
        self.move_to(self.cursor + way * self._page)

    def action_top(self) -> None:
        """Go to the first row."""
        self.move_to(0)

    def action_bottom(self) -> None:
        """Go to the last row."""
        self.move_to(self.count - 1)

    def action_open(self) -> None:
        """Open the sound under the cursor."""
        if self.sample is not None:
            self.post_message(self.Opened(self.sample))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where one clicks; a second click opens."""
        row = self.scroll_offset.y + event.y - _HEAD
        if event.y >= _HEAD and row < self.count:
            self.move_to(row)
            if event.chain == 2:
                self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Take the cursor along with the wheel."""
        event.prevent_default().stop()
        self.action_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Take the cursor along with the wheel."""
        event.prevent_default().stop()
        self.action_move(-3)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for the rows that came into sight."""
        super().watch_scroll_y(old_value, new_value)
        self.want_rows()

    def on_resize(self) -> None:
        """Choose the columns that fit."""
        self._columns = layout(max(20, self.size.width - GUTTER - 1))
        self.virtual_size = Size(self.size.width, self.count + _HEAD)
        self.move_to(self.cursor)
        self.want_rows()

    def _tell_cursor(self) -> None:
        self.post_message(self.CursorMoved(self.cursor, self.sample))

    # Drawing.

    def _refresh_row(self, row: int) -> None:
        self.refresh(Region(0, row - self.scroll_offset.y + _HEAD, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """Draw one line of the widget: the head, then rows."""
        looks = self._looks()
        row = self.scroll_offset.y + y - _HEAD
        if y < _HEAD:
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
