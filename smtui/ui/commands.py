"""The palette, made from the keys: whatever a key can do here stands in it too.

What is done so seldom that it has no key (signing out) comes last, from the app.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider


class _Offer(NamedTuple):
    """A line of the palette."""

    title: str
    help: str
    run: Callable[[], Any]


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
        """Give every action before anything is typed."""
        for offer in self._offered():
            yield DiscoveryHit(offer.title, offer.run, help=offer.help)

    async def search(self, query: str) -> Hits:
        """Give the actions whose name or explanation matches what is typed."""
        matcher = self.matcher(query)
        for offer in self._offered():
            score = max(matcher.match(offer.title), matcher.match(offer.help) / 2)
            if score > 0:
                yield Hit(score, matcher.highlight(offer.title), offer.run, help=offer.help)
