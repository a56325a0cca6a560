"""Letting a source run a few steps ahead of who consumes it, and work go to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from typing import Any, TypeVar

Step = TypeVar("Step")


async def prefetch(source: AsyncIterator[Step], *, steps: int) -> AsyncGenerator[Step, None]:
    """Yield what the source yields, while it works at most so many steps ahead.

    The source's error is raised after the steps before it. To be closed (`aclosing`) by whoever
    stops early.
    """
    waiting: asyncio.Queue[Step] = asyncio.Queue(steps)

    async def fill() -> None:
        async for step in source:
            await waiting.put(step)

    filling = asyncio.ensure_future(fill())
    try:
        while not (filling.done() and waiting.empty()):
            getting = asyncio.ensure_future(waiting.get())
            try:
                await asyncio.wait([filling, getting], return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not getting.done():
                    getting.cancel()
            if getting.done():
                yield getting.result()
        await filling
    finally:
        filling.cancel()
        await asyncio.wait([filling])


async def finish(work: Coroutine[Any, Any, Step]) -> Step:
    """Do work that a cancelled caller waits for all the same, such as saving what was read."""
    working = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise
