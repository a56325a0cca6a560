"""Keys that come in a burst are taken one after the other, each where the one before has led.

Textual gives a key at once to what has the focus now. Over a slow line several keys arrive
together, and of `/kick` all would go to the table, where `k` moves the cursor and others act,
because the filter line has the focus only once `/` was done. Of `/kick`, enter, `jj` the last two
are for the sounds that the filter finds: they wait until the screen has its answer.
It stands apart from the app because it knows of keys alone, not of screens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from textual.app import App
from textual.dom import DOMNode
from textual.events import Event, Key
from textual.timer import Timer

_PATIENCE_SECONDS = 0.5
"""A key that something between the focus and the app has kept is not heard of again."""

_ROUNDS = 3
"""Enter in a line is a message, which makes another one, which moves the focus."""

_LOOK_AGAIN_SECONDS = 0.02

_WORTH_A_WORD_SECONDS = 1.0


class TypeAhead:
    """Holds a key back until the one before it is done, and until the screen can take it.

    `hand_on` is what the app does with a key by itself; `waits` is true while what is typed is for
    something that is not there yet.
    """

    def __init__(
        self, app: App[Any], hand_on: Callable[[Event], Awaitable[None]], waits: Callable[[], bool]
    ) -> None:
        self._app = app
        self._hand_on = hand_on
        self._waits = waits
        self._in_hand: Key | None = None
        self._held_back: deque[Key] = deque()
        self._waiting: tuple[Timer, ...] = ()
        self._said_that_it_waits = False

    @property
    def has_keys(self) -> bool:
        """True while a key is not done or not taken yet."""
        return self._in_hand is not None or bool(self._held_back)

    async def take(self, key: Key) -> None:
        """Take the next key only when the last one came back or was kept."""
        if key.is_forwarded:
            await self._hand_on(key)
            self._done(key)
        elif self._waiting and self._leads_out(key):
            self.drop_keys()
            await self._take(key)
        else:
            self._held_back.append(key)
            await self._take_next()

    def drop_keys(self) -> None:
        """Forget what waits: what it was meant for does not come."""
        self._held_back.clear()
        self._stop_waiting()

    def _leads_out(self, key: Key) -> bool:
        """Who was told that the keys wait may drop them."""
        return key.key == "ctrl+q" or (key.key == "escape" and self._said_that_it_waits)

    async def _take_next(self) -> None:
        """Take the key that was typed first, unless it is for what is not there yet."""
        if self._in_hand is not None or not self._held_back:
            return
        if not self._waits():
            self._stop_waiting()
            await self._take(self._held_back.popleft())
        elif not self._waiting:
            self._waiting = (
                self._app.set_interval(_LOOK_AGAIN_SECONDS, self._take_next),
                self._app.set_timer(_WORTH_A_WORD_SECONDS, self._say_that_it_waits),
            )

    def _stop_waiting(self) -> None:
        for timer in self._waiting:
            timer.stop()
        self._waiting = ()
        self._said_that_it_waits = False

    def _say_that_it_waits(self) -> None:
        self._said_that_it_waits = True
        self._app.notify("What you typed waits for the answer; Esc drops it", markup=False)

    async def _take(self, key: Key) -> None:
        self._in_hand = key
        target = self._focused
        await self._hand_on(key)
        if not key.is_forwarded:
            self._done(key)
            return
        self._app.set_timer(_PATIENCE_SECONDS, partial(self._next, key))
        # Behind the key in the line of whoever got it.
        target.call_later(self._done_if_kept, key)

    def _done_if_kept(self, key: Key) -> None:
        if key._stop_propagation:
            self._done(key)

    def _done(self, key: Key) -> None:
        """Let what the key began take the focus first."""
        if key is self._in_hand:
            way = [*self._focused.ancestors_with_self]
            self._follow(deque(way * _ROUNDS), key)

    def _follow(self, way: deque[DOMNode], key: Key) -> None:
        """Go behind all messages that wait at each node of a way; then the next key may come."""
        while way:
            # A screen that the key has closed takes nothing any more.
            if way.popleft().call_later(self._follow, way, key):
                return
        self._app.call_later(self._next, key)

    async def _next(self, key: Key) -> None:
        if key is self._in_hand:
            self._in_hand = None
            await self._take_next()

    @property
    def _focused(self) -> DOMNode:
        return self._app.focused or self._app.screen
