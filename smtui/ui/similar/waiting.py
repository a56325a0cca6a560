"""What is said while an answer takes a while: that it goes on, how far it is, or for how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from smtui.domain.search import Progress
from smtui.ui.base_screen import BaseScreen

# What comes sooner needs no words.
_SHOWN_AFTER = 0.4
# What takes longer may be stuck, and whoever waits sees by a number that smtui is not.
_COUNTED_AFTER = 2


@contextmanager
def waiting(room: BaseScreen, say: Callable[[str], None]) -> Iterator[Progress]:
    """Give what notes how many sounds of how many were looked at, and say so in time."""
    looked_at = ""
    begun = time.monotonic()

    def show() -> None:
        seconds = int(time.monotonic() - begun)
        told = looked_at or "Searching ..."
        say(f"{told} {seconds} s" if seconds >= _COUNTED_AFTER else told)

    def progress(done: int, of: int) -> None:
        nonlocal looked_at
        looked_at = f"Looked at {done:,} of {of:,} sounds ..."

    timer = room.set_interval(_SHOWN_AFTER, show)
    try:
        yield progress
    finally:
        timer.stop()
