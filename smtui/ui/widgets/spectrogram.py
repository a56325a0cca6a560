"""A spectrogram with its axes and a cursor, drawn line by line.

It knows no service: it is shown a picture, and tells its size and where its cursor stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from smtui.domain.drawn_names import drawn
from smtui.domain.picture import Picture
from smtui.ui.draw.axes import frequency_marks, hertz_at, level_at, time_at, time_marks
from smtui.ui.draw.cells import Ink
from smtui.ui.draw.spectrogram import spectrogram
from smtui.ui.widgets.cell_strip import strip

AXIS = 6
"""Columns that the frequency axis takes; other panes indent by as much."""
_ARMS = ((0, -1), (0, 1), (-2, 0), (-1, 0), (1, 0), (2, 0))
_TILES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the cursor reads: s, Hz, and dB re full scale (None: below the range)."""

    time: float
    hertz: float
    level: float | None


class Tile(Widget):
    """A part of the picture from top to bottom.

    A cell that changes is sent with all cells before it in its widget; so a cursor that moves
    within a tile costs some cells and not the whole row.
    """

    def __init__(self, spectrogram: Spectrogram, *, first: bool) -> None:
        super().__init__(classes="-first" if first else "")
        self._spectrogram = spectrogram

    @property
    def left(self) -> int:
        """The column of the picture at which the tile begins."""
        return self.region.x - self._spectrogram.region.x - AXIS

    def render_line(self, y: int) -> Strip:
        """Draw the tile's part of a row."""
        return self._spectrogram.row(y).crop(self.left, self.left + self.size.width)


