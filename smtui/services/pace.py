"""How often to look at something that changes, and how fast it goes."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from contextlib import suppress

# How often counters are read while they change, and at most while they stand still, s.
_QUICK = 0.1
_SLOW = 1.0
# The rate is measured over the newest so many seconds, and not before it was watched so long.
_SPAN = 20.0
_LEAST_SPAN = 1.0
# The first ones wait for a worker to start: what they say of the pace is hours off.
_LEAST_FILES = 10


class Pulse:
    """Waits between two looks: briefly while things change, longer while they stand still."""

    def __init__(
        self,
        *,
        still_after: float = math.inf,
        quick: float = _QUICK,
        woken: asyncio.Event | None = None,
    ) -> None:
        """Take what is particular.

        Args:
            still_after: s without a change that are standing still.
            quick: s between changes.
            woken: ends a wait whenever it is set.
        """
        self._woken = woken or asyncio.Event()
        self._still_after = still_after
        self._quick = quick
        self._pause = quick
        self._last: object = None
        self._moved_at = time.monotonic()

    async def beat(self, seen: object, *, slow: float = _SLOW) -> None:
        """Take what was just seen and wait until the next look is due, at most `slow` s."""
        if seen != self._last:
            self._last, self._pause = seen, self._quick
            self._moved_at = time.monotonic()
        else:
            self._pause = min(self._pause * 1.5, slow)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause):
                await self._woken.wait()
        self._woken.clear()

    def stands_still(self) -> bool:
        """Say once per `still_after` seconds that nothing changed for so long."""
        if time.monotonic() - self._moved_at < self._still_after:
            return False
        self._moved_at = time.monotonic()
        return True


class Pace:
    """Files per second over the last seconds, None until it was watched long enough.

    `least`: so many have to end first.
    """

    def __init__(self, *, least: int = _LEAST_FILES) -> None:
        self._least = least
        self._seen: deque[tuple[float, int]] = deque()
        self._at_first: int | None = None

    def rate(self, ended: int) -> float | None:
        """Take how many files have ended by now and give the rate."""
        now = time.monotonic()
        if self._seen and ended < self._seen[-1][1]:
            # A run left the sum or was forgotten: what was measured speaks of something else.
            self._seen.clear()
            self._at_first = None
        if self._at_first is None:
            self._at_first = ended
        self._seen.append((now, ended))
        while now - self._seen[0][0] > _SPAN:
            self._seen.popleft()
        began, had = self._seen[0]
        if now - began < _LEAST_SPAN or ended == had or ended - self._at_first < self._least:
            return None
        return (ended - had) / (now - began)
