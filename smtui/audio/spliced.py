"""A file as a decoder should see it: some of its bytes, others in front or in their place.

Nothing is copied: what is read comes from the file's descriptor, so a view of a long file is
small. The descriptor's own place is never moved.
"""

from __future__ import annotations

import bisect
import io
import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Bytes `start` up to `stop` of the file."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


Part = bytes | Extent


class Spliced(io.RawIOBase):
    """Parts one after the other, to be read and sought in like a file."""

    def __init__(self, descriptor: int, parts: Sequence[Part]) -> None:
        """Take parts of the descriptor's file; it stays open and belongs to the caller."""
        super().__init__()
        self._descriptor = descriptor
        self._parts = [part for part in parts if len(part)]
        self._starts = [0, *itertools.accumulate(len(part) for part in self._parts)]
        self.size = self._starts.pop()
        self._place = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place that is read next."""
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Make another place the next; places behind the end are as of a file."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer: object) -> int:
        """Fill the buffer as far as there is something left."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        filled = 0
        while filled < len(view) and (got := self._some(len(view) - filled)):
            view[filled : filled + len(got)] = got
            filled += len(got)
        return filled

    def _some(self, count: int) -> bytes:
        """Read at most `count` bytes of the part at the place; none at the end."""
        if self._place >= self.size:
            return b""
        number = bisect.bisect_right(self._starts, self._place) - 1
        part, within = self._parts[number], self._place - self._starts[number]
        count = min(count, len(part) - within)
        if isinstance(part, Extent):
            got = os.pread(self._descriptor, count, part.start + within)
        else:
            got = part[within : within + count]
        self._place += len(got)
        return got
