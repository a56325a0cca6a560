"""Keys that come in a burst are taken one after the other, each where the one before has led.

Textual gives a key at once to what has the focus now. Over a slow line several keys arrive
together, and of `/kick` all would go to the table, where `k` moves the cursor and others act,
because the filter line has the focus only once `/` was done.
"""

from __future__ import annotations

from collections import deque
from functools import partial

from textual.app import App
from textual.dom import DOMNode
from textual.events import Event, Key

_PATIENCE_SECONDS = 0.5
"""A key that something between the focus and the app has kept is not heard of again."""

_ROUNDS = 3
"""Enter in a line is a message, which makes another one, which moves the focus."""


class TypeAhead(App[None]):
    """Holds a key back until the one before it is done."""

    def __init__(self) -> None:
        super().__init__()
        self._in_hand: Key | None = None
        self._held_back: deque[Key] = deque()

    async def on_event(self, event: Event) -> None:
        """Take the next key only when the last one came back or was kept."""
        if not isinstance(event, Key):
            await super().on_event(event)
        elif event.is_forwarded:
            await super().on_event(event)
            self._done(event)
        elif self._in_hand is None:
            await self._take(event)
        else:
            self._held_back.append(event)

    async def _take(self, key: Key) -> None:
        self._in_hand = key
        target = self.focused or self.screen
        await super().on_event(key)
        if not key.is_forwarded:
            self._done(key)
            return
        self.set_timer(_PATIENCE_SECONDS, partial(self._next, key))
        # Behind the key in the line of whoever got it.
        target.call_later(self._kept, key)

    def _kept(self, key: Key) -> None:
        if key._stop_propagation:
            self._done(key)

    def _done(self, key: Key) -> None:
        """Let what the key began take the focus first."""
        if key is self._in_hand:
            way = [*(self.focused or self.screen).ancestors_with_self]
            self._follow(deque(way * _ROUNDS), key)

    def _follow(self, way: deque[DOMNode], key: Key) -> None:
        """Go behind all messages that wait at each node of a way; then the next key may come."""
        while way:
            # A screen that the key has closed takes nothing any more.
            if way.popleft().call_later(self._follow, way, key):
                return
        self.call_later(self._next, key)

    async def _next(self, key: Key) -> None:
        if key is self._in_hand:
            self._in_hand = None
            if self._held_back:
                await self._take(self._held_back.popleft())
