"""The filter line: what is asked, the place of a mistake in it, and how the answer is sorted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.highlighter import Highlighter
from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import Reactive
from textual.widgets import Input, Static

from smtui.domain.drawn_names import drawn
from smtui.domain.errors import QueryInvalid
from smtui.domain.text import shown
from smtui.ui.widgets.one_line import OneLine

_EXAMPLE = "filter: kick bpm:120..128 key:Am tag:house in:folder -loop"


class _Mistakes(Highlighter):
    """Marks the characters that cannot be read."""

    def __init__(self) -> None:
        self.span: tuple[int, int] | None = None
        self.style = Style(underline=True, bold=True)

    def highlight(self, text: Text) -> None:
        if self.span is not None:
            start, end = self.span
            text.stylize(self.style, start, max(end, start + 1))


class _Typing(OneLine):
    """An input as wide as there is room: a letter more is no reason to lay the screen out anew."""

    value: Reactive[str] = Reactive("", layout=False, init=False)


class FilterLine(Vertical):
    """A line to type a filter into; says `Typed` at every change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "close",
            "Close",
            id="filter.close",
            tooltip="Close the filter line and show everything again.",
        ),
        Binding(
            "enter,down",
            "keep",
            "To the sounds",
            id="filter.keep",
            tooltip="Keep the filter and go to the sounds.",
        ),
    ]

    @dataclass
    class Typed(Message):
        """The text changed."""

        text: str

        def can_replace(self, message: Message) -> bool:
            """Only the newest text counts."""
            return isinstance(message, FilterLine.Typed)

    @dataclass
    class Closed(Message):
        """The person closed the line."""

    @dataclass
    class Kept(Message):
        """The person goes on to the answer."""

    @dataclass
    class Left(Message):
        """The keys go elsewhere, by whatever way, with this text in the line."""

        text: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._mistakes = _Mistakes()
        self._order = ""

    def compose(self) -> ComposeResult:
        """Lay out the slash, the text, the order; the mistake stands below."""
        with Horizontal():
            yield Static("/ ", classes="filter-slash")
            line = _Typing(
                placeholder=_EXAMPLE,
                compact=True,
                highlighter=self._mistakes,
                select_on_focus=False,
            )
            line.ctrl_c_leaves = True
            yield line
            yield Static("", classes="filter-order")
        yield Static("", classes="filter-mistake")

    @property
    def text(self) -> str:
        """What was typed."""
        return self.query_one(Input).value

    def set_text(self, text: str) -> None:
        """Put a text in, as if it had been typed; what nobody could type is spelled out."""
        self.query_one(Input).value = shown(text)

    def restore(self, text: str) -> None:
        """Put a text in that is asked for elsewhere; nothing says that it was typed."""
        with self.prevent(self.Typed):
            self.set_text(text)

    def open(self) -> None:
        """Take the keys."""
        self.query_one(Input).focus()

    @property
    def mistaken(self) -> str:
        """The characters that cannot be read."""
        start, end = self._mistakes.span or (0, 0)
        return self.text[start:end]

    def show_order(self, words: str) -> None:
        """Say by what and which way the answer is sorted."""
        if words != self._order:
            self._order = words
            self.query_one(".filter-order", Static).update(Content(words))

    def show_mistake(self, mistake: QueryInvalid | None) -> None:
        """Name a mistake and mark its place, or take both away."""
        self._mistakes.span = None if mistake is None else (mistake.start, mistake.end)
        words = self.query_one(".filter-mistake", Static)
        words.set_class(mistake is not None, "-shown")
        if mistake is not None:
            title = Content.assemble((f"{drawn(mistake.title)}.", "bold"))
            words.update(title + Content(f" {drawn(mistake.hint)}" if mistake.hint else ""))
        self.query_one(Input).refresh()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_keep()

    @on(Input.Blurred)
    def _blurred(self, event: Input.Blurred) -> None:
        event.stop()
        # Who looks at another window meanwhile comes back to the line.
        if self.app.app_focus:
            self.post_message(self.Left(event.value))

    @on(OneLine.Left)
    def _left(self, event: OneLine.Left) -> None:
        event.stop()
        self.action_close()

    def action_keep(self) -> None:
        """Leave the line as it is."""
        self.post_message(self.Kept())

    def action_close(self) -> None:
        """Empty and leave the line."""
        self.set_text("")
        self.post_message(self.Closed())
