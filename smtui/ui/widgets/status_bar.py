"""The line above the keys: what runs now, what failed, what is marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from smtui.domain.batch import RunId
from smtui.domain.drawn_names import drawn
from smtui.domain.scan import ScanProgress
from smtui.ui.draw.phrases import time_left

if TYPE_CHECKING:
    from smtui.services.board import Overview

Part = tuple[str, str]


class StatusBar(Widget):
    """Work at the left, marks at the right."""

    @dataclass
    class Mounted(Message):
        """A bar has come that knows nothing yet."""

        bar: StatusBar

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._overview: Overview | None = None
        self._new_failures = 0
        self._pause = ""
        self._scan: ScanProgress | None = None
        self._right = ""
        self._deed = ""

    @property
    def running(self) -> tuple[RunId, ...]:
        """The runs that have not ended."""
        runs = self._overview.runs if self._overview is not None else ()
        return tuple(run.run_id for run in runs if not run.status.ended)

    def on_mount(self) -> None:
        """Ask for the present."""
        self.post_message(self.Mounted(self))

    def show_work(self, overview: Overview, *, new_failures: int) -> None:
        """Say how far the listening is, and how many files failed since one last looked."""
        if (overview, new_failures) != (self._overview, self._new_failures):
            self._overview, self._new_failures = overview, new_failures
            self.refresh()

    def show_pause(self, words: str) -> None:
        """Say that this machine does not listen, or nothing."""
        if words != self._pause:
            self._pause = words
            self.refresh()

    def show_scan(self, progress: ScanProgress | None) -> None:
        """Say how far a scan is, or with None that there is none."""
        self._scan = progress
        self.refresh()

    def show_deed(self, words: str) -> None:
        """Say how far a long change of the person's is, or nothing."""
        self._deed = drawn(words)
        self.refresh()

    def show_marks(self, words: str) -> None:
        """Say what is marked."""
        self._right = drawn(words)
        self.refresh()

    def render(self) -> Content:
        """Draw one line of exactly the widget's width."""
        parts: list[Part] = [(self._deed, "$primary")] if self._deed else []
        if self._scan is not None and not self._scan.done:
            parts += scan_words(self._scan)
        if self._pause:
            parts.append((self._pause, "$warning"))
        if self._overview is not None:
            parts += work_words(self._overview, self._new_failures, paused=bool(self._pause))
        left = Content("  ").join(Content.assemble(part) for part in parts)
        right = Content.assemble((self._right, "$accent"))
        left = left.truncate(max(0, self.size.width - right.cell_length - 2), ellipsis=True)
        gap = self.size.width - left.cell_length - right.cell_length
        return left + Content(" " * max(1, gap)) + right


def scan_words(progress: ScanProgress) -> list[Part]:
    """Return in words how far a scan is: what it met, what was new, where it is."""
    parts = [(f"scanning {progress.seen:,}", "$primary")]
    if progress.added:
        parts.append((f"{progress.added:,} new", ""))
    if progress.unreadable_count:
        parts.append((f"{progress.unreadable_count:,} unreadable", "$error"))
    parts.append((drawn(progress.current.rpartition("/")[2]), "$quiet"))
    return parts


def work_words(overview: Overview, new_failures: int, *, paused: bool) -> list[Part]:
    """Say how far the listening is, how fast and how long only where it was measured."""
    parts: list[Part] = []
    if overview.busy:
        parts.append((f"analysing {overview.ended:,} of {overview.total:,}", "$primary"))
        if overview.waiting and not paused:
            parts.append((drawn(overview.waiting), "$warning"))
        if overview.rate is None and not paused and not overview.waiting:
            parts.append(("estimating ..." if overview.ended else "starting ...", "$secondary"))
        if overview.rate is not None and not paused:
            parts.append(
                (
                    f"{overview.rate:,.0f}/s" if overview.rate >= 10 else f"{overview.rate:.1f}/s",
                    "$secondary",
                )
            )
        if overview.seconds_left is not None and not paused:
            parts.append((f"{time_left(overview.seconds_left)} left", "$secondary"))
    if new_failures:
        parts.append((f"{new_failures:,} failed (b: why)", "$error"))
    return parts
