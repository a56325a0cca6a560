"""A person's writes belong to the app, which waits for them before it leaves a screen or quits."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

DOING = "doing"
"""The group of the workers that write."""


async def all_done(app: App[Any], *, seconds: float | None = None) -> bool:
    """Wait until the writes that the person began are done; False if some are not in time."""
    waits = [
        asyncio.ensure_future(worker.wait())
        for worker in app.workers
        if worker.group == DOING and not worker.is_finished
    ]
    if not waits:
        return True
    done, late = await asyncio.wait(waits, timeout=seconds)
    for wait in done:
        # The failure itself was told where it happened.
        wait.exception()
    return not late
