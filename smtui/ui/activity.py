"""What runs, followed once for all screens: each status bar is given the present.

It stands apart from the session because it outlives screens and is only drawn by them.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiofiles

from smtui.domain.batch import RunId
from smtui.domain.errors import SmtuiError
from smtui.domain.pause import Pause
from smtui.files import write_whole_in_thread
from smtui.services.board import Overview
from smtui.ui.base_screen import BaseScreen
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.workers import DOING

if TYPE_CHECKING:
    from textual.app import App

    from smtui.services.box import Services
    from smtui.ui.session import OpenSession

_log = logging.getLogger(__name__)

_AGAIN = 5.0
_TOAST_SECONDS = 4.0


class Activity:
    """Keeps every status bar true, and remembers for the session which failures were looked at."""

    def __init__(
        self, app: App[Any], services: Services, session: OpenSession, kept: Path | None
    ) -> None:
        """`kept` is the file that keeps what was looked at; None keeps it in memory alone."""
        self._app = app
        self._services = services
        self._session = session
        self._kept = None if kept is None else kept.with_name("failures-seen.json")
        self._overview: Overview | None = None
        self._pause: Pause | None = None
        self._seen: dict[RunId, int] = {}

    async def keep_showing(self) -> None:
        """Follow the work of the person, without end."""
        self._seen = await self._load_seen()
        while True:
            try:
                async for overview in self._services.batches.overview(
                    self._session.account.user_id
                ):
                    self._overview = overview
                    self._show_all()
            except SmtuiError as error:
                self._tell(error)
            await asyncio.sleep(_AGAIN)

    async def keep_pause(self) -> None:
        """Follow whether this machine listens, without end."""
        while True:
            try:
                async for pause in self._services.pauses.watch():
                    self._pause = pause
                    self._show_all()
            except SmtuiError as error:
                self._tell(error)
            await asyncio.sleep(_AGAIN)

    def toggle_pause(self) -> None:
        """Hold all listening on this machine, or let it go on; a write of the person's."""
        self._app.run_worker(self._toggle_pause(), name="pause", group=DOING)

    async def _toggle_pause(self) -> None:
        pauses = self._services.pauses
        try:
            if await pauses.resume():
                words = "Analysis resumed on this machine"
            else:
                await pauses.pause()
                words = "Analysis is paused on this machine; P resumes"
            self._pause = await pauses.present()
        except SmtuiError as error:
            self._tell(error)
        else:
            self._show_all()
            self._app.notify(words, timeout=_TOAST_SECONDS, markup=False)

    def show(self, bar: StatusBar) -> None:
        """Give a bar the present."""
        bar.show_pause(_pause_words(self._pause))
        if self._overview is not None:
            bar.show_work(self._overview, new_failures=self._new_failures(self._overview))

    async def failures_seen(self, run_id: RunId, failed: int) -> None:
        """Take note that the person has seen what failed in a run."""
        if self._seen.get(run_id) == failed:
            return
        self._seen[run_id] = failed
        self._show_all()
        await self._save_seen()

    def _show_all(self) -> None:
        for bar in self._bars():
            self.show(bar)

    def _bars(self) -> Iterator[StatusBar]:
        for screen in self._app.screen_stack:
            yield from screen.query(StatusBar)

    def _tell(self, error: SmtuiError) -> None:
        for screen in reversed(self._app.screen_stack):
            if isinstance(screen, BaseScreen):
                screen.tell(error)
                return

    def _new_failures(self, overview: Overview) -> int:
        """How many files failed since one last looked; not what ended before the session began."""
        began = self._session.began_at
        return sum(
            max(0, run.failed - self._seen.get(run.run_id, 0))
            for run in overview.failing
            if run.finished_at is None or run.finished_at >= began or run.run_id in self._seen
        )

    @property
    def _named(self) -> str:
        """Name the session without its secret."""
        return f"{self._session.account.user_id} {self._session.began_at.isoformat()}"

    async def _load_seen(self) -> dict[RunId, int]:
        if self._kept is None:
            return {}
        try:
            async with aiofiles.open(self._kept, encoding="utf-8") as file:
                kept = json.loads(await file.read())
            if kept["session"] == self._named:
                return {RunId(str(run)): int(count) for run, count in kept["seen"].items()}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            _log.warning("which failures were looked at could not be read: %s", error)
        return {}

    async def _save_seen(self) -> None:
        if self._kept is None:
            return
        kept = {"session": self._named, "seen": self._seen}
        try:
            await write_whole_in_thread(self._kept, json.dumps(kept).encode())
        except OSError as error:
            _log.warning("which failures were looked at could not be kept: %s", error)


def _pause_words(pause: Pause | None) -> str:
    if pause is None:
        return ""
    end = "" if pause.until is None else f" {pause.end}"
    if pause.quiet_hours:
        return f"quiet hours on this machine{end}, P analyses anyway"
    return f"analysis is paused on this machine{end}; P resumes"
