"""What sounds like this: seeds, weights and filter above, what was found below, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from smtui.domain.sample import FileId
from smtui.domain.search import View
from smtui.paths import styles
from smtui.services.hits import HitOrder
from smtui.ui.base_screen import done_by, keys_of
from smtui.ui.similar.comparing import REST, THIN_REST
from smtui.ui.similar.keeping import Keeping
from smtui.ui.similar.listening import Listening
from smtui.ui.similar.seeding import LINE, WORDS
from smtui.ui.similar.weighing import Weighing
from smtui.ui.similar.writing import FILE, Writing
from smtui.ui.similar_link import OUTSIDE, SimilarLink
from smtui.ui.widgets.ask_line import AskLine
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.widgets.hit_table import HitTable
from smtui.ui.widgets.key_line import KeyLine
from smtui.ui.widgets.preview import Preview
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.widgets.title_line import TitleLine
from smtui.ui.widgets.weights_line import WeightsLine

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.box import Services
    from smtui.ui.options import Options
    from smtui.ui.similar_link import Begin

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


class SimilarScreen(Weighing, Keeping, Listening, Writing):
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
        super().__init__(services, account, begin, options)
        self.ask_line = AskLine(id="ask")
        self.similar_link = SimilarLink(self, self.ask_line, self._targets)

    def compose(self) -> ComposeResult:
        """Lay out title, weights, filter, picture and table, why, status, keys."""
        yield TitleLine("Similar to", self.account.username, id="title")
        yield WeightsLine(ascii_alone=self.options.ascii, id="weights")
        yield FilterLine(id="filter")
        with Horizontal(id="body"):
            yield Preview(
                self.analysis_of,
                self.services.pictures,
                self.options.first_ink,
                rest=THIN_REST if self.options.thin_line else REST,
            )
            with Vertical(id="list"):
                yield Static(id="notice")
                yield self.table
        yield Static(id="why")
        yield Static(id="remark")
        yield self.ask_line
        yield StatusBar(id="status")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin with what the screen was opened on."""
        self.table.focus()
        self.begin(self.begun)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no key that could change nothing, nor one that is a letter while one types."""
        if action in _TYPED and isinstance(self.focused, Input):
            return False
        if action == "seed_before" and not self.has_earlier:
            return False
        if action in _OF_WEIGHTS and self.search.view is not View.ALIKE:
            return False
        if action == "turns" and self.is_mounted and not self.is_wide:
            return False
        return super().check_action(action, parameters)

    action_similar = done_by("similar_link", SimilarLink.open)
    action_similar_outside = done_by("similar_link", SimilarLink.ask_file)

    def _targets(self) -> Sequence[FileId]:
        """The sound under the cursor."""
        row = self.table.row
        return () if row is None or row.file_id is None else (row.file_id,)

    @on(HitTable.Opened)
    def _opened(self, message: HitTable.Opened) -> None:
        if message.row.file_id is None:
            self.say("This file is not in the library; i in the library scans its folder")
        else:
            rows = [row.file_id for row in self.table.rows if row.file_id is not None]
            hits = HitOrder(self.services.library, rows)
            self.post_message(self.SampleOpened(message.row.file_id, hits))
            self.note_search()

    def follow(self, file_id: FileId) -> None:
        """Put the cursor on a sound that was looked at last."""
        for place, row in enumerate(self.table.rows):
            if row.file_id == file_id:
                self.table.move_to(place)
                return

    @on(AskLine.Answered)
    def _answered(self, message: AskLine.Answered) -> None:
        answers = {
            LINE: self.answer_line,
            WORDS: self.answer_words,
            OUTSIDE: self.similar_link.answer,
            FILE: self.answer_file,
        }
        answers[message.subject](message.text)
        if message.subject == FILE:
            self.note_search()
        else:
            self.line_entered()

    @on(AskLine.Closed)
    def _line_left(self) -> None:
        self.table.focus()

    @on(FilterLine.Kept)
    @on(FilterLine.Closed)
    def _filter_left(self) -> None:
        self.table.focus()
        self.line_entered()

    # The filter line.

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterLine).open()

    @on(FilterLine.Typed)
    def _filter_typed(self, message: FilterLine.Typed) -> None:
        if message.text != self.search.filter:
            self.ask(replace(self.search, filter=message.text), pause=_TYPING_PAUSE)

    async def action_escape(self) -> None:
        """Close the filter, else go back."""
        line = self.query_one(FilterLine)
        if line.text:
            line.action_close()
        else:
            await self.action_back()

    # Elsewhere.

    def action_copy(self) -> None:
        """Copy the path of the sound under the cursor."""
        row = self.table.row
        seed = None if row is None else row.seed
        if row is not None and row.sample is not None:
            self.copy(str(row.sample.path))
        elif seed is not None and seed.path is not None:
            self.copy(str(seed.path))
        else:
            self.say("No sound selected")
