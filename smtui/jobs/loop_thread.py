"""A thread beside the listening, with an event loop of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

EXIT_DEFECT = 70
"""What a child that ends itself leaves as its status: EX_SOFTWARE of sysexits.h."""

_AGAIN_SECONDS = 1.0

_log = logging.getLogger(__name__)


def run_in_thread(
    loop: asyncio.AbstractEventLoop,
    live: Callable[[], Coroutine[Any, Any, None]],
    *,
    name: str,
    ended: Callable[[], None],
) -> None:
    """Live in a thread of this name; what ends there does so by a defect, and `ended` is called."""

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(live())
        finally:
            _log.critical("The thread %s ends because of a defect", name, exc_info=True)
            ended()

    threading.Thread(target=run, name=name, daemon=True).start()


def end_child() -> None:
    """End this process, to be replaced; not at once, so that a lasting defect keeps nobody busy."""
    _log.critical("A child ends because of a defect")
    time.sleep(_AGAIN_SECONDS)
    os._exit(EXIT_DEFECT)
