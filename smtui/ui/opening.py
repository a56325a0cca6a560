"""The first frame, shown while services are opened, and what is said when they cannot be."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from smtui.domain.errors import SmtuiError
from smtui.domain.text import shown


class OpeningScreen(Screen[None]):
    """Says "opening", or why that failed and what to do about it."""

    def compose(self) -> ComposeResult:
        """Lay out one calm box in the middle."""
        with Vertical(id="opening"):
            yield Static("smtui", id="opening-name")
            yield Static("opening", id="opening-words")

    def fail(self, error: SmtuiError) -> None:
        """Say what happened, what to do, and how to leave."""
        self.add_class("-failed")
        words = [(f"{shown(error.title)}.", "bold")]
        if error.hint:
            words.append((f"\n\n{shown(error.hint)}", ""))
        words.append(("\n\nctrl+q quits", "dim"))
        self.query_one("#opening-words", Static).update(Content.assemble(*words))
