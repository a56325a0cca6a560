"""Whether somebody sits at the screen: what it looks at by itself it else looks at less often."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

_ALONE_AFTER = 20.0
_LONGER = 4.0


class Attention:
    """Waits between two looks; four times as long once no key has come for 20 s."""

    def __init__(self) -> None:
        self._touched_at = time.monotonic()
        self._touched = asyncio.Event()

    @property
    def rested(self) -> float:
        """For how long no key has come, s."""
        return time.monotonic() - self._touched_at

    def touch(self) -> None:
        """Take note of a key or the mouse; whoever waits long looks now."""
        self._touched_at = time.monotonic()
        self._touched.set()

    async def pause(self, seconds: float) -> None:
        """Wait so long, or longer while nobody is there."""
        if self.rested < _ALONE_AFTER:
            await asyncio.sleep(seconds)
            return
        self._touched.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGER * seconds):
                await self._touched.wait()
