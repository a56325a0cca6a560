"""The last line of a screen: its keys, and at the right end the one that tells all of them.

One widget that draws a line, because the keys change at every change of focus and a widget for
each key takes as long to lay out as the answer to a letter of a filter.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.events import Click
from textual.screen import Screen
from textual.widget import Widget

_GAP = 2
_BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A key as it is drawn: from column `start`, so many cells."""

    key: str
    start: int
    words: Content

    def covers(self, column: int) -> bool:
        return self.start <= column < self.start + self.words.cell_length


class KeyLine(Widget):
    """Keys that can be pressed now, those that fit; a click on one presses it."""

    ALLOW_SELECT = False

    def on_mount(self) -> None:
        """Draw anew whenever other keys count."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if self.is_attached and screen is self.screen and self.app.app_focus:
            self.refresh()

    def render(self) -> Content:
        """Draw one line of exactly the widget's width."""
        line = Content("")
        for shown in self._keys():
            line += Content(" " * (shown.start - line.cell_length)) + shown.words
        return line

    def on_click(self, event: Click) -> None:
        """Press the key under the mouse."""
        for shown in self._keys():
            if shown.covers(event.get_content_offset_capture(self).x):
                self.app.simulate_key(shown.key)

    def _keys(self) -> list[_Shown]:
        """Lay out what fits: the way to the help at the right end, the others before it.

        A key that does not fit is left out with those after it, but for the way back.
        """
        actions = self._by_action()
        room = self.content_size.width
        shown: list[_Shown] = []
        if "help" in actions:
            key, words = actions.pop("help")
            room -= words.cell_length
            shown = [_Shown(key=key, start=max(0, room), words=words)]
            room -= _GAP
        kept = actions[_BACK][1].cell_length + _GAP if _BACK in actions else 0
        start, left, before = 0, room - kept, []
        for action, (key, words) in actions.items():
            left += kept if action == _BACK else 0
            if words.cell_length > left:
                left = min(left, 0)
                continue
            before.append(_Shown(key=key, start=start, words=words))
            start += words.cell_length + _GAP
            left -= words.cell_length + _GAP
        return before + shown

    def _by_action(self) -> dict[str, tuple[str, Content]]:
        """Return key and words of each action that is shown, in the order of the bindings."""
        actions: dict[str, tuple[str, Content]] = {}
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show and binding.action not in actions:
                words = Content.assemble(
                    (self.app.get_key_display(binding), "bold $footer-key-foreground"),
                    (f" {binding.description}", "$footer-description-foreground"),
                )
                actions[binding.action] = (binding.key, words if enabled else words.stylize("dim"))
        return actions
