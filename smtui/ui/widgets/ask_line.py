"""A line that asks for one thing: tags for the marked sounds, a folder to scan."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

import aiofiles.os
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from smtui.domain.text import folded, shown
from smtui.ui.widgets.one_line import OneLine


class TagSuggester(Suggester):
    """Completes the tag being typed, the last one after a comma."""

    def __init__(self, tags: tuple[str, ...]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._tags = tags

    async def get_suggestion(self, value: str) -> str | None:
        """Return the whole line with its last tag completed, or None."""
        begun = value.rpartition(",")[2].lstrip().removeprefix("-")
        if not begun:
            return None
        for tag in self._tags:
            if folded(tag).startswith(folded(begun)) and len(tag) > len(begun):
                return value + tag[len(begun) :]
        return None


class FolderSuggester(Suggester):
    """Completes the path of a folder, and where they are welcome of a file in it."""

    def __init__(self, *, files: bool = False) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._files = files

    async def get_suggestion(self, value: str) -> str | None:
        """Return the path with its last part completed, or None."""
        base, slash, begun = value.rpartition("/")
        folder = _at_home(base + slash)
        if not folder.startswith("/"):
            return None
        try:
            names = sorted(await aiofiles.os.listdir(folder))
        except OSError:
            return None
        for name in names:
            if not name.startswith(begun) or not name.isprintable():
                continue
            if name.startswith(".") and not begun.startswith("."):
                continue
            if await aiofiles.os.path.isdir(f"{folder}{name}"):
                return f"{base}{slash}{name}/"
            if self._files and len(name) > len(begun):
                return f"{base}{slash}{name}"
        return None


def _at_home(path: str) -> str:
    return os.path.expanduser(path)  # noqa: PTH111 — a Path would lose the slash at the end


class AskLine(Horizontal):
    """A question and a line to answer it; out of sight until it asks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="ask.close", tooltip="Close the line unanswered."),
        Binding(
            "tab",
            "complete",
            "Complete",
            id="ask.complete",
            tooltip="Take the completion that is shown.",
        ),
    ]

    @dataclass
    class Answered(Message):
        """The person answered `subject`."""

        subject: str
        text: str

    @dataclass
    class Closed(Message):
        """The line has gone."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._subject = ""

    def compose(self) -> ComposeResult:
        """Lay out the question and the line."""
        yield Static("", classes="ask-words")
        # Nothing is selected: a letter goes on with a text that was begun, it does not replace it.
        line = OneLine(compact=True, select_on_focus=False)
        line.ctrl_c_leaves = True
        yield line

    def ask(self, subject: str, words: str, *, hint: str, suggester: Suggester | None) -> None:
        """Show the line and take the keys."""
        self._subject = subject
        self.query_one(".ask-words", Static).update(Content(f"{words} "))
        line = self.query_one(OneLine)
        line.value = ""
        line.gives_way = None
        line.placeholder = hint
        line.suggester = suggester
        self.add_class("-open")
        line.focus()

    def suggest(self, subject: str, suggester: Suggester) -> None:
        """Help a line that is already open, where it still asks for this."""
        if self.asks == subject:
            self.query_one(Input).suggester = suggester

    @property
    def asks(self) -> str | None:
        """What is asked for now; None while the line is out of sight."""
        return self._subject if self.has_class("-open") else None

    def set_text(self, text: str) -> None:
        """Begin with a text; what nobody could type is spelled out."""
        line = self.query_one(Input)
        line.value = shown(text)
        line.cursor_position = len(line.value)

    def set_path(self, path: str) -> None:
        """Begin with a path, which another whole path takes the place of."""
        self.set_text(path)
        line = self.query_one(OneLine)
        line.gives_way = line.value

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_close()
        if event.value.strip():
            self.post_message(self.Answered(self._subject, event.value))

    def action_complete(self) -> None:
        """Take the completion that is shown."""
        line = self.query_one(Input)
        line.cursor_position = len(line.value)
        line.action_cursor_right()

    @on(OneLine.Left)
    def _left(self, event: OneLine.Left) -> None:
        event.stop()
        self.action_close()

    def action_close(self) -> None:
        """Go out of sight."""
        self.remove_class("-open")
        self.post_message(self.Closed())