class Spectrogram(Widget):
    """The picture, frequencies in Hz at its left, times in s below it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "spectrogram--axis",
        "spectrogram--cursor",
        "spectrogram--words",
    }

    @dataclass
    class Resized(Message):
        """The picture should have another size."""

        spectrogram: Spectrogram

        def can_replace(self, message: Message) -> bool:
            """Only the newest size counts."""
            return isinstance(message, Spectrogram.Resized)

    @dataclass
    class CursorMoved(Message):
        """The cursor reads something else; None where there is no picture."""

        reading: Reading | None

        def can_replace(self, message: Message) -> bool:
            """Only where the cursor is now counts."""
            return isinstance(message, Spectrogram.CursorMoved)

    def __init__(self, ink: Ink, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.ink = ink
        self.picture: Picture | None = None
        self._words = ""
        self._strips: tuple[Strip, ...] = ()
        self._marks: dict[int, str] = {}
        self._column, self._row = 0, 0
        self._fitted = Size(0, 0)

    def compose(self) -> ComposeResult:
        """Lay the picture's tiles over the middle; the axes are drawn around them."""
        for number in range(_TILES):
            yield Tile(self, first=number == 0)

    @property
    def plot(self) -> Size:
        """The picture's place in cells, without the axes."""
        return Size(max(self.size.width - AXIS, 0), max(self.size.height - 1, 0))

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row of the cursor within the picture."""
        return self._column, self._row

    def show(self, picture: Picture) -> None:
        """Show a picture; one of another size than the pane is stretched to it until a new one."""
        self.picture, self._words = picture, ""
        self._prepare()
        self._tell()

    def say(self, words: str) -> None:
        """Show words instead of a picture."""
        self.picture, self._words, self._strips = None, drawn(words), ()
        self._refresh_all()
        self._tell()

    def restyle(self, ink: Ink) -> None:
        """Draw what is shown with more or fewer colours."""
        self.ink = ink
        self._prepare()

    def reading(self) -> Reading | None:
        """What the cursor reads."""
        picture, plot = self.picture, self.plot
        if picture is None or not plot.width or not plot.height:
            return None
        column = min(self._column * picture.width // plot.width, picture.width - 1)
        return Reading(
            time=time_at(picture, column),
            hertz=hertz_at(picture, self._row, plot.height),
            level=level_at(picture, column, self._row, plot.height),
        )

    def move(self, columns: int, rows: int) -> int:
        """Move the cursor; gives the columns that the pane's edge kept it from."""
        before = self._column, self._row
        plot = self.plot
        wanted = self._column + columns
        self._column = min(max(wanted, 0), max(plot.width - 1, 0))
        self._row = min(max(self._row + rows, 0), max(plot.height - 1, 0))
        if before != (self._column, self._row):
            self._refresh_cross(*before)
            self._refresh_cross(self._column, self._row)
            self._tell()
        return wanted - self._column

    def on_resize(self) -> None:
        """Keep the cursor's place, show what there is at once, and ask for a picture that fits."""
        before, self._fitted = self._fitted, self.plot
        width, height = self.plot
        if before.area:
            self._column = self._column * width // before.width
            self._row = self._row * height // before.height
        else:
            self._column, self._row = width // 2, height // 2
        self._prepare()
        self._tell()
        self.post_message(self.Resized(self))

    def _tell(self) -> None:
        self.post_message(self.CursorMoved(self.reading()))

    def _prepare(self) -> None:
        picture, plot = self.picture, self.plot
        if picture is not None and plot.width and plot.height:
            fitting = fit_picture(picture, plot.width, plot.height * self.ink.elements)
            plain = self.rich_style
            self._strips = tuple(
                strip(row, self.ink.depth, plain) for row in spectrogram(fitting, self.ink)
            )
            self._marks = dict(frequency_marks(picture, plot.height))
        self._refresh_all()

    def _refresh_all(self) -> None:
        self.refresh()
        for tile in self.query(Tile):
            tile.refresh()

    def _refresh_cross(self, column: int, row: int) -> None:
        """Draw again what changes when the cursor comes or goes."""
        self.refresh(Region(AXIS - 1, row, 1, 1), Region(AXIS + column, self.plot.height, 1, 1))
        for tile in self.query(Tile):
            inside = Region(0, 0, *tile.size)
            for part in (Region(column - 2, row, 5, 1), Region(column, row - 1, 1, 3)):
                if seen := part.translate(Offset(-tile.left, 0)).intersection(inside):
                    tile.refresh(seen)

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """Draw what is around the tiles: the label of a row, or the time axis."""
        axis = self.get_component_rich_style("spectrogram--axis")
        if y == self.plot.height:
            return self._time_axis(axis)
        edge = ">" if self.picture and y == self._row else "|"
        label = self._marks.get(y, "") if self.picture else ""
        return Strip([Segment(label.rjust(AXIS - 1) + edge, axis)])

    def row(self, y: int) -> Strip:
        """One row of the picture, with the part of the cursor that falls into it."""
        if y >= len(self._strips):
            return self._empty(y)
        return self._crossed(self._strips[y], y)

    def _empty(self, y: int) -> Strip:
        words = self._words if y == self.plot.height // 2 else ""
        text = Content(words).truncate(self.plot.width, ellipsis=True).plain
        style = self.get_component_rich_style("spectrogram--words")
        return Strip([Segment(text.center(self.plot.width), style)])

    def _crossed(self, line: Strip, y: int) -> Strip:
        """Put the part of the cursor that falls into this row over it."""
        places = {0: "+"} if y == self._row else {}
        upright, level = ("|", "-") if self.ink.ascii else ("│", "─")
        for right, down in _ARMS:
            if self._row + down == y:
                places[right] = upright if right == 0 else level
        for right, character in sorted(places.items()):
            column = self._column + right
            if 0 <= column < line.cell_length:
                line = self._over(line, column, character)
        return line

    def _over(self, line: Strip, column: int, character: str) -> Strip:
        under = next(iter(line.crop(column, column + 1)), None)
        beneath = under.style.bgcolor if under is not None and under.style else None
        style = self.get_component_rich_style("spectrogram--cursor") + Style(bgcolor=beneath)
        drawn = Strip([Segment(character, style)])
        return Strip.join([line.crop(0, column), drawn, line.crop(column + 1)])

    def _time_axis(self, style: Style) -> Strip:
        cells = [" "] * self.plot.width
        if self.picture is not None:
            if self._column < len(cells):
                cells[self._column] = "^"
            # A label over the caret: the cross above shows the place as well, half a number lies.
            for mark in time_marks(self.picture.start, self.picture.end, self.plot.width):
                cells[mark.at : mark.at + len(mark.label)] = mark.label
        return Strip([Segment(" " * AXIS + "".join(cells), style)])


def fit_picture(picture: Picture, width: int, height: int) -> Picture:
    """Stretch a picture to a size by taking its nearest elements, until a sharp one is drawn."""
    if (picture.width, picture.height) == (width, height):
        return picture
    columns = [column * picture.width // width for column in range(width)]
    lines = []
    for row in range(height):
        top = row * picture.height // height * picture.width
        line = picture.levels[top : top + picture.width]
        lines.append(bytes(line[column] for column in columns))
    return replace(picture, width=width, height=height, levels=b"".join(lines))
