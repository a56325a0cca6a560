"""The palette, made from the keys: whatever a key can do here stands in it too."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from functools import partial
from typing import Any

from textual.binding import ActiveBinding
from textual.command import DiscoveryHit, Hit, Hits, Provider


class KeyCommands(Provider):
    """Every action that the screen under the palette offers now, with its key."""

    def _offered(self) -> Iterator[tuple[str, ActiveBinding]]:
        seen: set[str] = set()
        offers = self.screen.active_bindings.values()
        # What the last line shows is what people look for first.
        for offer in sorted(offers, key=lambda offer: not offer.binding.show):
            if offer.binding.id and offer.enabled and offer.binding.action not in seen:
                seen.add(offer.binding.action)
                key = self.app.get_key_display(offer.binding)
                yield f"{offer.binding.description}  ({key})", offer

    async def discover(self) -> Hits:
        """Give every action before anything is typed."""
        for title, offer in self._offered():
            yield DiscoveryHit(title, self._run(offer), help=offer.tooltip)

    async def search(self, query: str) -> Hits:
        """Give the actions whose name or explanation matches what is typed."""
        matcher = self.matcher(query)
        for title, offer in self._offered():
            score = max(matcher.match(title), matcher.match(offer.tooltip) / 2)
            if score > 0:
                yield Hit(score, matcher.highlight(title), self._run(offer), help=offer.tooltip)

    def _run(self, offer: ActiveBinding) -> partial[Coroutine[Any, Any, bool]]:
        return partial(self.app.run_action, offer.binding.action, offer.node)
