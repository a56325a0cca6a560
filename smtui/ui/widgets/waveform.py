"""A waveform over the spectrogram, beats as ticks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from smtui.domain.picture import Picture
from smtui.ui.draw.cells import Ink
from smtui.ui.draw.waveform import waveform
from smtui.ui.widgets.cell_strip import strip
from smtui.ui.widgets.spectrogram import AXIS, fitted


class Waveform(Widget):
    """Lowest and highest samples of every column."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"waveform--beat"}

    def __init__(self, ink: Ink, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ink = ink
        self._picture: Picture | None = None
        self._beats: Sequence[float] = ()
        self._strips: tuple[Strip, ...] = ()

    def show(self, picture: Picture | None) -> None:
        """Show a picture, or nothing."""
        self._picture = picture
        self._prepare()

    def mark(self, beats: Sequence[float]) -> None:
        """Mark beats, s."""
        self._beats = beats
        self._prepare()

    def on_resize(self) -> None:
        """Stretch what there is until a picture that fits comes."""
        self._prepare()

    def _prepare(self) -> None:
        picture, width = self._picture, self.size.width - AXIS
        self._strips = ()
        if picture is not None and width > 0 and self.size.height:
            fitting = fitted(picture, width, 2)
            rows = waveform(
                fitting, rows=self.size.height, ink=self._ink, ticks=self._ticks(fitting)
            )
            look = self.rich_style
            beat = self.get_component_rich_style("waveform--beat", partial=True)
            self._strips = tuple(strip(row, self._ink.depth, look, beat) for row in rows)
        self.refresh()

    def _ticks(self, picture: Picture) -> frozenset[int]:
        span = max(picture.end - picture.start, 1e-9)
        places = (int((beat - picture.start) / span * picture.width) for beat in self._beats)
        return frozenset(place for place in places if 0 <= place < picture.width)

    def render_line(self, y: int) -> Strip:
        """Draw one line, indented as the picture below is."""
        if y >= len(self._strips):
            return Strip.blank(self.size.width, self.rich_style)
        indent = Strip([Segment(" " * AXIS, self.rich_style)])
        return Strip.join([indent, self._strips[y]])
