"""The application: opens the services and the screens, and leaves in good order."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.constants import TEXTUAL_ANIMATIONS
from textual.driver import Driver
from textual.events import DescendantFocus, Event, InputEvent, Key
from textual.geometry import Offset
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import WorkerFailed

from smtui.domain.errors import SmtuiError
from smtui.paths import styles
from smtui.ui.attention import Attention
from smtui.ui.base_screen import BaseScreen, ReadAloud, done_by, done_for
from smtui.ui.changed_cells import Sent
from smtui.ui.clipboard import copied, over_ssh
from smtui.ui.driver import TitledDriver, hung_up
from smtui.ui.memory import Freezing, let_dead_widgets_go
from smtui.ui.navigation import Navigation
from smtui.ui.opening_screen import CLOSING_GRACE, OpeningScreen, OpenServices
from smtui.ui.options import Options
from smtui.ui.session import QUIT_GRACE, Entrance
from smtui.ui.theme import THEMES, choose_scrollbars, key_name
from smtui.ui.type_ahead import TypeAhead
from smtui.ui.workers import all_done

if TYPE_CHECKING:
    from textual.command import Provider

    from smtui.services.box import Services
    from smtui.ui.account.screen import LoginScreen
    from smtui.ui.batch.run_board import RunBoard
    from smtui.ui.widgets.status_bar import StatusBar

_IDS = {"command_palette": "palette", "suspend_process": "suspend"}


def _hidden(key: str, action: str, name: str, tooltip: str, *, shown: str = "") -> Binding:
    id_ = f"app.{_IDS.get(action, action)}"
    return Binding(key, action, name, id=id_, tooltip=tooltip, show=False, key_display=shown)


APP_KEYS: list[BindingType] = [
    Binding(
        "question_mark",
        "help",
        "Keys",
        id="app.help",
        tooltip="Show the keys of this screen.",
        key_display="?",
    ),
    _hidden("b", "runs", "Runs", "Show the runs, and what failed."),
    _hidden("P", "pause", "Pause", "Pause or resume analysis on this machine."),
    _hidden("colon", "command_palette", "Palette", "Find an action by its name.", shown=":"),
    _hidden("ctrl+l", "redraw", "Redraw", "Draw the whole screen again."),
    # The terminal is raw, so that the shell's own key reaches it through us alone.
    _hidden("ctrl+z", "suspend_process", "Suspend", "Back to the shell; `fg` returns."),
]


def palette() -> type[Provider]:
    """Return the palette's list of actions."""
    # A late import: the palette is not needed for the first frame.
    from smtui.ui.commands import KeyCommands

    return KeyCommands


_log = logging.getLogger(__name__)

_SIGNAL_GRACE = 2.0
_TERMINAL_SECONDS = 1.0
_DEFECT = 70
# The default screen and the library: what is open on top of it would be kept after it was left.
_LIBRARY_ALONE = 2
_NEEDING_A_PERSON = {"runs", "pause"}


