"""What sounds like this: seeds, weights and filter above, what was found below, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from smtui.domain.kept_search import KeptSearch
from smtui.domain.sample import FileId
from smtui.domain.search import View
from smtui.paths import styles
from smtui.services.hits import HitOrder
from smtui.ui.base_screen import BaseScreen, done_by, keys_of
from smtui.ui.screen_links import OUTSIDE, Begin, SimilarLink
from smtui.ui.similar.comparison import Comparison
from smtui.ui.similar.outputs import FILE, HitFile, SearchLog
from smtui.ui.similar.searcher import Panes, Searcher
from smtui.ui.similar.seed_choice import LINE, WORDS, SearchEditor, SeedChoice
from smtui.ui.widgets.ask_line import AskLine
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.widgets.hit_table import HitTable
from smtui.ui.widgets.key_line import KeyLine
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.widgets.title_line import TitleLine
from smtui.ui.widgets.weights_line import WeightsLine

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.box import Services
    from smtui.ui.options import Options

# A person types faster than this; the answer to half a word is of no use.
_TYPING_PAUSE = 0.15
_OF_WEIGHTS = {"aspect", "heavier", "lighter", "even"}
# Keys that Textual does not know as what a line of text takes.
_TYPED = {"filter", "heavier", "lighter", "more_like", "less_like"}


_key = keys_of("similar")


def _aspect(place: int, name: str) -> Binding:
    return Binding(
        str(place + 1),
        f"aspect({place})",
        name.title(),
        id=f"similar.{name}",
        tooltip=f"+ and - move the weight of {name}.",
        show=False,
    )


class SimilarScreen(BaseScreen):
    """One search by likeness after the other."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 — Textual's type
    CSS_PATH: ClassVar = str(styles() / "similar.tcss")
    AUTO_FOCUS = "#table"
    BINDINGS: ClassVar[list[BindingType]] = [
        _key("s", "similar", "New seed", "Make this sound the seed.", show=True),
        Binding(
            "backspace",
            "seed_before",
            "Before",
            id="similar.seed_before",
            tooltip="Back to the seed before.",
            key_display="bksp",
        ),
        _aspect(0, "timbre"),
        _aspect(1, "rhythm"),
        _aspect(2, "tonality"),
        _aspect(3, "envelope"),
        _key("plus,equals_sign", "heavier", "Weight", "The chosen aspect counts more.", show=True),
        _key("minus", "lighter", "Lighter", "The chosen aspect counts less."),
        _key("0", "even", "Even", "Reset all weights."),
        _key(
            "greater_than_sign", "more_like", "More", "More like this (again to undo).", show=True
        ),
        _key("less_than_sign", "less_like", "Less", "Less like this; again: no more.", show=True),
        _key("v", "view", "View", "The other view: alike, fits, words.", show=True),
        _key("slash", "filter", "Filter", "Filter the results.", show=True),
        _key(
            "apostrophe",
            "turns",
            "Swap",
            "Show the picture of the seed, or of this row.",
            show=True,
        ),
        _key("L", "line", "Line", "Edit the whole search as one line."),
        _key("S", "similar_outside", "Outside", "Find what is like a file from outside."),
        _key("a", "analyze", "Analyse", "Analyse this sound, or the seed if it has no analysis."),
        _key("f", "kept", "Saved", "Searches and filters that were saved or asked lately."),
        _key("w", "write", "Write", "Write the hits into a file: .csv, .jsonl, .m3u."),
        _key("y", "copy", "Copy", "Copy the path of this sound."),
        _key("Y", "copy_line", "Copy search", "Copy the search as one line."),
        _key("escape", "escape", "Back", "Clear the filter, or go back."),
        _key("q", "back", "Back", "Back to where you were."),
    ]

    @dataclass
    class SampleOpened(Message):
        """A sound that was found was opened from among these."""

        file_id: FileId
        hits: HitOrder

    def __init__(
        self, services: Services, account: Account, begin: Begin, options: Options
    ) -> None:
        super().__init__()
        self.table = HitTable(ascii_alone=options.ascii, id="table")
        self.table.leaps = options.thin_line
        self.filter_line = FilterLine(id="filter")
        self.ask_line = line = AskLine(id="ask")
        self.panes = Panes(
            title=TitleLine("Similar to", account.username, id="title"),
            weights=WeightsLine(ascii_alone=options.ascii, id="weights"),
            filter=self.filter_line,
            table=self.table,
            notice=Static(id="notice"),
            remark=Static(id="remark"),
        )
        self.searcher = searcher = Searcher(self, services, account, self.panes)
        self.comparison = Comparison(searcher, services, account, options)
        self.search_log = SearchLog(searcher, services, account)
        self.seeds = SeedChoice(searcher, services, self.search_log)
        self.editor = SearchEditor(searcher, self.seeds, line)
        self.hit_file = HitFile(searcher, services, line)
        self.similar_link = SimilarLink(self, line, tuple)
        self._library = services.library
        self._begin_with = begin

    def compose(self) -> ComposeResult:
        """Lay out title, weights, filter, picture and table, why, status, keys."""
        yield self.panes.title
        yield self.panes.weights
        yield self.filter_line
        with Horizontal(id="body"):
            yield self.comparison.preview
            with Vertical(id="list"):
                yield self.panes.notice
                yield self.table
        yield self.comparison.why
        yield self.panes.remark
        yield self.ask_line
        yield StatusBar(id="status")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin with what the screen was opened on."""
        self.table.focus()
        self.begin(self._begin_with)

    def begin(self, begin: Begin) -> None:
        """Look for what is like these sounds, like a file from outside, or for what a line says."""
        if begin.line:
            self.editor.answer(begin.line)
        else:
            self.seeds.begin(begin)

    @property
    def keys_wait(self) -> bool:
        """True while keys typed after a line or a new seed are for the hits that it finds."""
        return self.searcher.keys_wait

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no key that could change nothing, nor one that is a letter while one types."""
        if action in _TYPED and isinstance(self.focused, Input):
            return False
        if action == "seed_before" and not self.seeds.has_earlier:
            return False
        if action in _OF_WEIGHTS and self.searcher.search.view is not View.ALIKE:
            return False
        if action == "turns" and self.is_mounted and not self.has_class("-wide"):
            return False
        return super().check_action(action, parameters)

    # The table, and what stands beside it.

    @on(HitTable.Opened)
    def _open_sound(self, message: HitTable.Opened) -> None:
        if message.row.file_id is None:
            self.say("This file is not in the library; i in the library scans its folder")
        else:
            rows = [row.file_id for row in self.table.rows if row.file_id is not None]
            hits = HitOrder(self._library, rows)
            self.post_message(self.SampleOpened(message.row.file_id, hits))
            self.search_log.note()

    def follow(self, file_id: FileId) -> None:
        """Put the cursor on a sound that was looked at last."""
        for place, row in enumerate(self.table.rows):
            if row.file_id == file_id:
                self.table.move_to(place)
                return

    @on(HitTable.CursorMoved)
    def _follow_cursor(self, message: HitTable.CursorMoved) -> None:
        self.comparison.follow(message.row)

    @on(Searcher.Changed)
    def _look(self) -> None:
        self.comparison.look()

    def on_resize(self, event: events.Resize) -> None:
        """The picture may have come into sight."""
        del event
        self.call_after_refresh(self.refresh_bindings)
        self.call_after_refresh(self.comparison.look)

    # The lines.

    @on(AskLine.Answered)
    def _take_answer(self, message: AskLine.Answered) -> None:
        takers = {
            LINE: self.editor.answer,
            WORDS: self.editor.answer_words,
            OUTSIDE: self.similar_link.answer,
            FILE: self.hit_file.answer,
        }
        takers[message.subject](message.text)
        if message.subject == FILE:
            self.search_log.note()
        else:
            self.searcher.hold_keys()

    @on(AskLine.Closed)
    def _focus_table(self) -> None:
        self.table.focus()

    @on(FilterLine.Kept)
    @on(FilterLine.Closed)
    def _leave_filter(self) -> None:
        self.table.focus()
        self.searcher.hold_keys()

    @on(FilterLine.Typed)
    def _ask_typed(self, message: FilterLine.Typed) -> None:
        search = self.searcher.search
        if message.text != search.filter:
            self.searcher.ask(replace(search, filter=message.text), pause=_TYPING_PAUSE)

    def ask_saved(self, saved: KeptSearch) -> None:
        """Ask what was chosen among the saved searches."""
        self.editor.ask_saved(saved)

    # Keys.

    action_similar = done_by("seeds", SeedChoice.take_row)
    action_seed_before = done_by("seeds", SeedChoice.go_back)
    action_more_like = done_by("seeds", SeedChoice.more_like)
    action_less_like = done_by("seeds", SeedChoice.less_like)
    action_heavier = done_by("searcher", Searcher.weigh_more)
    action_lighter = done_by("searcher", Searcher.weigh_less)
    action_even = done_by("searcher", Searcher.weigh_evenly)
    action_view = done_by("editor", SearchEditor.next_view)
    action_line = done_by("editor", SearchEditor.edit)
    action_filter = done_by("filter_line", FilterLine.open)
    action_turns = done_by("comparison", Comparison.turn)
    action_analyze = done_by("comparison", Comparison.analyse)
    action_similar_outside = done_by("similar_link", SimilarLink.ask_file)
    action_kept = done_by("search_log", SearchLog.open)
    action_copy = done_by("search_log", SearchLog.copy_path)
    action_copy_line = done_by("search_log", SearchLog.copy_line)
    action_write = done_by("hit_file", HitFile.ask)

    def action_aspect(self, place: int) -> None:
        """Choose the aspect that + and - move."""
        self.searcher.choose_aspect(place)

    async def action_escape(self) -> None:
        """Close the filter, else go back."""
        if self.filter_line.text:
            self.filter_line.action_close()
        else:
            await self.action_back()
