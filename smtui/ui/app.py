"""The application: opens the services and the screens, and leaves in good order."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import WorkerFailed

from smtui.domain.errors import ServerUnavailable, SmtuiError
from smtui.paths import styles
from smtui.ui.app_keys import APP_KEYS, palette
from smtui.ui.opening import OpeningScreen
from smtui.ui.options import Options
from smtui.ui.plain import choose_scrollbars, key_name
from smtui.ui.terminal import hung_up
from smtui.ui.theme import THEMES
from smtui.ui.type_ahead import TypeAhead
from smtui.ui.work import all_done

if TYPE_CHECKING:
    from smtui.services.accounts import SignedIn
    from smtui.services.box import Services
    from smtui.ui.room import Room
    from smtui.ui.screens.detail import DetailScreen
    from smtui.ui.screens.library import LibraryScreen
    from smtui.ui.screens.login import LoginScreen
    from smtui.ui.session import OpenSession

_log = logging.getLogger(__name__)

_SIGNAL_GRACE = 2.0
_TERMINAL_SECONDS = 1.0
_QUIT_GRACE = 10.0
_CLOSING_GRACE = 5.0
_DEFECT = 70
_SIGNED_OUT_GRACE = 0.2
_WATCHING_SESSION = "watching-session"


class SmtuiApp(TypeAhead):
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
        self.options = options
        self._open_services = open_services
        self._services: Services | None = None
        self._session: OpenSession | None = None
        self._leaving = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._last_wish: asyncio.Task[None] | None = None
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = options.theme
        if options.thin_line:
            self.animation_level = "none"
        self.set_class(options.ascii, "-ascii")
        choose_scrollbars(ascii_alone=options.ascii)
        self.set_keymap(dict(options.keymap))

    def get_default_screen(self) -> Screen[None]:
        """Show "opening" first; nothing else is imported before it is drawn."""
        return OpeningScreen()

    def on_mount(self) -> None:
        """Listen to signals, and open the services once the first frame is drawn."""
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self._told_to_leave, number)
            self.set_interval(_TERMINAL_SECONDS, self._look_at_terminal)
        self.call_after_refresh(self._begin)

    def on_opening_screen_again(self) -> None:
        """Open the services once more."""
        self._services = None
        self._begin()

    def _begin(self) -> None:
        self._keeping = asyncio.create_task(self._keep_services(), name="services")
        self._keeping.add_done_callback(self._services_ended)

    async def _keep_services(self) -> None:
        """Enter and leave the services in one task, as task groups inside them require."""
        async with self._open_services() as services:
            self._services = services
            await self._enter(services)
            await self._leaving.wait()

    def _services_ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, SmtuiError):
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
        from smtui.ui.screens.login import LoginScreen

        try:
            welcome = not await services.accounts.any_account()
        except SmtuiError as error:
            # Who was signed out gets the form, whatever else is away.
            welcome, why = False, why or str(error)
        await self._go_to(LoginScreen(services, self.options, welcome=welcome, why=why))

    async def _open_library(self, services: Services, signed_in: SignedIn) -> None:
        from smtui.ui.screens.library import LibraryScreen
        from smtui.ui.session import OpenSession

        self._session = OpenSession(services.accounts, signed_in)
        await self._go_to(LibraryScreen(services, signed_in.account, self.options))
        self.run_worker(
            self._until_signed_out(services, self._session),
            group=_WATCHING_SESSION,
            exclusive=True,
        )

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

    def on_library_screen_sample_opened(self, message: LibraryScreen.SampleOpened) -> None:
        """Open one sound."""
        from smtui.ui.inspecting.sound import Looked
        from smtui.ui.screens.detail import DetailScreen

        assert self._services is not None
        assert self._session is not None
        looked = Looked(
            account=self._session.account, file_id=message.file_id, listing=message.listing
        )
        self.push_screen(DetailScreen(self._services, looked, self.options))

    def on_detail_screen_sample_shown(self, message: DetailScreen.SampleShown) -> None:
        """Take the library's cursor along through its list."""
        from smtui.ui.screens.library import LibraryScreen

        for screen in self.screen_stack:
            if isinstance(screen, LibraryScreen):
                screen.follow(message.file_id)

    def on_room_asked(self, message: Room.Asked) -> None:
        """Ask, and begin what was asked about when the person says yes."""
        from smtui.ui.screens.confirm import ConfirmScreen

        def answered(yes: bool | None) -> None:  # noqa: FBT001 — Textual calls it
            if yes:
                message.then()

        self.push_screen(ConfirmScreen(message.question), answered)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Offer in the palette what has no key."""
        if self._session is not None:
            yield SystemCommand(
                "Sign out", "End this session; the next start asks who you are.", self._sign_out
            )

    async def _sign_out(self) -> None:
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
        self._session = None
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        await self._open_login(services, why)

    def get_key_display(self, binding: Binding) -> str:
        """Name a key, in ASCII alone where nothing else can be drawn."""
        name = super().get_key_display(binding)
        return key_name(name) if self.options.ascii else name

    def action_help_quit(self) -> None:
        """Say at ctrl+c how one leaves: it would be pressed by mistake too often to leave by."""
        self.notify("ctrl+q leaves smtui", markup=False)

    def action_help(self) -> None:
        """Show the keys of what has the focus."""
        from smtui.ui.screens.help import HelpScreen

        self.push_screen(HelpScreen(tuple(self.screen.active_bindings.values())))

    def action_redraw(self) -> None:
        """Draw every cell again."""
        self.refresh(layout=True)

    async def action_quit(self) -> None:
        """Leave once what the person did is saved."""
        await self._leave(0, seconds=_QUIT_GRACE)

    def _look_at_terminal(self) -> None:
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
