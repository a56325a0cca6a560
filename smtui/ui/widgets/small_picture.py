"""A small spectrogram without axes, to recognise a sound by."""

from __future__ import annotations

from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from smtui.domain.picture import Picture
from smtui.ui.draw.cells import Ink
from smtui.ui.draw.spectrogram import spectrogram
from smtui.ui.widgets.cell_strip import strip
from smtui.ui.widgets.spectrogram import fitted


class SmallPicture(Widget):
    """Draws one picture over all its cells, or nothing."""

    def __init__(self, ink: Ink, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ink = ink
        self._strips: tuple[Strip, ...] = ()

    @property
    def wanted(self) -> Size:
        """How many picture elements fit."""
        return Size(self.size.width, self.size.height * self._ink.elements)

    def show(self, picture: Picture | None) -> None:
        """Show a picture, or with None nothing."""
        self._strips = ()
        if picture is not None and self.size.area:
            fitting = fitted(picture, *self.wanted)
            look = self.rich_style
            rows = spectrogram(fitting, self._ink)
            self._strips = tuple(strip(row, self._ink.depth, look) for row in rows)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)
