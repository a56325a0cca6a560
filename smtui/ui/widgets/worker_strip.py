"""What each worker child is doing, in one line for small terminals."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from smtui.domain.drawn_names import drawn
from smtui.ui.draw.table_text import fit_text

_NAME = 18


class WorkerStrip(Widget):
    """Numbers, files, and how long a file takes where it takes long."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._parts: tuple[tuple[str, str, str], ...] = ()
        self._right = ""

    def show(self, parts: tuple[tuple[str, str, str], ...], right: str) -> None:
        """Take (number, file, since when) of each child, and a word for the right end."""
        if (parts, right) != (self._parts, self._right):
            self._parts, self._right = parts, right
            self.refresh()

    def render(self) -> Content:
        """Draw one line of exactly the widget's width."""
        pieces: list[Content] = []
        for number, name, since in self._parts:
            text = drawn(name)
            cut = fit_text(text, min(_NAME, len(text))).rstrip()
            pieces.append(
                Content.assemble((number, "$primary"), f" {cut}", (f" {since}".rstrip(), "$accent"))
            )
        left = Content("  ").join(pieces)
        right = Content.assemble((self._right, "$quiet"))
        left = left.truncate(max(0, self.size.width - right.cell_length - 2), ellipsis=True)
        gap = self.size.width - left.cell_length - right.cell_length
        return left + Content(" " * max(1, gap)) + right
