"""The last line of a screen: its keys, and at the right end the one that tells all of them."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Footer


class KeyLine(Footer):
    """A footer in which no narrow terminal cuts off the way to the help."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)

    def compose(self) -> ComposeResult:
        """Lay out the keys; the help's is docked to the right."""
        for key in super().compose():
            if getattr(key, "action", "") == "help":
                key.add_class("-help")
            yield key
