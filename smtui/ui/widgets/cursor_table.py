"""Rows under a head, with a cursor that keys and mouse move; what a row looks like is drawn above.

Lines are drawn one by one, so that a million rows cost no more than a screenful.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region
from textual.scroll_view import ScrollView

HEAD = 1


def _move(key: str, action: str, words: tuple[str, str], id_: str) -> Binding:
    return Binding(key, action, words[0], id=f"table.{id_}", tooltip=words[1], show=False)


class CursorTable(ScrollView, can_focus=True):
    """Moves a cursor over `count` rows and keeps it in sight.

    Attributes:
        head: how many lines stand above the rows.
        leaps: a step over the edge scrolls by half a page: on a thin line a held key then draws
            all rows only once in a while.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        _move("j,down", "move(1)", ("Down", "One row down."), "down"),
        _move("k,up", "move(-1)", ("Up", "One row up."), "up"),
        _move("ctrl+d", "half(1)", ("Half a page down", "Half a page down."), "half_down"),
        _move("ctrl+u", "half(-1)", ("Half a page up", "Half a page up."), "half_up"),
        _move("pagedown", "page(1)", ("Page down", "A page down."), "page_down"),
        _move("pageup", "page(-1)", ("Page up", "A page up."), "page_up"),
        _move("g,home", "top", ("Top", "To the first row."), "top"),
        _move("G,end", "bottom", ("End", "To the last row."), "end"),
        Binding(
            "enter",
            "open",
            "Open",
            id="table.open",
            tooltip="Open what the cursor is on.",
            key_display="enter",
        ),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 — Textual's name for it
        super().__init__(id=id)
        self.head = HEAD
        self.count = 0
        self.cursor = 0
        self.leaps = False

    def tell_cursor(self) -> None:
        """Say where the cursor is now; each kind of table says it by a message of its own."""

    def action_open(self) -> None:
        """Open what is under the cursor; each kind of table says so by a message of its own."""

    def reading_place(self) -> Offset | None:
        """Return where the row under the cursor begins on the screen."""
        if not self.count:
            return None
        row = self.cursor - self.scroll_offset.y + self.head
        return self.content_region.offset + Offset(0, row)

    @property
    def page(self) -> int:
        """How many rows are seen at once."""
        return max(1, self.size.height - self.head)

    def move_to(self, row: int) -> None:
        """Put the cursor on a row and keep it in sight."""
        row = max(0, min(row, self.count - 1))
        before, self.cursor = self.cursor, row
        top = self.scroll_offset.y
        leap = self.page // 2 if self.leaps and abs(row - before) == 1 else 0
        if row < top:
            self.scroll_at_once(row - leap)
        elif row >= top + self.page:
            self.scroll_at_once(row - self.page + 1 + leap)
        self.refresh_rows(before, row)
        if before != row:
            self.tell_cursor()

    def scroll_at_once(self, top: int) -> None:
        """Let a row be the first that is seen.

        Not after the next refresh, as Textual does of itself: a move that comes meanwhile would
        reckon with rows that are no longer in sight.
        """
        self.scroll_to(y=top, animate=False, immediate=True, force=True)

    def refresh_rows(self, *rows: int) -> None:
        """Draw some rows again."""
        for row in rows:
            self.refresh(Region(0, row - self.scroll_offset.y + self.head, self.size.width, 1))

    def action_move(self, rows: int) -> None:
        """Move by rows."""
        self.move_to(self.cursor + rows)

    def action_half(self, way: int) -> None:
        """Move by half a page."""
        self.move_to(self.cursor + way * max(1, self.page // 2))

    def action_page(self, way: int) -> None:
        """Move by a page."""
        self.move_to(self.cursor + way * self.page)

    def action_top(self) -> None:
        """Go to the first row."""
        self.move_to(0)

    def action_bottom(self) -> None:
        """Go to the last row."""
        self.move_to(self.count - 1)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where one clicks; a second click opens."""
        row = self.scroll_offset.y + event.y - self.head
        if event.y >= self.head and row < self.count:
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
