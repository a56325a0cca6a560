"""Signing in; on the first start a welcome that one Enter completes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Checkbox, Footer, Input, Static

from smtui.domain.account import SessionId
from smtui.domain.errors import SmtuiError, TooManyTries
from smtui.domain.text import shown
from smtui.paths import styles
from smtui.ui.room import Room
from smtui.ui.work import doing, looking

if TYPE_CHECKING:
    from smtui.services.accounts import Accounts, SignedIn
    from smtui.services.box import Services
    from smtui.ui.options import Options

_WELCOME = "Welcome. Press enter to begin as"
_PASSWORD_MAY_WAIT = "A password may wait: `smtui user password` sets one at any time."  # noqa: S105


class _Tick(Checkbox):
    BUTTON_LEFT = "["
    BUTTON_INNER = "x"
    BUTTON_RIGHT = "]"


class LoginScreen(Room):
    """A name and a password, what is wrong with them in words, and how the servers are."""

    CSS_PATH: ClassVar = str(styles() / "login.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "submit",
            "Sign in",
            id="login.submit",
            tooltip="To the next field, and from the last one sign in.",
            key_display="enter",
        ),
        Binding(
            "ctrl+t",
            "show_password",
            "Show password",
            id="login.show_password",
            tooltip="Show or hide the password.",
        ),
    ]

    @dataclass
    class SignedIn(Message):
        """Somebody signed in."""

        signed_in: SignedIn

    def __init__(self, services: Services, options: Options, *, welcome: bool) -> None:
        super().__init__()
        self._accounts: Accounts = services.accounts
        self._options = options
        self._welcome = welcome
        self._busy = False
        self._wait_until = 0.0

    def compose(self) -> ComposeResult:
        """Lay out one calm box in the middle, the keys below."""
        with Vertical(id="login"):
            yield Static(self._title(), id="login-title")
            if self._welcome:
                yield Static(_WELCOME, id="login-welcome")
            with Horizontal(classes="field"):
                yield Static("user name" if self._welcome else "e-mail or name", classes="label")
                yield Input(id="name", compact=True)
            with Horizontal(classes="field"):
                yield Static("password", classes="label")
                yield Input(id="password", compact=True, password=True)
            with Horizontal(classes="field -choice"):
                yield Static("", classes="label")
                if self._welcome:
                    yield Static(_PASSWORD_MAY_WAIT, classes="hint")
                else:
                    yield _Tick("stay signed in for 7 days", value=True, compact=True)
            yield Static("", id="login-words")
            yield Static("", id="login-state")
        yield Footer(compact=True, show_command_palette=False)

    def _title(self) -> Content:
        place = f"   {shown(self._options.place)}" if self._options.place else ""
        return Content.assemble(("smtui", "bold $primary"), (place, "$secondary"))

    def on_mount(self) -> None:
        """Begin in the name, and look how the servers are."""
        self.query_one("#name", Input).focus()
        self.set_interval(1.0, self._count_down)
        if self._welcome:
            self._suggest()
        self._look_at_servers()

    @looking(group="name")
    async def _suggest(self) -> None:
        name = self.query_one("#name", Input)
        name.value = await self._accounts.suggested_first()
        name.cursor_position = len(name.value)

    @looking(group="servers")
    async def _look_at_servers(self) -> None:
        state = self.query_one("#login-state", Static)
        words: list[str] = []
        for name, ask in (
            ("documents", self._accounts.any_account),
            ("sessions", lambda: self._accounts.touch(SessionId("is-anybody-there"))),
        ):
            state.update(Content("    ".join([*words, f"{name} ..."])))
            began = time.perf_counter()
            try:
                await ask()
            except SmtuiError as error:
                words.append(f"{name} {shown(error.title)}. {shown(error.hint)}".strip())
            else:
                words.append(f"{name} ok {(time.perf_counter() - began) * 1000:.0f} ms")
        state.update(Content("    ".join(words)))

    def action_show_password(self) -> None:
        """Show or hide what is typed as the password."""
        password = self.query_one("#password", Input)
        password.password = not password.password

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_submit()

    def action_submit(self) -> None:
        """Go on to the password, and from there sign in."""
        name, password = self.query_one("#name", Input), self.query_one("#password", Input)
        if self._busy or self._seconds_left() > 0:
            return
        if not name.value.strip() and not self._welcome:
            self._say("Type a name first.")
            name.focus()
        elif name.has_focus and not self._welcome:
            password.focus()
        else:
            self._busy = True
            self._say("Signing in ...", failed=False)
            self._sign_in(name.value, password.value)

    @doing
    async def _sign_in(self, name: str, password: str) -> None:
        try:
            address = self._options.address
            if self._welcome:
                # Enter may come before the name that is filled in.
                name = name.strip() or await self._accounts.suggested_first()
                signed_in = await self._accounts.welcome(name, password=password, address=address)
            else:
                stay = self.query_one(_Tick).value
                signed_in = await self._accounts.sign_in(name, password, stay=stay, address=address)
        finally:
            self._busy = False
        self.post_message(self.SignedIn(signed_in))

    def tell(self, error: SmtuiError) -> None:
        """Say what is wrong under the form, and begin again where it must be mended."""
        if isinstance(error, TooManyTries):
            self._wait_until = time.monotonic() + error.seconds
            self._count_down()
            return
        self._say(f"{error.title}. {error.hint}".strip())
        field = self.query_one("#name" if self._welcome else "#password", Input)
        field.focus()
        if not self._welcome:
            field.value = ""

    def _seconds_left(self) -> int:
        return max(0, round(self._wait_until - time.monotonic()))

    def _count_down(self) -> None:
        if not self._wait_until:
            return
        left = self._seconds_left()
        if left:
            self._say(f"Too many tries. Wait {left} s.")
        else:
            self._wait_until = 0.0
            self._say("")

    def _say(self, words: str, *, failed: bool = True) -> None:
        line = self.query_one("#login-words", Static)
        line.set_class(failed, "-failed")
        line.update(Content(shown(words)))
