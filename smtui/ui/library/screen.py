"""The library: every sound in a table, filtered as one types, marked, tagged, listened to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from smtui.domain.kept_search import KeptSearch
from smtui.domain.sample import FileId, Sample
from smtui.paths import styles
from smtui.ui.base_screen import BaseScreen, Offer, done_by, keys_of
from smtui.ui.library.analysis_requests import AnalysisRequests
from smtui.ui.library.browser import Browser, Context, Panes
from smtui.ui.library.folder_scan import FOLDER, FolderScan
from smtui.ui.library.history import FilterHistory, LastPlace
from smtui.ui.library.marks import Marks
from smtui.ui.library.tag_editor import TAGS, TagEditor
from smtui.ui.screen_links import OUTSIDE, SimilarLink
from smtui.ui.widgets.ask_line import AskLine
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.widgets.key_line import KeyLine
from smtui.ui.widgets.preview import Preview
from smtui.ui.widgets.sample_table import SampleTable
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.widgets.title_line import TitleLine

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.box import Services
    from smtui.services.listing import Listing
    from smtui.ui.attention import Attention
    from smtui.ui.options import Options

# A held key passes many sounds; only where it rests is worth a look, and on a thin line a picture
# is some 20 KB.
_REST = 0.15
_THIN_REST = 0.6
_TWICE = 3.0


_key = keys_of("library")


class LibraryScreen(BaseScreen):
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

    def __init__(
        self, services: Services, account: Account, options: Options, attention: Attention
    ) -> None:
        super().__init__()
        context = Context(services=services, account=account, options=options, attention=attention)
        self.table = SampleTable(id="table")
        self.table.leaps = options.thin_line
        self.filter_line = FilterLine(id="filter")
        self.title_line = TitleLine("Library", account.username, id="title")
        self.preview = Preview(
            services.analyses.of,
            services.pictures,
            options.first_ink,
            rest=_THIN_REST if options.thin_line else _REST,
        )
        self.ask_line = line = AskLine(id="ask")
        self.status = status = StatusBar(id="status")
        panes = Panes(table=self.table, filter=self.filter_line, title=self.title_line)
        self.browser = browser = Browser(self, context, panes)
        self.marks = marks = Marks(self, services.library, browser, status)
        self.tags = TagEditor(context, marks, browser, line)
        self.analysis = AnalysisRequests(context, marks, browser, status)
        self.scan = FolderScan(self, context, line, status)
        self.history = FilterHistory(context, browser, self.filter_line)
        self.last_place = LastPlace(context, browser, marks, self.filter_line)
        self.similar_link = SimilarLink(self, line, lambda: marks.targets)
        self._quit_asked = 0.0

    def compose(self) -> ComposeResult:
        """Lay out title, filter, table and preview, status, keys."""
        yield self.title_line
        yield self.filter_line
        with Horizontal(id="body"):
            with Vertical(id="list"):
                yield Static(_EMPTY, id="empty")
                yield Static(_NOTHING, id="nothing")
                yield self.table
            yield self.preview
        yield self.ask_line
        yield self.status
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the library and begin to keep up with it."""
        self.table.focus()
        self.last_place.go_on()
        self.browser.watch_changes()
        self.analysis.tell_outdated()

    async def on_unmount(self) -> None:
        """Let the next start go on here."""
        await self.last_place.save()

    @property
    def keys_wait(self) -> bool:
        """True while what is typed would be overwritten, or is for rows that are not there yet."""
        return not self.last_place.restored or self.browser.keys_wait

    def offers(self) -> tuple[Offer, ...]:
        """Offer in the palette to analyse again what an older version analysed."""
        renew = Offer(
            title="Analyse again what an older version analysed",
            help="Analyse those sounds again; your corrections are kept.",
            begin=self.analysis.renew,
        )
        return (renew,)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no `/` while one types: there it is a letter."""
        if action == "filter" and isinstance(self.focused, Input):
            return False
        return super().check_action(action, parameters)

    # The table.

    @on(SampleTable.RowsWanted)
    def _load_rows(self, message: SampleTable.RowsWanted) -> None:
        self.browser.load(message.first, message.size)

    @on(SampleTable.CursorMoved)
    def _look_at(self, message: SampleTable.CursorMoved) -> None:
        self._preview(message.sample)

    def on_resize(self) -> None:
        """The preview may have come into sight; rows may come before it is drawn."""
        self.call_after_refresh(lambda: self._preview(self.table.sample))

    def _preview(self, sample: Sample | None) -> None:
        if self.has_class("-wide"):
            self.preview.look_at(sample)

    @on(SampleTable.Opened)
    def _open_sound(self, message: SampleTable.Opened) -> None:
        self.post_message(self.SampleOpened(message.sample.file_id, self.browser.listing))

    def follow(self, file_id: FileId) -> None:
        """Put the cursor on a sound that is shown elsewhere."""
        self.browser.follow(file_id)

    # The lines.

    @on(FilterLine.Typed)
    def _ask_typed(self, message: FilterLine.Typed) -> None:
        self.browser.ask_typed(message.text)

    @on(FilterLine.Kept)
    @on(FilterLine.Closed)
    @on(AskLine.Closed)
    def _focus_table(self) -> None:
        self.table.focus()

    @on(FilterLine.Left)
    def _enter_filter(self, message: FilterLine.Left) -> None:
        self.history.enter(message.text)

    @on(Browser.Answered)
    def _note_filter(self) -> None:
        self.history.note_entered()

    def ask_saved(self, saved: KeptSearch) -> None:
        """Ask what was chosen among the saved searches."""
        self.history.ask_saved(saved)

    @on(AskLine.Answered)
    def _take_answer(self, message: AskLine.Answered) -> None:
        takers = {
            TAGS: self.tags.answer,
            FOLDER: self.scan.answer,
            OUTSIDE: self.similar_link.answer,
        }
        takers[message.subject](message.text)

    # Keys.

    action_filter = done_by("filter_line", FilterLine.open)
    action_sort = done_by("browser", Browser.sort)
    action_reverse = done_by("browser", Browser.reverse)
    action_folder_only = done_by("browser", Browser.toggle_folder)
    action_mark = done_by("marks", Marks.toggle)
    action_mark_all = done_by("marks", Marks.toggle_all)
    action_span = done_by("marks", Marks.toggle_range)
    action_copy = done_by("marks", Marks.copy_paths)
    action_tag = done_by("tags", TagEditor.ask)
    action_undo = done_by("tags", TagEditor.undo)
    action_analyze = done_by("analysis", AnalysisRequests.start_targets)
    action_analyze_all = done_by("analysis", AnalysisRequests.start_shown)
    action_similar = done_by("similar_link", SimilarLink.open)
    action_similar_outside = done_by("similar_link", SimilarLink.ask_file)
    action_kept = done_by("history", FilterHistory.open)
    action_scan = done_by("scan", FolderScan.ask)

    def action_escape(self) -> None:
        """Close the filter, else give up a range, else take all marks away."""
        if self.filter_line.text:
            self.filter_line.action_close()
        else:
            self.marks.clear()
        self.marks.show()

    def action_cancel(self) -> None:
        """Stop tagging many, or the scan; where there is neither, ask and stop the analysis."""
        if self.tags.is_running:
            self.tags.stop()
        elif self.scan.is_running:
            self.scan.stop()
        elif self.status.running:
            self.confirm("Cancel the sounds that have not started?", self.analysis.cancel)
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
