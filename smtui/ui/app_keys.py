"""The keys that work on every screen, and the palette that is made from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType

if TYPE_CHECKING:
    from textual.command import Provider

_IDS = {"command_palette": "palette", "suspend_process": "suspend"}


def _hidden(key: str, action: str, name: str, tooltip: str, *, shown: str = "") -> Binding:
    id_ = f"app.{_IDS.get(action, action)}"
    return Binding(key, action, name, id=id_, tooltip=tooltip, show=False, key_display=shown)


APP_KEYS: list[BindingType] = [
    Binding(
        "question_mark",
        "help",
        "Keys",
        id="app.help",
        tooltip="Show the keys of this screen.",
        key_display="?",
    ),
    _hidden("b", "runs", "Runs", "Show the runs, and what failed."),
    _hidden("P", "pause", "Pause", "Pause or resume analysis on this machine."),
    _hidden("colon", "command_palette", "Palette", "Find an action by its name.", shown=":"),
    _hidden("ctrl+l", "redraw", "Redraw", "Draw the whole screen again."),
    # The terminal is raw, so that the shell's own key reaches it through us alone.
    _hidden("ctrl+z", "suspend_process", "Suspend", "Back to the shell; `fg` returns."),
]


def palette() -> type[Provider]:
    """Return the palette's list of actions."""
    # A late import: the palette is not needed for the first frame.
    from smtui.ui.commands import KeyCommands

    return KeyCommands
