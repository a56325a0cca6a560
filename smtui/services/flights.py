"""One computation for all who wait for the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")


class Flights(Generic[Key, Result]):
    """Computations under way, by what is computed.

    Whoever asks for what is being computed waits for it with the others and has the same result
    or the same error. The computation stops only when nobody waits for it any more.
    """

    def __init__(self) -> None:
        self._going: dict[Key, asyncio.Task[Result]] = {}
        self._waiting: dict[Key, int] = {}

    async def result(self, key: Key, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Return the result of `work`, which is called only if nobody is at it."""
        task = self._going.get(key)
        if task is None:
            task = self._going[key] = asyncio.create_task(work())
            self._waiting[key] = 0
            task.add_done_callback(lambda done: self._ended(key, done))
        self._waiting[key] += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._left(key, task)

    def _left(self, key: Key, task: asyncio.Task[Result]) -> None:
        if self._going.get(key) is not task:
            return
        self._waiting[key] -= 1
        if not self._waiting[key]:
            # Who asks from now on must not wait for one that is ending.
            self._forget(key)
            task.cancel()

    def _ended(self, key: Key, task: asyncio.Task[Result]) -> None:
        if self._going.get(key) is task:
            self._forget(key)
        if not task.cancelled():
            # Everybody who would have been told of an error may have left.
            task.exception()

    def _forget(self, key: Key) -> None:
        del self._going[key], self._waiting[key]


class Aside:
    """Work that nobody should wait for, finished before the end."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Future[None]] = set()

    def do(self, work: Awaitable[None]) -> None:
        """Begin it."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def end(self) -> None:
        """Wait for all of it."""
        await asyncio.gather(*self._under_way)
