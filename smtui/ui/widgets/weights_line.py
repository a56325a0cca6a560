"""The weights of the aspects, each with its key and a scale; at the end what else is asked."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from smtui.domain.likeness import ASPECTS, HEAVIEST, Weights
from smtui.ui.draw.bars import scale

_GAP = "  "


class WeightsLine(Widget):
    """One line; the aspect that keys move stands out."""

    def __init__(self, *, ascii_alone: bool, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ascii = ascii_alone
        self._weights = Weights()
        self._aspect = ""
        self._end = ""

    @property
    def words(self) -> str:
        """What stands there."""
        return self.render().plain

    def show(self, weights: Weights, *, aspect: str, end: str) -> None:
        """Show weights, which of them keys move, and what else is asked."""
        self._weights, self._aspect, self._end = weights, aspect, end
        self.refresh()

    def render(self) -> Content:
        """Draw one line of exactly the widget's width."""
        line = Content(_GAP).join(
            self._aspect_words(place, name) for place, name in enumerate(ASPECTS, start=1)
        )
        room = self.size.width - line.cell_length - 1
        end = Content(self._end).truncate(max(0, room), ellipsis=True).stylize("$quiet")
        gap = self.size.width - line.cell_length - end.cell_length
        return line + Content(" " * max(0, gap)) + end

    def _aspect_words(self, place: int, name: str) -> Content:
        on, off = scale(self._weights.of(name), most=HEAVIEST, ascii_alone=self._ascii)
        chosen = name == self._aspect
        return Content.assemble(
            (f"{place} ", "$footer-key-foreground"),
            (name, "bold $accent" if chosen else ""),
            " ",
            (on, "$accent" if chosen else "$primary"),
            (off, "$faint"),
        )
