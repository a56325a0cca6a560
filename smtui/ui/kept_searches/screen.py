"""Searches and filters that were saved or asked lately: to ask again, to name, to drop."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.worker import Worker, WorkerCancelled, WorkerFailed

from smtui.domain.account import Account
from smtui.domain.drawn_names import drawn
from smtui.domain.errors import AlreadyTaken, InputInvalid
from smtui.domain.kept_search import KeptSearch
from smtui.paths import styles
from smtui.ui.base_screen import BaseScreen, keys_of
from smtui.ui.draw.table_text import Line
from smtui.ui.options import Options
from smtui.ui.widgets.ask_line import AskLine
from smtui.ui.widgets.key_line import KeyLine
from smtui.ui.widgets.line_table import Lane, LineTable
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.widgets.title_line import TitleLine
from smtui.ui.workers import all_done, doing, looking

if TYPE_CHECKING:
    from smtui.services.box import Services

_LANES = (
    Lane(title="Name", width=24),
    Lane(title="Kind", width=6),
    Lane(title="Line", width=20, share=1),
)
_NOTHING = "No saved or recent searches yet. / filters, s finds similar sounds."
_NAME = "name"
_GONE = "No line under the cursor"


_key = keys_of("kept", shown=True)


class KeptScreen(BaseScreen):
    """What was saved by name, then what was asked lately, newest first."""

    CSS_PATH: ClassVar = str(styles() / "kept_searches.tcss")
    AUTO_FOCUS = "#table"
    BINDINGS: ClassVar[list[BindingType]] = [
        _key("F", "save", "Save", "Save this line under a name."),
        _key("D,delete", "drop", "Drop", "Take this line away; u brings it back."),
        _key("u", "undo", "Undo", "Bring back what was removed last."),
        _key("y", "copy", "Copy", "Copy this line.", show=False),
        _key("escape,q", "back", "Back", "Back to where you were."),
    ]

    @dataclass
    class Chosen(Message):
        """The person wants this asked."""

        kept: KeptSearch

    def __init__(
        self,
        services: Services,
        account: Account,
        options: Options,
        *,
        present: KeptSearch | None,
    ) -> None:
        """Make the list; the cursor begins on what is asked at present, kept or not."""
        super().__init__()
        self._searches = services.kept_searches
        self._account = account
        self._rows: tuple[KeptSearch, ...] = ()
        self._dropped: tuple[KeptSearch, ...] = ()
        self._present = present
        self._naming: KeptSearch | None = None
        self._reading: Worker[None]
        self.table = LineTable(_LANES, nothing=_NOTHING, id="table")
        self.table.leaps = options.thin_line

    def compose(self) -> ComposeResult:
        """Lay out title, lines, the line that asks for a name, status, keys."""
        yield TitleLine("Saved and recent", self._account.username, id="title")
        yield self.table
        yield AskLine(id="ask")
        yield StatusBar(id="status")
        yield KeyLine()

    def on_mount(self) -> None:
        """Read what is kept."""
        self._reading = self._load("" if self._present is None else _key_of(self._present))

    @looking(group="rows", patient=True)
    async def _load(self, stand_on: str) -> None:
        """Show what is kept, the cursor on one line where that is there."""
        self._show(await self._searches.of(self._account), stand_on)

    def _show(self, kept: Sequence[KeptSearch], stand_on: str) -> None:
        lines = {_key_of(saved): _line(saved, unnamed="(recent)") for saved in kept}
        self._rows = tuple(kept)
        present = self._present
        if present is not None and _key_of(present) not in lines:
            # What found nothing is not kept by itself, and can be saved all the same.
            lines = {_key_of(present): _line(present, unnamed="(now)")} | lines
            self._rows = (present, *kept)
        self.table.show(tuple(lines.values()))
        self.table.stand_on(stand_on)
        self.refresh_bindings()

    @property
    def _row(self) -> KeptSearch | None:
        at = self.table.cursor
        return self._rows[at] if at < len(self._rows) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to bring back only where something was taken away."""
        if action == "undo" and not self._dropped:
            return False
        return super().check_action(action, parameters)

    @on(LineTable.Opened)
    async def _opened(self) -> None:
        row = self._row
        if row is not None:
            await all_done(self.app)
            self.post_message(self.Chosen(row))

    def action_copy(self) -> None:
        """Copy the line."""
        if (row := self._row) is not None:
            self._copy(row.text)

    @looking(group="copy")
    async def _copy(self, text: str) -> None:
        await self.copy(text)

    # Naming.

    def action_save(self) -> None:
        """Ask for a name."""
        self._naming = self._row
        self._ask_name("save under the name", "" if self._naming is None else self._naming.name)

    def _ask_name(self, words: str, text: str) -> None:
        line = self.query_one(AskLine)
        line.ask(_NAME, words, hint="dusty hats", suggester=None)
        line.set_text(text)

    @on(AskLine.Answered)
    def _named(self, message: AskLine.Answered) -> None:
        self._save(self._naming, message.text)

    @on(AskLine.Closed)
    def _line_left(self) -> None:
        self.table.focus()

    @doing
    async def _save(self, row: KeptSearch | None, name: str) -> None:
        if row is None:
            # The name was typed before the lines were there.
            with suppress(WorkerCancelled, WorkerFailed):
                await self._reading.wait()
            row = self._row
        if row is None:
            self.say(_GONE)
            return
        try:
            await self._searches.save(row, name, by=self._account)
        except (AlreadyTaken, InputInvalid) as error:
            # In the line itself: a toast would lie over what is to be mended.
            self._ask_name(f"{drawn(error.title)}; save under the name", name)
            return
        self._load(_key_of(row))

    # Dropping.

    def action_drop(self) -> None:
        """Take the line away."""
        row = self._row
        if row is None:
            self.say(_GONE)
        else:
            self._drop(row)

    @doing
    async def _drop(self, row: KeptSearch) -> None:
        await self._searches.forget(row, by=self._account)
        self._dropped = (*self._dropped, row)
        if self._present is not None and _key_of(self._present) == _key_of(row):
            self._present = None
        self.say("Removed; u brings it back")
        self._load("")

    def action_undo(self) -> None:
        """Bring back what was removed last."""
        if self._dropped:
            *before, last = self._dropped
            self._dropped = tuple(before)
            self._bring_back(last)

    @doing
    async def _bring_back(self, row: KeptSearch) -> None:
        await self._searches.bring_back(row, by=self._account)
        self._load(_key_of(row))


def _key_of(kept: KeptSearch) -> str:
    return f"{kept.kind} {kept.text}"


def _line(kept: KeptSearch, *, unnamed: str) -> Line:
    return Line(
        key=_key_of(kept),
        cells=(kept.name or unnamed, kept.kind.value, kept.text),
        look="" if kept.name else "quiet",
    )
