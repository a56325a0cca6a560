"""A waveform over the spectrogram, beats as ticks, parts as letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from smtui.domain.analysis import Segment as Part
from smtui.domain.picture import Picture
from smtui.ui.draw.cells import Ink
from smtui.ui.draw.waveform import waveform
from smtui.ui.widgets.cell_strip import strip
from smtui.ui.widgets.spectrogram import AXIS, fit_picture


class Waveform(Widget):
    """Lowest and highest samples of every column."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"waveform--beat"}

    def __init__(self, ink: Ink, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ink = ink
        self._picture: Picture | None = None
        self._beats: Sequence[float] = ()
        self._segments: Sequence[Part] = ()
        self._strips: tuple[Strip, ...] = ()

    def show(self, picture: Picture | None) -> None:
        """Show a picture, or nothing."""
        self._picture = picture
        self._prepare()

    def mark(self, beats: Sequence[float], segments: Sequence[Part] = ()) -> None:
        """Mark beats, s, and where parts begin."""
        self._beats, self._segments = beats, segments
        self._prepare()

    def on_resize(self) -> None:
        """Stretch what there is until a picture that fits comes."""
        self._prepare()

    def _prepare(self) -> None:
        picture, width = self._picture, self.size.width - AXIS
        self._strips = ()
        if picture is not None and width > 0 and self.size.height:
            fitting = fit_picture(picture, width, 2)
            rows = waveform(
                fitting,
                rows=self.size.height,
                ink=self._ink,
                ticks=frozenset(_columns(fitting, self._beats)),
                letters=self._letters(fitting),
            )
            look = self.rich_style
            beat = self.get_component_rich_style("waveform--beat", partial=True)
            self._strips = tuple(strip(row, self._ink.depth, look, beat) for row in rows)
        self.refresh()

    def _letters(self, picture: Picture) -> dict[int, str]:
        """Where parts begin; the part that is cut off at the left stands at the edge."""
        # A part that begins in the same column as one before it hides that one.
        return {
            column: part.letter
            for part in self._segments
            if part.end > picture.start
            for column in _columns(picture, [max(part.start, picture.start)])
        }

    def render_line(self, y: int) -> Strip:
        """Draw one line, indented as the picture below is."""
        if y >= len(self._strips):
            return Strip.blank(self.size.width, self.rich_style)
        indent = Strip([Segment(" " * AXIS, self.rich_style)])
        return Strip.join([indent, self._strips[y]])


def _columns(picture: Picture, times: Sequence[float]) -> list[int]:
    """The columns of those times, s, that the picture shows."""
    span = max(picture.end - picture.start, 1e-9)
    places = (int((time - picture.start) / span * picture.width) for time in times)
    return [place for place in places if 0 <= place < picture.width]
