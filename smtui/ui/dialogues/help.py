"""Show the keys of this screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

HERE, EVERYWHERE, MOVING = "Keys", "Everywhere", "Moving"
_GROUPS = {"app": EVERYWHERE, "table": MOVING}

FILTERS = """\
Words find names, folders and tags. Conditions narrow them:
  bpm:120..128  bpm:~126  key:Am  kind:kick  length:<1s  loud:>-12
  tag:house  in:drums  format:wav  is:loop  is:failed  bpm:-
A - in front excludes: -loop  -tag:dusty
Space means and, | means or, "two words" stay together."""


def _scroll(key: str, action: str, name: str, id_: str) -> Binding:
    return Binding(key, action, name, id=f"help.{id_}", tooltip=f"{name}.", show=False)


class HelpScreen(ModalScreen[None]):
    """Every key that works where one is, from the bindings themselves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "back", "Back", id="help.back", tooltip="Close this."),
        _scroll("j,down", "scroll(1)", "Down", "down"),
        _scroll("k,up", "scroll(-1)", "Up", "up"),
        _scroll("ctrl+d", "half(1)", "Half a page down", "half_down"),
        _scroll("ctrl+u", "half(-1)", "Half a page up", "half_up"),
        _scroll("pagedown", "half(2)", "A page down", "page_down"),
        _scroll("pageup", "half(-2)", "A page up", "page_up"),
        _scroll("g,home", "top", "Top", "top"),
        _scroll("G,end", "bottom", "End", "end"),
    ]

    def __init__(self, offers: Sequence[ActiveBinding]) -> None:
        super().__init__()
        self._offers = offers

    def compose(self) -> ComposeResult:
        """Lay out a line per action: keys, what they do, the id by which they are remapped."""
        with Vertical(classes="dialogue help"), VerticalScroll(can_focus=False):
            for group, lines in self._grouped().items():
                yield Static(Content.styled(group, "bold $primary"), classes="dialogue-title")
                yield Static(Content("\n").join(lines))
            yield Static(Content.styled("Filter", "bold $primary"), classes="dialogue-title")
            yield Static(Content(FILTERS))

    def _grouped(self) -> dict[str, list[Content]]:
        keys: dict[str, list[str]] = {}
        words: dict[str, str] = {}
        for offer in self._offers:
            if offer.binding.id and offer.enabled:
                shown = self.app.get_key_display(offer.binding)
                keys.setdefault(offer.binding.id, []).append(shown)
                words[offer.binding.id] = offer.tooltip or offer.binding.description
        named = {id_: " ".join(dict.fromkeys(them)) for id_, them in keys.items()}
        width = max((cell_len(text) for text in named.values()), default=0)
        grouped: dict[str, list[Content]] = {HERE: [], EVERYWHERE: [], MOVING: []}
        for id_, text in named.items():
            group = _GROUPS.get(id_.partition(".")[0], HERE)
            key = (text.rjust(width), "bold $primary")
            grouped[group].append(Content.assemble(key, f"  {words[id_]}  ", (id_, "$quiet")))
        return {group: lines for group, lines in grouped.items() if lines}

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self._scrolled.scroll_relative(y=lines, animate=False)

    def action_half(self, pages: int) -> None:
        """Scroll by so many halves of what is seen at once."""
        self.action_scroll(pages * max(1, self._scrolled.size.height // 2))

    def action_top(self) -> None:
        """Scroll to the first key."""
        self._scrolled.scroll_home(animate=False)

    def action_bottom(self) -> None:
        """Scroll to the last words."""
        self._scrolled.scroll_end(animate=False)

    @property
    def _scrolled(self) -> VerticalScroll:
        return self.query_one(VerticalScroll)

    def action_back(self) -> None:
        """Close."""
        self.dismiss()
