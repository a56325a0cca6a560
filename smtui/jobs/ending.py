"""How a child ends the whole worker, and with which words.

A library that a newer smtui has changed is no passing trouble: every child would say so for ever.
The first one that meets it leaves a sentence with the parent and asks it to end, as whoever looks
after the worker would.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

_LONGEST = 2_000


class LastWords:
    """A pipe from the children to the parent; made in the parent, before there are children."""

    def __init__(self) -> None:
        self._parent = os.getpid()
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)

    def say(self, sentence: str) -> None:
        """Leave a sentence and ask the parent to end; called in a child."""
        # Full or without a reader: the first one's words are enough, and the parent is ending.
        with suppress(OSError):
            os.write(self._writing, sentence.encode()[:_LONGEST] + b"\n")
        with suppress(ProcessLookupError):
            os.kill(self._parent, signal.SIGTERM)

    def read(self) -> str:
        """Give the first sentence that a child left, empty where none did."""
        try:
            said = os.read(self._reading, _LONGEST)
        except BlockingIOError:
            return ""
        return said.decode(errors="replace").partition("\n")[0]
