"""Signing in; on the first start a welcome that one Enter completes.

Below the form stands how the servers are: one line while all is well, else a line for each.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Checkbox, Input, Static

from smtui.domain.drawn_names import drawn
from smtui.domain.errors import PasswordToChoose, SignInRefused, SmtuiError, TooManyTries
from smtui.domain.health import Condition, ServerHealth
from smtui.paths import styles
from smtui.ui.base_screen import BaseScreen
from smtui.ui.widgets.key_line import KeyLine
from smtui.ui.widgets.one_line import OneLine
from smtui.ui.workers import doing, looking

if TYPE_CHECKING:
    from smtui.services.accounts import Accounts
    from smtui.services.box import Services
    from smtui.services.sessions import SignedIn as Somebody
    from smtui.ui.options import Options

_WIDE = 110
_GAPS = (4, 3, 2)
_LOOKS = {Condition.OK: "$success", Condition.NOT_STARTED: "$quiet", Condition.BROKEN: "$error"}

_WELCOME = "Welcome. Press Enter to start as"
_WELCOME_ADMIN = "Welcome. The first account is the administrator."
_PASSWORD_MAY_WAIT = "You need no password now: `smtui user password` sets one at any time."  # noqa: S105
_PASSWORD_MUST_BE = "Other people can reach this library, so choose a strong password."  # noqa: S105
_CODE_IS_RIGHT = "The code is right. Choose a new password."
_CHOOSING = "-choosing"
_LOOK_SECONDS = 5.0


class _Tick(Checkbox):
    BUTTON_LEFT = "["
    BUTTON_INNER = "x"
    BUTTON_RIGHT = "]"


class LoginScreen(BaseScreen):
    """A name and a password, what is wrong with them in words, and how the servers are.

    A one-time code in place of the password leads to a form for a new one.
    """

    CSS_PATH: ClassVar = str(styles() / "account.tcss")
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
        Binding("escape", "back", "Back", id="login.back", tooltip="Sign in another way."),
        # Before the field sees them: of what comes in one burst over a slow line, or from a
        # password manager, the start of the password would be shown in the name.
        Binding(
            "tab",
            "app.focus_next",
            "Next field",
            id="login.next_field",
            tooltip="To the next field.",
            show=False,
            priority=True,
        ),
        Binding(
            "shift+tab",
            "app.focus_previous",
            "Previous field",
            id="login.previous_field",
            tooltip="To the field before.",
            show=False,
            priority=True,
        ),
    ]

    @dataclass
    class SignedIn(Message):
        """Somebody signed in."""

        signed_in: Somebody

    class AccountsAppeared(Message):
        """The library that had nobody to sign in has accounts after all.

        While a database is being restored it is empty for a moment.
        """

    def __init__(
        self, services: Services, options: Options, *, welcome: bool, why: str = ""
    ) -> None:
        super().__init__()
        self._accounts: Accounts = services.accounts
        self._servers = services.servers
        self._options = options
        self._welcome = welcome
        self._one_enter = welcome and self._accounts.sessions.guarded_by_system
        self._why = why
        self._busy = False
        self._wait_until = 0.0

    def compose(self) -> ComposeResult:
        """Lay out one calm box in the middle, the servers below it, the keys at the foot."""
        with Center(), Vertical(id="login"):
            yield Static(self._title(), id="login-title")
            if self._welcome:
                words = _WELCOME if self._one_enter else _WELCOME_ADMIN
                yield Static(words, id="login-welcome")
            name = "user name" if self._welcome else "e-mail or name"
            yield from _field("name", name, group="known")
            yield from _field("password", "password", group="known")
            yield from _field("new", "new password", group="chosen")
            yield from _field("again", "again", group="chosen")
            with Horizontal(classes="field -choice"):
                yield Static("", classes="label")
                if self._welcome:
                    words = _PASSWORD_MAY_WAIT if self._one_enter else _PASSWORD_MUST_BE
                    yield Static(words, classes="hint")
                else:
                    yield _Tick("stay signed in for 7 days", value=True, compact=True)
            yield Static("", id="login-words")
        with Center():
            yield ServerLines(id="login-state")
        yield KeyLine()

    def _title(self) -> Content:
        place = f"   {drawn(self._options.place)}" if self._options.place else ""
        return Content.assemble(("smtui", "bold $primary"), (place, "$secondary"))

    def on_mount(self) -> None:
        """Begin in the name, and look how the servers are."""
        self._input("name").focus()
        self.set_interval(1.0, self._count_down)
        if self._why:
            self._say(self._why)
        if self._welcome:
            self._suggest()
        self._look_at_servers()

    @looking(group="name")
    async def _suggest(self) -> None:
        name = self._input("name")
        name.value = await self._accounts.suggested_first()
        name.cursor_position = len(name.value)

    @looking(group="watching-servers")
    async def _look_at_servers(self) -> None:
        while True:
            self.query_one(ServerLines).show(await self._servers.check())
            if self._welcome and await self._has_accounts():
                self.post_message(self.AccountsAppeared())
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _has_accounts(self) -> bool:
        """True if somebody else's account has come; while one is being made here, not yet."""
        try:
            return await self._accounts.any_account() and not self._busy
        except SmtuiError:
            # The lines of the servers say what is away.
            return False

    def _input(self, name: str) -> Input:
        return self.query_one(f"#{name}", Input)

    @property
    def _choosing(self) -> bool:
        return self.has_class(_CHOOSING)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the way back only where there is one."""
        return action != "back" or self._choosing

    def action_show_password(self) -> None:
        """Show or hide what is typed as the password."""
        for name in ("password", "new", "again"):
            self._input(name).password = not self._input(name).password

    async def action_back(self) -> None:
        """Go back to name and password."""
        self._choose(begin=False)

    def _choose(self, *, begin: bool) -> None:
        """Change between name and password, and the new password twice."""
        self.set_class(begin, _CHOOSING)
        self.refresh_bindings()
        for name in ("new", "again") if begin else ("password", "new", "again"):
            self._input(name).value = ""
        self._input("new" if begin else "password").focus()
        self._say(_CODE_IS_RIGHT if begin else "", failed=False)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_submit()

    def action_submit(self) -> None:
        """Go on to the next field, and from the last one sign in."""
        if self._busy or self._seconds_left() > 0:
            return
        first, last = ("new", "again") if self._choosing else ("name", "password")
        if not self._input(first).value.strip() and not self._welcome:
            self._say("Type a new password first." if self._choosing else "Type a name first.")
            self._input(first).focus()
        elif self._input(first).has_focus and not self._one_enter:
            self._input(last).focus()
        elif self._choosing and self._input("new").value != self._input("again").value:
            self._input("again").value = ""
            self._input("again").focus()
            self._say("The passwords do not match. Type them again.")
        else:
            self._busy = True
            self._say("Signing in ...", failed=False)
            self._sign_in()

    @doing
    async def _sign_in(self) -> None:
        try:
            signed_in = await self._signed_in(self._options.address)
        finally:
            self._busy = False
        self.post_message(self.SignedIn(signed_in))

    async def _signed_in(self, address: str) -> Somebody:
        name, password = self._input("name").value, self._input("password").value
        if self._welcome:
            # Enter may come before the name that is filled in.
            name = name.strip() or await self._accounts.suggested_first()
            return await self._accounts.welcome(name, password=password, address=address)
        stay = self.query_one(_Tick).value
        if self._choosing:
            new = self._input("new").value
            return await self._accounts.sessions.choose_password(
                name, password, new, stay=stay, address=address
            )
        return await self._accounts.sessions.sign_in(name, password, stay=stay, address=address)

    def tell(self, error: SmtuiError) -> None:
        """Say what is wrong under the form, and begin again where it must be mended."""
        if isinstance(error, PasswordToChoose):
            self._choose(begin=True)
            return
        if isinstance(error, TooManyTries):
            self._wait_until = time.monotonic() + error.seconds
            self._count_down()
            return
        if self._choosing and isinstance(error, SignInRefused):
            # The code has had its day, or its use.
            self._choose(begin=False)
        self._say(f"{error.title}. {error.hint}".strip())
        if self._choosing:
            self._input("new").focus()
            return
        if self._welcome:
            needed = not self._one_enter and not self._input("password").value
            self._input("password" if needed else "name").focus()
            return
        self._input("password").value = ""
        self._input("password").focus()

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
        line.update(Content(drawn(words)))


def _field(name: str, label: str, *, group: str) -> ComposeResult:
    """A label and a line; what is secret is hidden."""
    with Horizontal(classes=f"field -{group}"):
        yield Static(label, classes="label")
        # A secret is taken as it is, and never shown.
        line = OneLine if name == "name" else Input
        yield line(id=name, compact=True, password=name != "name")


class ServerLines(Static):
    """The servers as they answered a moment ago."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(Content.styled("asking the servers ...", "$quiet"), id=id)
        self._healths: tuple[ServerHealth, ...] = ()

    def show(self, healths: tuple[ServerHealth, ...]) -> None:
        """Say how they are."""
        self._healths = healths
        self._write()

    def on_resize(self) -> None:
        """There may be more room, or less."""
        self.call_after_refresh(self._write)

    def _write(self) -> None:
        if not self._healths:
            return
        width = self.app.size.width
        broken = any(health.condition is Condition.BROKEN for health in self._healths)
        if broken or width >= _WIDE:
            self.update(in_lines(self._healths))
        else:
            self.update(in_one_line(self._healths, width=width - 2))


