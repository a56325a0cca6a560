"""How far the open run is: a bar, the share, files a second, times real time."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from smtui.services.board import Standing
from smtui.ui.draw.phrases import time_left
from smtui.ui.draw.runs import state_word

_MOST = 60


class RunBar(Widget):
    """One line; the bar yields to the words."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._standing: Standing | None = None

    def show(self, standing: Standing | None) -> None:
        """Show a run, or that there is none."""
        if standing != self._standing:
            self._standing = standing
            self.refresh()

    def render(self) -> Content:
        """Draw one line of exactly the widget's width."""
        if self._standing is None:
            return Content(" " * self.size.width)
        run = self._standing.progress
        share = run.tried_files / run.total if run.total else 1.0
        words = "  ".join(part for part in (f"{int(share * 100)}%", *self._words()) if part)
        room = max(0, min(_MOST, self.size.width - len(words) - 4))
        done = int(room * share)
        bad = min(done, -(-room * run.failed // run.total)) if run.failed and run.total else 0
        line = Content.assemble(
            "[",
            ("=" * (done - bad), "$primary"),
            ("=" * bad, "$error"),
            ("-" * (room - done), "$faint"),
            f"]  {words}",
        )
        return line.truncate(self.size.width, ellipsis=True)

    def _words(self) -> tuple[str, ...]:
        assert self._standing is not None
        run, rate, speed = self._standing.progress, self._standing.rate, self._standing.speed
        left = run.total - run.ended_files
        if run.status.ended:
            begun, ended = run.started_at or run.created_at, run.finished_at
            took = "" if ended is None else f"in {time_left((ended - begun).total_seconds())}"
            return (
                f"{run.completed:,} analysed",
                counted(run.failed, "failed"),
                counted(run.cancelled, "cancelled"),
                took,
            )
        return (
            f"{left:,} left",
            counted(run.failed, "failed"),
            "" if rate is None else (f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"),
            "" if speed is None else f"{speed:,.3g}x real time",
            state_word(run) if rate is None else "",
        )


def counted(number: int, word: str) -> str:
    """Say a number that is not 0."""
    return f"{number:,} {word}" if number else ""
