"""An input of one line that takes a paste as inert text."""

from __future__ import annotations

from dataclasses import dataclass

from textual.actions import SkipAction
from textual.events import Paste
from textual.message import Message
from textual.widgets import Input

from smtui.domain.text import shown


class OneLine(Input):
    """As Textual's, which would hand control characters of a paste on to the terminal.

    Attributes:
        gives_way: text that was put in for the person to go on with; a whole path of their own,
            which begins with `/` or `~`, takes its place.
        ctrl_c_leaves: ctrl+c leaves the line, as it does in a shell, where nothing is selected.
    """

    @dataclass
    class Left(Message):
        """The person does not want the line any more."""

    gives_way: str | None = None
    ctrl_c_leaves = False

    def insert_text_at_cursor(self, text: str) -> None:
        """Type a text, in place of one that gives way to it."""
        begun, self.gives_way = self.gives_way, None
        untouched = self.value == begun and self.cursor_position == len(self.value)
        if untouched and text.startswith(("/", "~")):
            self.value = ""
        super().insert_text_at_cursor(text)

    def action_copy(self) -> None:
        """Copy what is selected; with nothing selected leave the line."""
        try:
            super().action_copy()
        except SkipAction:
            if not self.ctrl_c_leaves:
                raise
            self.post_message(self.Left())

    def _on_paste(self, event: Paste) -> None:
        """Spell out what nobody could type, before the input takes it."""
        lines = event.text.splitlines()
        event.text = shown(lines[0].replace("\t", " ")) if lines else ""
