"""The library: every sound in a table, filtered as one types, marked, tagged, listened to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from smtui.domain.sample import FileId
from smtui.paths import styles
from smtui.ui.draw.cells import Depth, Ink, depth_of
from smtui.ui.library.copying import CopyingPaths
from smtui.ui.library.keeping import Keeping
from smtui.ui.library.listening import Listening
from smtui.ui.library.looking_at import LookingAt
from smtui.ui.library.remembering import Remembering
from smtui.ui.library.renewing import Renewing
from smtui.ui.library.scanning import FOLDER, Scanning
from smtui.ui.library.tagging import TAGS, Tagging
from smtui.ui.similar_link import OUTSIDE, TowardsAlike
from smtui.ui.widgets.ask_line import AskLine
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.widgets.key_line import KeyLine
from smtui.ui.widgets.preview import Preview
from smtui.ui.widgets.sample_table import SampleTable
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.widgets.title_line import TitleLine

if TYPE_CHECKING:
    from smtui.services.listing import Listing

_TWICE = 3.0


def _key(key: str, action: str, name: str, tooltip: str, *, show: bool = False) -> Binding:
    return Binding(key, action, name, id=f"library.{action}", tooltip=tooltip, show=show)


class LibraryScreen(
    Remembering,
    Keeping,
    CopyingPaths,
    Tagging,
    Listening,
    Renewing,
    Scanning,
    LookingAt,
    TowardsAlike,
):
    """The table, its filter, what runs, and at wide terminals a preview of the row."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 — Textual's type
    CSS_PATH: ClassVar = str(styles() / "library.tcss")
    AUTO_FOCUS = "#table"
    BINDINGS: ClassVar[list[BindingType]] = [
        _key("slash", "filter", "Filter", "Show only the sounds that match.", show=True),
        _key("o", "sort", "Sort", "Sort by the next column.", show=True),
        _key("O", "reverse", "Reverse", "Reverse the sort order."),
        _key("m", "mark", "Mark", "Mark or unmark this sound.", show=True),
        _key("M", "mark_all", "Mark all", "Mark every sound shown; again: unmark."),
        _key("V", "span", "Range", "Start or end a range of marks."),
        _key("t", "tag", "Tag", "Tag the marked sounds, or this one.", show=True),
        _key("y", "copy", "Copy", "Copy the path of the marked sounds, or of this one."),
        _key("a", "analyze", "Analyse", "Analyse the marked sounds, or this one.", show=True),
        _key("A", "analyze_all", "Analyse all", "Analyse every sound shown."),
        _key("s", "similar", "Similar", "Find sounds similar to this or the marked.", show=True),
        _key("S", "similar_outside", "Like a file", "Find sounds similar to any audio file."),
        _key("f", "kept", "Saved", "Saved and recent filters and searches.", show=True),
        _key("full_stop", "folder_only", "Folder", "Show this sound's folder alone, or all."),
        _key("i", "scan", "Scan", "Scan a folder for sounds.", show=True),
        _key("X", "cancel", "Cancel", "Stop tagging or the scan, else the analysis."),
        _key("u", "undo", "Undo", "Undo the last tagging."),
        _key("escape", "escape", "Back", "Clear the filter, then the marks."),
        _key("q", "leave", "Quit", "Quit (press twice)."),
    ]

    @dataclass
    class SampleOpened(Message):
        """A sound was opened; `listing` is the list that it came from."""

        file_id: FileId
        listing: Listing

    _quit_asked = 0.0

    def compose(self) -> ComposeResult:
        """Lay out title, filter, table and preview, status, keys."""
        yield TitleLine("Library", self.account.username, id="title")
        yield FilterLine(id="filter")
        with Horizontal(id="body"):
            with Vertical(id="list"):
                yield Static(_EMPTY, id="empty")
                yield Static(_NOTHING, id="nothing")
                yield self.table
            yield Preview(self.ink, id="preview")
        yield AskLine(id="ask")
        yield StatusBar(id="status")
        yield KeyLine()

    @property
    def ink(self) -> Ink:
        """What small pictures are drawn with: few colours on a thin line."""
        depth = depth_of(self.options.colours)
        if self.options.thin_line:
            depth = min(depth, Depth.LEVELS)
        return Ink(depth=depth, ascii=self.options.ascii)

    def on_mount(self) -> None:
        """Show the library and begin to keep up with it."""
        self.table.focus()
        self.go_on()
        self.watch_changes()
        self.tell_outdated()

    async def on_unmount(self) -> None:
        """Let the next start go on here."""
        await self.keep_place()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no `/` while one types: there it is a letter."""
        if action == "filter" and isinstance(self.focused, Input):
            return False
        return super().check_action(action, parameters)

    @property
    def alike_targets(self) -> Sequence[FileId]:
        """The marked sounds, or the one under the cursor."""
        return self.targets

    @on(SampleTable.Opened)
    def _opened(self, message: SampleTable.Opened) -> None:
        self.post_message(self.SampleOpened(message.sample.file_id, self.listing))

    @on(AskLine.Answered)
    def _answered(self, message: AskLine.Answered) -> None:
        answers = {
            TAGS: self.answer_tags,
            FOLDER: self.answer_folder,
            OUTSIDE: self.answer_outside,
        }
        answers[message.subject](message.text)

    @on(AskLine.Closed)
    def _asked(self) -> None:
        self.table.focus()

    def action_cancel(self) -> None:
        """Stop tagging many, or the scan; where there is neither, ask and stop the listening."""
        if self.is_tagging:
            self.stop_tagging()
        elif self.is_scanning:
            self.stop_scan()
        elif self.query_one(StatusBar).running:
            self.confirm("Cancel the sounds that have not started?", self.cancel_work)
        else:
            self.say("Nothing runs")

    async def action_leave(self) -> None:
        """Quit at the second press."""
        now = time.monotonic()
        if now - self._quit_asked < _TWICE:
            await self.app.action_quit()
        else:
            self._quit_asked = now
            self.say("q again quits")


_EMPTY = Content.assemble(
    ("The library is empty.\n\n", "bold"),
    "Press ",
    ("i", "bold $primary"),
    " and choose a folder of sounds.\n",
    "They appear as they are found and are analysed in the background.\n\n",
    ("From the shell: smtui scan FOLDER", "$quiet"),
)
_NOTHING = Content.assemble(
    ("No sounds match.\n\n", "bold"), ("esc", "bold $primary"), " clears the filter."
)
