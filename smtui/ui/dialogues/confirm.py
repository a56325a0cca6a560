"""Asks once before something large."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from smtui.domain.drawn_names import drawn


class ConfirmScreen(ModalScreen[bool]):
    """A question; enter says yes, esc says no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "yes", "Yes", id="confirm.yes", tooltip="Do it."),
        Binding("escape,q", "no", "No", id="confirm.no", tooltip="Go back and do nothing."),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = drawn(question)

    def compose(self) -> ComposeResult:
        """Lay out the question over its two answers."""
        with Vertical(classes="dialogue"):
            yield Static(Content(self._question), classes="dialogue-words")
            yield Static(
                Content.assemble(
                    ("enter", "bold $primary"), " yes   ", ("esc", "bold $primary"), " no"
                )
            )

    def action_yes(self) -> None:
        """Answer yes."""
        self.dismiss(result=True)

    def action_no(self) -> None:
        """Answer no."""
        self.dismiss(result=False)
