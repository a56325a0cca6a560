"""Where the terminal's own cursor stands: hidden, but what screen readers and braille follow."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from textual.app import App
from textual.geometry import Offset


@runtime_checkable
class ReadAloud(Protocol):
    """A widget or screen that knows which of its places is to be read."""

    def reading_place(self) -> Offset | None:
        """Return that place on the screen; None while there is none."""
        ...


class LeadingCursor(App[None]):
    """Puts the terminal's cursor on the row that the keys move."""

    _typed_at = Offset(0, 0)

    @property
    def cursor_position(self) -> Offset:
        """Where the terminal's cursor goes after each drawing."""
        leading = self.focused or self.screen
        place = leading.reading_place() if isinstance(leading, ReadAloud) else None
        return self._typed_at if place is None else place

    @cursor_position.setter
    def cursor_position(self, place: Offset) -> None:
        """Take the place where a line is typed into, as its input tells it."""
        self._typed_at = place
