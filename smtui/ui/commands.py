"""The palette, made from the keys: whatever a key can do here stands in it too.

What is done so seldom that it has no key (signing out) comes last, from the app.
It stands apart from the app because it is imported when the palette is first opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from smtui.domain.text import folded

_TITLE_CELLS = 24
_STARTS, _HAS, _EXPLAINS = 3.0, 2.0, 1.0


class _Offer(NamedTuple):
    """A line of the palette."""

    title: str
    help: str
    run: Callable[[], Any]

    @property
    def line(self) -> Text:
        """Return name, key and explanation in one line."""
        words = Text(self.title.ljust(_TITLE_CELLS), no_wrap=True, overflow="ellipsis", end="")
        return words.append(f" {self.help}", "dim")


class KeyCommands(Provider):
    """Every action that the screen under the palette offers now, with its key."""

    def _offered(self) -> Iterator[_Offer]:
        seen: set[str] = set()
        offers = self.screen.active_bindings.values()
        # What the last line shows is what people look for first.
        for offer in sorted(offers, key=lambda offer: not offer.binding.show):
            if offer.binding.id and offer.enabled and offer.binding.action not in seen:
                seen.add(offer.binding.action)
                key = self.app.get_key_display(offer.binding)
                run = partial(self.app.run_action, offer.binding.action, offer.node)
                yield _Offer(f"{offer.binding.description}  ({key})", offer.tooltip, run)
        for command in self.app.get_system_commands(self.screen):
            yield _Offer(command.title, command.help, command.callback)

    async def discover(self) -> Hits:
        """Yield every action before anything is typed."""
        for offer in self._offered():
            yield DiscoveryHit(offer.line, offer.run, text=offer.title)

    async def search(self, query: str) -> Hits:
        """Yield the actions whose name or explanation has every word that is typed."""
        for offer in self._offered():
            score = matched(query, offer.title, offer.help)
            if score:
                yield Hit(score, offer.line, offer.run, text=offer.title)


def matched(query: str, title: str, explanation: str) -> float:
    """Say how well every word of a query is found: begun in the name, in it, or explained; or 0."""
    name, words = folded(title), folded(explanation)
    scores = []
    for word in folded(query).split():
        if any(part.strip("()").startswith(word) for part in name.split()):
            scores.append(_STARTS)
        elif word in name:
            scores.append(_HAS)
        elif any(part.startswith(word) for part in words.split()):
            scores.append(_EXPLAINS)
        else:
            return 0.0
    return sum(scores) / len(scores) if scores else 0.0
