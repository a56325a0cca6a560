"""One line of a terminal that is written over and over while something goes on."""

from __future__ import annotations

import sys


class RewrittenLine:
    """On standard error; where that is no terminal nothing is written."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()

    def show(self, words: str) -> None:
        """Write this in place of what stood there."""
        if self.terminal:
            sys.stderr.write(f"\r{_encodable(words)}\x1b[K")
            sys.stderr.flush()

    def leave(self) -> None:
        """Free the line for what comes next."""
        if self.terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _encodable(words: str) -> str:
    encoding = sys.stderr.encoding or "utf-8"
    return words.encode(encoding, errors="replace").decode(encoding)
