"""The application: opens the services and the screens, and leaves in good order."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.binding import Binding, BindingType
from textual.constants import TEXTUAL_ANIMATIONS
from textual.driver import Driver
from textual.events import DescendantFocus, Event, InputEvent
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import WorkerFailed

from smtui.domain.errors import ServerUnavailable, SmtuiError
from smtui.paths import styles
from smtui.ui.app_keys import APP_KEYS, palette
from smtui.ui.attention import Attention
from smtui.ui.changed_cells import Sent
from smtui.ui.clipboard import Copying
from smtui.ui.driver import TitledDriver
from smtui.ui.memory import Freezing, let_dead_widgets_go
from smtui.ui.navigation import Doors
from smtui.ui.opening import OpeningScreen
from smtui.ui.options import Options
from smtui.ui.plain import choose_scrollbars, key_name
from smtui.ui.reading_place import LeadingCursor
from smtui.ui.terminal import hung_up
from smtui.ui.theme import THEMES
from smtui.ui.tmux import over_ssh
from smtui.ui.workers import all_done

if TYPE_CHECKING:
    from smtui.services.accounts import SignedIn
    from smtui.services.box import Services
    from smtui.ui.account.screen import LoginScreen
    from smtui.ui.session import OpenSession

_log = logging.getLogger(__name__)

_SIGNAL_GRACE = 2.0
_TERMINAL_SECONDS = 1.0
_QUIT_GRACE = 10.0
_CLOSING_GRACE = 5.0
_DEFECT = 70
_SIGNED_OUT_GRACE = 0.2
# The default screen and the library: what is open on top of it would be kept after it was left.
_LIBRARY_ALONE = 2
_WATCHING_SESSION = "watching-session"
_WATCHING_WORK = "watching-work"
_WATCHING_PAUSE = "watching-pause"


class SmtuiApp(Copying, LeadingCursor, Doors):
    """Opens screens, nothing more."""

    TITLE = "smtui"
    CSS_PATH = str(styles() / "base.tcss")
    COMMANDS: ClassVar = {palette}
    CLOSE_TIMEOUT = _CLOSING_GRACE
    BINDINGS: ClassVar[list[BindingType]] = APP_KEYS

    def __init__(
        self,
        open_services: Callable[[], AbstractAsyncContextManager[Services]],
        options: Options,
    ) -> None:
        super().__init__()
        let_dead_widgets_go()
        self.options = options
        self.attention = Attention()
        self._open_services = open_services
        self._freezing = Freezing()
        self._leaving = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._entering = True
        self._last_wish: asyncio.Task[None] | None = None
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = options.theme
        if options.thin_line:
            self.animation_level = "none"
        self.set_class(options.ascii, "-ascii")
        choose_scrollbars(ascii_alone=options.ascii)
        self.set_keymap(dict(options.keymap))

    def get_driver_class(self) -> type[Driver]:
        """Talk to the terminal by the driver that names its window."""
        return TitledDriver

    def get_default_screen(self) -> Screen[None]:
        """Show "opening" first; nothing else is imported before it is drawn."""
        return OpeningScreen()

    def on_mount(self) -> None:
        """Listen to signals, and open the services once the first frame is drawn."""
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self._told_to_leave, number)
            self.set_interval(_TERMINAL_SECONDS, self._look_each_second)
        self.call_after_refresh(self._begin)

    def on_opening_screen_again(self) -> None:
        """Open the services once more."""
        self._services = None
        self._begin()

    @property
    def keys_wait(self) -> bool:
        """What is typed while the library opens is for the library."""
        return self._entering or super().keys_wait

    def _begin(self) -> None:
        self._entering = True
        self._keeping = asyncio.create_task(self._keep_services(), name="services")
        self._keeping.add_done_callback(self._services_ended)

    async def _keep_services(self) -> None:
        """Enter and leave the services in one task, as task groups inside them require."""
        async with self._open_services() as services:
            self._services = services
            await self._learn_the_line()
            await self._enter(services)
            self._entering = False
            await self._leaving.wait()

    async def _learn_the_line(self) -> None:
        """Take the line for thin or not as tmux says, which knows who is attached now."""
        thin = await over_ssh() if self.options.asks_tmux else None
        if thin is not None:
            self.options = replace(self.options, thin_line=thin)
            self.animation_level = "none" if thin else TEXTUAL_ANIMATIONS

    def _services_ended(self, task: asyncio.Task[None]) -> None:
        self._entering = False
        error = None if task.cancelled() else task.exception()
        if isinstance(error, SmtuiError):
            self.drop_keys()
            _log.error("services: %s", error)
            if isinstance(self.screen, OpeningScreen):
                self.screen.fail(error)
        elif isinstance(error, Exception):
            self._handle_exception(error)

    async def _enter(self, services: Services) -> None:
        """Go straight to the library where the last session still lives, else sign in."""
        try:
            signed_in = await services.accounts.resume()
        except ServerUnavailable as error:
            # The form says how the servers are, and signs in as soon as they are back.
            await self._open_login(services, str(error))
            self.run_worker(self._until_resumed(services), group=_WATCHING_SESSION)
            return
        if signed_in is None:
            await self._open_login(services)
        else:
            await self._open_library(services, signed_in)

    async def _until_resumed(self, services: Services) -> None:
        """Go on in the library when the sessions can be had again."""
        from smtui.ui.session import resumed

        signed_in = await resumed(services.accounts)
        if signed_in is not None:
            await self._open_library(services, signed_in)

    async def _open_login(self, services: Services, why: str = "") -> None:
        # Late imports: screens and their widgets are not needed for the first frame.
        from smtui.ui.account.screen import LoginScreen

        # Commands for the library are no name and no password, and their enter signs nobody in.
        self.drop_keys()
        try:
            welcome = not await services.accounts.any_account()
        except SmtuiError as error:
            # Who was signed out gets the form, whatever else is away.
            welcome, why = False, why or str(error)
        await self._go_to(LoginScreen(services, self.options, welcome=welcome, why=why))

    async def _open_library(self, services: Services, signed_in: SignedIn) -> None:
        from smtui.ui.activity import Activity
        from smtui.ui.library.screen import LibraryScreen
        from smtui.ui.session import OpenSession

        self._session = OpenSession(services.accounts, signed_in, self.attention)
        await self._go_to(LibraryScreen(services, signed_in.account, self.options, self.attention))
        self._working = Activity(self, services, self._session, self.options.last_seen)
        self.run_worker(
            self._until_signed_out(services, self._session),
            group=_WATCHING_SESSION,
            exclusive=True,
        )
        self.run_worker(self._working.keep_showing(), group=_WATCHING_WORK, exclusive=True)
        self.run_worker(self._working.keep_pause(), group=_WATCHING_PAUSE, exclusive=True)

    async def _go_to(self, screen: Screen[None]) -> None:
        # The first screen of Textual's stack can be covered, not replaced.
        if isinstance(self.screen, OpeningScreen):
            await self.push_screen(screen)
        else:
            await self.switch_screen(screen)

    async def on_login_screen_signed_in(self, message: LoginScreen.SignedIn) -> None:
        """Open the library for who signed in."""
        assert self._services is not None
        await self._open_library(self._services, message.signed_in)

    async def on_login_screen_accounts_appeared(self) -> None:
        """Ask who comes where a newcomer was welcomed to a library that is not new."""
        assert self._services is not None
        await self._open_login(self._services, "The library has accounts again. Sign in.")

    async def sign_out(self) -> None:
        """End the session and ask who comes next."""
        if self._services is None or self._session is None:
            return
        self.workers.cancel_group(self, _WATCHING_SESSION)
        await all_done(self, seconds=_QUIT_GRACE)
        await self._session.end()
        await self._back_to_login(self._services)

    async def _until_signed_out(self, services: Services, session: OpenSession) -> None:
        """Keep the session alive; go to the login when it was ended elsewhere."""
        why = await session.ended(self)
        # What was begun goes on behind the form.
        await all_done(self, seconds=_SIGNED_OUT_GRACE)
        await self._back_to_login(services, why)

    async def _back_to_login(self, services: Services, why: str = "") -> None:
        self._session = self._working = None
        for group in (_WATCHING_WORK, _WATCHING_PAUSE):
            self.workers.cancel_group(self, group)
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        await self._open_login(services, why)

    def get_key_display(self, binding: Binding) -> str:
        """Name a key, in ASCII alone where nothing else can be drawn."""
        name = super().get_key_display(binding)
        return key_name(name) if self.options.ascii else name

    def action_help_quit(self) -> None:
        """Say at ctrl+c how one leaves: it would be pressed by mistake too often to leave by."""
        self.notify("ctrl+q quits smtui", markup=False)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Send what changes on the terminal, and nothing where nothing does."""
        sends = self._running and not self._closed and not self._batch_count
        if isinstance(renderable, LayoutUpdate | ChopsUpdate) and sends:
            super()._display(screen, self._changed(renderable))  # type: ignore[arg-type]
        else:
            super()._display(screen, renderable)

    def _changed(self, update: LayoutUpdate | ChopsUpdate) -> CompositorUpdate | None:
        if not isinstance(self._driver, TitledDriver):
            return update
        written = self._driver.shown.written(update, self.size, self.console)
        cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
        return Sent(written) if written or cursor != self._previous_cursor_position else None

    async def on_event(self, event: Event) -> None:
        """Take note that somebody is there."""
        if isinstance(event, InputEvent):
            self.attention.touch()
        await super().on_event(event)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Let no cursor blink: each change would go over the line, for as long as one types."""
        if isinstance(event.widget, Input):
            event.widget.cursor_blink = False

    def action_redraw(self) -> None:
        """Redraw the screen."""
        if isinstance(self._driver, TitledDriver):
            self._driver.shown.forget()
        self.refresh(layout=True)

    async def action_quit(self) -> None:
        """Leave once what the person did is saved."""
        await self._leave(0, seconds=_QUIT_GRACE)

    def _look_each_second(self) -> None:
        if self._session is not None and len(self.screen_stack) == _LIBRARY_ALONE:
            self._freezing.look(rested=self.attention.rested)
        if self._last_wish is None and hung_up():
            self._told_to_leave(signal.SIGHUP)

    def _told_to_leave(self, number: int) -> None:
        if number == signal.SIGHUP:
            # Nobody reads any more: drawing on would fill the driver's queue and block the loop.
            self._begin_batch()
        self._last_wish = asyncio.create_task(self._leave(128 + number, seconds=_SIGNAL_GRACE))

    async def _leave(self, status: int, *, seconds: float) -> None:
        if not await all_done(self, seconds=seconds):
            _log.error("left before every write was done")
        self.exit(return_code=status)

    async def on_unmount(self) -> None:
        """Close the services in the task that opened them."""
        self._leaving.set()
        if self._keeping is None:
            return
        if self._services is None:
            self._keeping.cancel()
        _, late = await asyncio.wait({self._keeping}, timeout=_CLOSING_GRACE)
        for task in late:
            task.cancel()

    def _handle_exception(self, error: Exception) -> None:
        """End after a defect: the terminal restored, one sentence with the log's path."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        if self._exception is None:
            _log.critical("a defect ended the screens", exc_info=cause)
            # Pilot raises this again, so that tests see the defect itself.
            self._exception = error
            self._exception_event.set()
        self._return_code = _DEFECT
        place = f" The log says more: {self.options.log}" if self.options.log else ""
        self._exit_renderables = [
            Text(f"smtui: something went wrong inside smtui ({type(cause).__name__}).{place}")
        ]
        self._close_messages_no_wait()
