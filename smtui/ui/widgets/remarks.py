"""What a language model said of a sound, as a page that is moved line by line."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from smtui.domain.analysis import AiPart
from smtui.ui.draw.phrases import remark_lines, speaker


class Remarks(Widget):
    """The words of another program, wrapped to the width, from a line on that one chooses."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ai: AiPart | None = None
        self._first = 0

    def show(self, ai: AiPart | None) -> None:
        """Show what was said, from its beginning where it is something else than before."""
        if ai != self._ai:
            self._ai, self._first = ai, 0
            self.refresh()

    def move(self, lines: int) -> None:
        """Move so many lines down or, with less than 0, up."""
        last = max(0, len(self._lines()) - self.size.height)
        self._first = min(max(self._first + lines, 0), last)
        self.refresh()

    def reading(self) -> str:
        """Who speaks, and which lines are seen of how many."""
        if self._ai is None:
            return ""
        count, height = len(self._lines()), self.size.height
        last = min(self._first + height, count)
        seen = f"  lines {self._first + 1} to {last} of {count}" if count > height else ""
        return f"said by {speaker(self._ai)}{seen}"

    def render(self) -> Content:
        """Draw as many lines as there is room for."""
        seen = self._lines()[self._first : self._first + self.size.height]
        return Content("\n").join(
            Content(line) if line.startswith(" ") else Content.styled(line, "bold $secondary")
            for line in seen
        )

    def _lines(self) -> tuple[str, ...]:
        return () if self._ai is None else remark_lines(self._ai, self.content_size.width)