def in_one_line(healths: tuple[ServerHealth, ...], *, width: int) -> Content:
    """Return all servers in a line; where there is no room, without how long they took."""
    for timed in (True, False):
        words = [_short(health, timed=timed) for health in healths]
        for gap in _GAPS:
            line = Content(" " * gap).join(words)
            if line.cell_length <= width:
                return line
    return line.truncate(width, ellipsis=True)


def _short(health: ServerHealth, *, timed: bool) -> Content:
    took = health.milliseconds if timed else None
    return Content.assemble(
        (f"{drawn(health.name)} ", "$quiet"),
        (health.condition.value, _LOOKS[health.condition]),
        ("" if took is None else f" {took:.0f} ms", "$quiet"),
    )


def in_lines(healths: tuple[ServerHealth, ...]) -> Content:
    """Return a line for each server: how it is, how fast, what it is, what is wrong, what to do."""
    names = max(len(drawn(health.name)) for health in healths)
    states = max(len(health.condition.value) for health in healths)
    return Content("\n").join(_line(health, names=names, states=states) for health in healths)


def _line(health: ServerHealth, *, names: int, states: int) -> Content:
    took = "" if health.milliseconds is None else f"{health.milliseconds:.0f} ms"
    what = "  ".join(drawn(words) for words in (health.version, health.address) if words)
    words = " ".join(
        part
        for part in (
            f"{drawn(health.trouble).rstrip('.')}." if health.trouble else "",
            drawn(health.hint),
        )
        if part
    )
    return Content.assemble(
        (drawn(health.name).ljust(names), "$quiet"),
        f"  {health.condition.value.ljust(states)}",
        (f"  {took:>7}", "$quiet"),
        (f"  {what}" if what else "", "$secondary"),
        # Below, where it may be long.
        f"\n{' ' * (names + 2)}{words}" if words else "",
    ).stylize(_LOOKS[health.condition], names + 2, names + 2 + len(health.condition.value))
