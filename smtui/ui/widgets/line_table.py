"""A table of lines that are all at hand: runs, files of a run, workers, saved searches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from smtui.domain.drawn_names import drawn
from smtui.ui.draw.table_text import Line, fit_text
from smtui.ui.widgets.cursor_table import HEAD, CursorTable

_GAP = 2
_POINTER = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A column of such a table.

    Attributes:
        width: cells; where `share` is not 0 the least it may have, else the most: what nobody
            needs goes to the others.
        share: its part of the space left over.
        right: numbers end at the right edge.
        ending: where there is no room for all, its end says more than its beginning.
    """

    title: str
    width: int
    share: int = 0
    right: bool = False
    ending: bool = False


class LineTable(CursorTable):
    """Lines under a head, with a cursor that stays on its line when others come and go."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-table--head",
        "line-table--cursor",
        "line-table--quiet",
        "line-table--failed",
        "line-table--going",
    }

    @dataclass
    class CursorMoved(Message):
        """The cursor stands on another line."""

        table: LineTable

        def can_replace(self, message: Message) -> bool:
            """Only where the cursor is now counts."""
            return isinstance(message, LineTable.CursorMoved) and message.table is self.table

    @dataclass
    class Opened(Message):
        """The person opened the line under the cursor."""

        table: LineTable

    def __init__(
        self,
        lanes: tuple[Lane, ...],
        *,
        nothing: str,
        rests: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Make an empty table.

        Args:
            lanes: its columns.
            nothing: what stands there when there is no line.
            rests: a cursor on the first line stays there, whatever line that is.
            id: as of every widget.
        """
        super().__init__(id=id)
        self._rests = rests
        self._lanes = lanes
        self._nothing = nothing
        self._titles = tuple(lane.title for lane in lanes)
        self._lines: tuple[Line, ...] = ()
        self._widths = tuple(lane.width for lane in lanes)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    @property
    def key(self) -> str | None:
        """What the line under the cursor is about; None where there is no line."""
        return self._lines[self.cursor].key if self.cursor < len(self._lines) else None

    def show(self, lines: Sequence[Line], *, nothing: str = "") -> None:
        """Take other lines; the cursor stays on what it was on, and that where it is seen."""
        before, row = self.key, self.cursor
        self._lines, self.count = tuple(lines), len(lines)
        self._nothing = nothing or self._nothing
        keys = [line.key for line in lines]
        stays = before in keys and not (self._rests and row == 0)
        now = keys.index(before) if before and stays else min(row, max(0, self.count - 1))
        self.virtual_size = Size(self.size.width, self.count + HEAD)
        if self.scroll_offset.y:
            # What is seen stays where it is; one who looks at the top sees what is new there.
            self.scroll_at_once(self.scroll_offset.y + now - row)
        self.cursor = now
        self._lay_out()
        self.refresh()
        self.call_after_refresh(self._keep_in_sight)
        if self.key != before:
            self.tell_cursor()

    def _keep_in_sight(self) -> None:
        top, row = self.scroll_offset.y, self.cursor
        if not top <= row < top + self.page:
            self.move_to(row)

    def entitle(self, *titles: str) -> None:
        """Name the first columns anew."""
        self._titles = (*titles, *self._titles[len(titles) :])
        self._lay_out()
        self.refresh()

    def stand_on(self, key: str) -> bool:
        """Put the cursor on a line; False where there is no such line."""
        for row, line in enumerate(self._lines):
            if line.key == key:
                self.move_to(row)
                return True
        return False

    def tell_cursor(self) -> None:
        """Say where the cursor is now."""
        self.post_message(self.CursorMoved(self))

    def action_open(self) -> None:
        """Open the line under the cursor."""
        self.post_message(self.Opened(self))

    def on_resize(self) -> None:
        """Give the columns their widths."""
        self._lay_out()
        self.virtual_size = Size(self.size.width, self.count + HEAD)
        self.move_to(self.cursor)

    def _lay_out(self) -> None:
        """Choose widths that fill the line: what needs little gives to what can use more."""
        needed = [
            lane.width if lane.share else min(lane.width, self._widest(place))
            for place, lane in enumerate(self._lanes)
        ]
        spare = self.size.width - _POINTER - 1 - _GAP * (len(needed) - 1) - sum(needed)
        shares = sum(lane.share for lane in self._lanes) or 1
        self._widths = tuple(
            max(1, width + spare * lane.share // shares)
            for width, lane in zip(needed, self._lanes, strict=True)
        )

    def _widest(self, place: int) -> int:
        cells = [self._titles[place], *(line.cells[place] for line in self._lines)]
        return max(cell_len(drawn(cell)) for cell in cells)

    def render_line(self, y: int) -> Strip:
        """Draw the head, a line, or what is said when there is none."""
        base = self.rich_style
        row = self.scroll_offset.y + y - HEAD
        if y < HEAD:
            style = base + self._style("head")
            segments, filling = self._segments(" ", self._titles, style), style
        elif row < len(self._lines):
            line = self._lines[row]
            style = base + self._style(line.look) if line.look else base
            if row == self.cursor:
                style += self._style("cursor")
            pointer = ">" if row == self.cursor else " "
            segments, filling = self._segments(pointer, line.cells, style), style
        else:
            words = f" {self._nothing}" if not self._lines and row == 0 else ""
            segments, filling = [Segment(words, base + self._style("quiet"))], base
        return Strip(segments).adjust_cell_length(self.size.width, filling).simplify()

    def _segments(self, pointer: str, cells: Sequence[str], style: Style) -> list[Segment]:
        segments = [Segment(pointer, style)]
        for lane, width, cell in zip(self._lanes, self._widths, cells, strict=True):
            text = fit_text(drawn(cell), width, right=lane.right, ending=lane.ending)
            segments.append(Segment(text + " " * _GAP, style))
        return segments

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"line-table--{name}", partial=True)