class SmtuiApp(App[None]):
    """Opens screens, nothing more."""

    TITLE = "smtui"
    CSS_PATH = str(styles() / "base.tcss")
    COMMANDS: ClassVar = {palette}
    CLOSE_TIMEOUT = CLOSING_GRACE
    BINDINGS: ClassVar[list[BindingType]] = APP_KEYS

    _typed_at = Offset(0, 0)

    def __init__(
        self,
        open_services: Callable[[], AbstractAsyncContextManager[Services]],
        options: Options,
    ) -> None:
        super().__init__()
        let_dead_widgets_go()
        self.options = options
        self.attention = Attention()
        self.entrance = Entrance(self)
        self.navigation = Navigation(self, self.entrance)
        self.type_ahead = TypeAhead(self, super().on_event, self._keys_wait)
        self._opening = OpenServices(self, open_services, self._enter, self._services_failed)
        self._freezing = Freezing()
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
                loop.add_signal_handler(number, self._leave_by_signal, number)
            self.set_interval(_TERMINAL_SECONDS, self._look_each_second)
        self.call_after_refresh(self._opening.begin)

    # The way in.

    async def _enter(self, services: Services) -> None:
        """Take the line for thin or not as tmux says, which knows who is attached now; enter."""
        thin = await over_ssh() if self.options.asks_tmux else None
        if thin is not None:
            self.options = replace(self.options, thin_line=thin)
            self.animation_level = "none" if thin else TEXTUAL_ANIMATIONS
        await self.entrance.enter(services)

    def _services_failed(self, error: Exception) -> None:
        if isinstance(error, SmtuiError):
            self.type_ahead.drop_keys()
        else:
            self._handle_exception(error)

    def on_opening_screen_again(self) -> None:
        """Open the services once more."""
        self._opening.begin()

    async def on_login_screen_signed_in(self, message: LoginScreen.SignedIn) -> None:
        """Open the library for who signed in."""
        await self.entrance.open_library(message.signed_in)

    async def on_login_screen_accounts_appeared(self) -> None:
        """Ask who comes where a newcomer was welcomed to a library that is not new."""
        await self.entrance.open_login("The library has accounts again. Sign in.")

    # From screen to screen.

    on_library_screen_sample_opened = done_for("navigation", Navigation.open_listed)
    on_batch_screen_sample_opened = done_for("navigation", Navigation.open_failed)
    on_similar_screen_sample_opened = done_for("navigation", Navigation.open_hit)
    on_detail_screen_sample_shown = done_for("navigation", Navigation.follow)
    on_saved_wanted = done_for("navigation", Navigation.open_saved)
    on_kept_screen_chosen = done_for("navigation", Navigation.ask_saved)
    on_similar_link_wanted = done_for("navigation", Navigation.open_similar)
    on_base_screen_asked = done_for("navigation", Navigation.confirm)
    action_runs = done_by("navigation", Navigation.open_runs)
    action_help = done_by("navigation", Navigation.open_help)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer nothing of a library before somebody is signed in."""
        if action in _NEEDING_A_PERSON and self.entrance.session is None:
            return False
        return super().check_action(action, parameters)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Offer in the palette what has no key: what the screen can do, and signing out."""
        if self.entrance.session is None:
            return
        if isinstance(screen, BaseScreen):
            for offer in screen.offers():
                yield SystemCommand(offer.title, offer.help, offer.begin)
        yield SystemCommand(
            "Sign out", "Sign out; the next start asks you to sign in.", self.entrance.sign_out
        )

    # What runs.

    def on_status_bar_mounted(self, message: StatusBar.Mounted) -> None:
        """Give a new bar the present."""
        if self.entrance.activity is not None:
            self.entrance.activity.show(message.bar)

    async def on_run_board_failures_seen(self, message: RunBoard.FailuresSeen) -> None:
        """Take note of what was looked at."""
        if self.entrance.activity is not None:
            await self.entrance.activity.failures_seen(message.run_id, message.failed)

    def action_pause(self) -> None:
        """Hold all analysis on this machine, or let it go on."""
        if self.entrance.activity is not None:
            self.entrance.activity.toggle_pause()

    # Keys and the terminal.

    async def on_event(self, event: Event) -> None:
        """Take note that somebody is there; take keys one after the other."""
        if isinstance(event, InputEvent):
            self.attention.touch()
        if isinstance(event, Key):
            await self.type_ahead.take(event)
        else:
            await super().on_event(event)

    def _keys_wait(self) -> bool:
        """True while what is typed is for the library that opens, or for what a screen awaits."""
        if self._opening.are_opening:
            return True
        return isinstance(self.screen, BaseScreen) and self.screen.keys_wait

    def get_key_display(self, binding: Binding) -> str:
        """Name a key, in ASCII alone where nothing else can be drawn."""
        name = super().get_key_display(binding)
        return key_name(name) if self.options.ascii else name

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Let no cursor blink: each change would go over the line, for as long as one types."""
        if isinstance(event.widget, Input):
            event.widget.cursor_blink = False

    @property
    def cursor_position(self) -> Offset:
        """Where the terminal's cursor goes after each drawing: hidden, but screen readers and
        braille follow it to the row that the keys move.
        """
        leading = self.focused or self.screen
        place = leading.reading_place() if isinstance(leading, ReadAloud) else None
        return self._typed_at if place is None else place

    @cursor_position.setter
    def cursor_position(self, place: Offset) -> None:
        """Take the place where a line is typed into, as its input tells it."""
        self._typed_at = place

    def copy_to_clipboard(self, text: str) -> None:
        """Copy what was selected in a line or on the screen."""
        self.run_worker(copied(self, text), group="copy", exclusive=True)

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
        written = self._driver.shown.sequence(update, self.size, self.console)
        cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
        return Sent(written) if written or cursor != self._previous_cursor_position else None

    def action_redraw(self) -> None:
        """Redraw the screen."""
        if isinstance(self._driver, TitledDriver):
            self._driver.shown.forget()
        self.refresh(layout=True)

    # The way out.

    def action_help_quit(self) -> None:
        """Say at ctrl+c how one leaves: it would be pressed by mistake too often to leave by."""
        self.notify("ctrl+q quits smtui", markup=False)

    async def action_quit(self) -> None:
        """Leave once what the person did is saved."""
        await self._leave(0, seconds=QUIT_GRACE)

    def _look_each_second(self) -> None:
        if self.entrance.session is not None and len(self.screen_stack) == _LIBRARY_ALONE:
            self._freezing.look(rested=self.attention.rested)
        if self._last_wish is None and hung_up():
            self._leave_by_signal(signal.SIGHUP)

    def _leave_by_signal(self, number: int) -> None:
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
        await self._opening.close()

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
