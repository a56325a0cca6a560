"""The first frame, shown while services are opened, and what is said when they cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from smtui.domain.drawn import drawn
from smtui.domain.errors import SmtuiError


class OpeningScreen(Screen[None]):
    """Says "opening", or why that failed and what to do about it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "again",
            "Try again",
            id="opening.again",
            tooltip="Retry opening the library.",
            show=False,
        ),
    ]

    @dataclass
    class Again(Message):
        """The person wants what failed to be tried once more."""

    def compose(self) -> ComposeResult:
        """Lay out one calm box in the middle."""
        with Vertical(id="opening"):
            yield Static("smtui", id="opening-name")
            yield Static("opening", id="opening-words")

    def fail(self, error: SmtuiError) -> None:
        """Say what happened, what to do, and how to leave."""
        self.add_class("-failed")
        words = [(f"{drawn(error.title)}.", "bold")]
        if error.hint:
            words.append((f"\n\n{drawn(error.hint)}", ""))
        words.append(("\n\nenter tries again    ctrl+q quits", "dim"))
        self.query_one("#opening-words", Static).update(Content.assemble(*words))

    def action_again(self) -> None:
        """Try once more, if it has failed."""
        if self.has_class("-failed"):
            self.remove_class("-failed")
            self.query_one("#opening-words", Static).update("opening")
            self.post_message(self.Again())
