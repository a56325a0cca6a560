"""The first frame, shown while services are opened, and what is said when they cannot be."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from smtui.domain.drawn_names import drawn
from smtui.domain.errors import SmtuiError

if TYPE_CHECKING:
    from smtui.services.box import Services

_log = logging.getLogger(__name__)

CLOSING_GRACE = 5.0
"""For how long what is open may take to close, s."""


class OpeningScreen(Screen[None]):
    """Says "opening", or why that failed and what to do about it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "again",
            "Try again",
            id="opening.again",
            tooltip="Retry opening the library.",
            show=False,
        ),
    ]

    @dataclass
    class Again(Message):
        """The person wants what failed to be tried once more."""

    def compose(self) -> ComposeResult:
        """Lay out one calm box in the middle."""
        with Vertical(id="opening"):
            yield Static("smtui", id="opening-name")
            yield Static("opening", id="opening-words")

    def fail(self, error: SmtuiError) -> None:
        """Say what happened, what to do, and how to leave."""
        self.add_class("-failed")
        words = [(f"{drawn(error.title)}.", "bold")]
        if error.hint:
            words.append((f"\n\n{drawn(error.hint)}", ""))
        words.append(("\n\nenter tries again    ctrl+q quits", "dim"))
        self.query_one("#opening-words", Static).update(Content.assemble(*words))

    def action_again(self) -> None:
        """Try once more, if it has failed."""
        if self.has_class("-failed"):
            self.remove_class("-failed")
            self.query_one("#opening-words", Static).update("opening")
            self.post_message(self.Again())


class OpenServices:
    """Enters and leaves the services in one task, as task groups inside them require.

    Attributes:
        are_opening: what is typed now is for the library that is opened.
    """

    def __init__(
        self,
        app: App[Any],
        open_services: Callable[[], AbstractAsyncContextManager[Services]],
        use: Callable[[Services], Awaitable[None]],
        failed: Callable[[Exception], None],
    ) -> None:
        """`use` shows the first screen, `failed` takes what no screen can tell."""
        self.are_opening = True
        self._app = app
        self._open = open_services
        self._use = use
        self._failed = failed
        self._leaving = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._are_open = False

    def begin(self) -> None:
        """Open them; once more after that failed."""
        self.are_opening, self._are_open = True, False
        self._task = asyncio.create_task(self._keep(), name="services")
        self._task.add_done_callback(self._ended)

    async def _keep(self) -> None:
        async with self._open() as services:
            self._are_open = True
            await self._use(services)
            self.are_opening = False
            await self._leaving.wait()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.are_opening = False
        error = None if task.cancelled() else task.exception()
        if isinstance(error, SmtuiError):
            _log.error("services: %s", error)
            if isinstance(self._app.screen, OpeningScreen):
                self._app.screen.fail(error)
        if isinstance(error, Exception):
            self._failed(error)

    async def close(self) -> None:
        """Close them in the task that opened them."""
        self._leaving.set()
        if self._task is None:
            return
        if not self._are_open:
            self._task.cancel()
        _, late = await asyncio.wait({self._task}, timeout=CLOSING_GRACE)
        for task in late:
            task.cancel()
