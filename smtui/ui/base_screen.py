"""What every screen shares: telling failures, waiting for a person's writes before leaving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

from textual.binding import Binding
from textual.geometry import Offset
from textual.message import Message
from textual.screen import Screen

from smtui.domain.drawn_names import drawn
from smtui.domain.errors import SmtuiError
from smtui.ui.clipboard import copied
from smtui.ui.workers import all_done

T = TypeVar("T")
R = TypeVar("R")
M = TypeVar("M", bound=Message)

_TOAST_SECONDS = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a screen can do that is done too seldom for a key: a line of the palette."""

    title: str
    help: str
    begin: Callable[[], object]


@runtime_checkable
class ReadAloud(Protocol):
    """A widget or screen that knows which of its places is to be read."""

    def reading_place(self) -> Offset | None:
        """Return that place on the screen; None while there is none."""
        ...


class _Declare(Protocol):
    def __call__(
        self, key: str, action: str, name: str, tooltip: str, *, show: bool = ...
    ) -> Binding: ...


def keys_of(screen: str, *, shown: bool = False) -> _Declare:
    """Return how a screen declares its keys; `shown` ones stand in the last line."""

    def declare(key: str, action: str, name: str, tooltip: str, *, show: bool = shown) -> Binding:
        id_ = f"{screen}.{action.partition('(')[0]}"
        return Binding(key, action, name, id=id_, tooltip=tooltip, show=show)

    return declare


def done_by(part: str, action: Callable[[T], R]) -> Callable[[Any], R]:
    """Return a method of a screen, or of the app, that the part of it called `part` does.

    So a key is declared by the screen, where footer, help and palette look for it, and done by
    the part that it is about: `action_mark = done_by("marks", Marks.turn)`.
    """

    def forward(self: object) -> R:
        return action(getattr(self, part))

    forward.__name__, forward.__doc__ = action.__name__, action.__doc__
    return forward


def done_for(part: str, handler: Callable[[T, M], R]) -> Callable[[Any, M], R]:
    """Return a handler of messages that the part called `part` takes."""

    def forward(self: object, message: M) -> R:
        return handler(getattr(self, part), message)

    forward.__name__, forward.__doc__ = handler.__name__, handler.__doc__
    return forward


class BaseScreen(Screen[None]):
    """A screen whose work tells its failures.

    Services are asked only in methods marked `looking` or `doing`: there an `SmtuiError`
    becomes a toast with its hint. Any other error ends the app with one sentence.
    """

    @dataclass
    class Asked(Message):
        """The person is to be asked once before something large."""

        question: str
        then: Callable[[], object]

    @property
    def keys_wait(self) -> bool:
        """What is typed now is for an answer that is not there yet; no line is open meanwhile."""
        return False

    def tell(self, error: SmtuiError) -> None:
        """Show what happened and what to do; a screen may tell some failures in its own place."""
        self.app.notify(
            drawn(error.hint or error.title),
            title=drawn(error.title) if error.hint else "",
            severity="error",
            timeout=_TOAST_SECONDS,
            markup=False,
        )

    def say(self, words: str) -> None:
        """Show a short sentence that nothing need be done about; `words` may hold outside text."""
        self.app.notify(drawn(words), timeout=_TOAST_SECONDS / 2, markup=False)

    async def copy(self, text: str) -> None:
        """Put a text onto the person's clipboard, and say so."""
        remark = await copied(self.app, text)
        self.say(f"Copied: {text}{remark}")

    def confirm(self, question: str, then: Callable[[], object]) -> None:
        """Ask once; `then` is begun when the person says yes."""
        self.post_message(self.Asked(question, then))

    def offers(self) -> tuple[Offer, ...]:
        """Return what stands in the palette beside the keys."""
        return ()

    async def action_back(self) -> None:
        """Leave this screen once what the person did here is saved."""
        await all_done(self.app)
        self.dismiss()
