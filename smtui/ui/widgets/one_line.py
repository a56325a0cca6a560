"""An input of one line that takes a paste as inert text."""

from __future__ import annotations

from textual.events import Paste
from textual.widgets import Input

from smtui.domain.text import shown


class OneLine(Input):
    """As Textual's, which would hand control characters of a paste on to the terminal."""

    def _on_paste(self, event: Paste) -> None:
        """Spell out what nobody could type, before the input takes it."""
        lines = event.text.splitlines()
        event.text = shown(lines[0].replace("\t", " ")) if lines else ""
