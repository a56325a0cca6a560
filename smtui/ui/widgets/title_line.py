"""The first line of a screen: where one is, how much is seen, and who is signed in."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from smtui.domain.drawn_names import drawn


class TitleLine(Widget):
    """Words at the left, the person at the right; the middle yields first."""

    def __init__(self, place: str, person: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._place = place
        self._person = drawn(person)
        self._middle = ""

    def show(self, middle: str, *, place: str = "") -> None:
        """Say how much is seen of what, and where that is; outside text is made inert here."""
        self._middle = drawn(middle)
        self._place = place or self._place
        self.refresh()

    def render(self) -> Content:
        """Draw one line of exactly the widget's width."""
        place = Content.assemble(("smtui", "bold $primary"), ("  ", ""), (self._place, "bold"))
        right = Content(self._person).stylize("$quiet")
        room = self.size.width - place.cell_length - right.cell_length - 3
        middle = Content(f"   {self._middle}").truncate(max(0, room), ellipsis=True)
        gap = self.size.width - place.cell_length - middle.cell_length - right.cell_length
        return place + middle.stylize("$secondary") + Content(" " * max(1, gap)) + right
