"""One sound: facts, its analysis, how it looks over time and frequency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.geometry import Offset
from textual.message import Message
from textual.widgets import Static

from smtui.domain.sample import FileId
from smtui.paths import styles
from smtui.ui.base_screen import BaseScreen, done_by, keys_of
from smtui.ui.detail.sound import Neighbours, SoundReader
from smtui.ui.detail.views import SoundViews
from smtui.ui.screen_links import SimilarLink
from smtui.ui.widgets.ask_line import AskLine
from smtui.ui.widgets.claims import Claims, facts, in_a_line
from smtui.ui.widgets.key_line import KeyLine
from smtui.ui.widgets.spectrogram import Spectrogram
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.widgets.title_line import TitleLine
from smtui.ui.workers import looking

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.box import Services
    from smtui.ui.options import Options

_OF_THE_PICTURE = {"axis", "range"}


_key = keys_of("detail")


def _move(key: str, way: tuple[int, int], name: str) -> Binding:
    return Binding(
        key,
        f"move({way[0]}, {way[1]})",
        name,
        id=f"detail.{name.lower()}",
        tooltip=f"Move the cursor {name.lower()}.",
        show=False,
    )


class DetailScreen(BaseScreen):
    """Waveform and spectrogram, claims beside or above them, a cursor that reads both."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 — Textual's type
    CSS_PATH: ClassVar = str(styles() / "detail.tcss")
    # The line that asks for a file takes the keys only when it asks.
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        _key("J,right_square_bracket", "next", "Next", "The next sound of the list.", show=True),
        _key("K,left_square_bracket", "previous", "Previous", "The sound before.", show=True),
        _move("h,left", (-1, 0), "Left"),
        _move("l,right", (1, 0), "Right"),
        _move("k,up", (0, -1), "Up"),
        _move("j,down", (0, 1), "Down"),
        _key("plus,equals_sign", "closer", "Closer", "Zoom in.", show=True),
        _key("minus", "farther", "Farther", "Zoom out."),
        _key("0", "whole", "Whole", "Show the whole sound."),
        _key("less_than_sign", "earlier", "Earlier", "Scroll left."),
        _key("greater_than_sign", "later", "Later", "Scroll right."),
        _key("v", "view", "View", "The other view: spectrogram, curves, words.", show=True),
        _key("x", "axis", "Axis", "Frequencies linear or logarithmic.", show=True),
        _key("d", "range", "Range", "Change the colour range in dB."),
        _key("a", "analyze", "Analyse", "Analyse this sound.", show=True),
        _key("escape,q", "back", "Back", "Back to the list.", show=True),
        _key("s", "similar", "Similar", "Find sounds similar to this one.", show=True),
        _key("y", "copy", "Copy", "Copy the path of this sound."),
        _key("S", "similar_outside", "Like a file", "Find sounds similar to any audio file."),
    ]

    @dataclass
    class SampleShown(Message):
        """This sound was looked at last."""

        file_id: FileId

    def __init__(
        self,
        services: Services,
        account: Account,
        options: Options,
        *,
        file_id: FileId,
        listing: Neighbours | None,
    ) -> None:
        """Make the screen of a sound that was opened from a list, or from none."""
        super().__init__()
        self.ask_line = AskLine(id="ask")
        self.sound = SoundReader(self, services, account, file_id, listing)
        self.views = SoundViews(self, services.pictures, options)
        self.similar_link = SimilarLink(self, self.ask_line, lambda: (self.sound.file_id,))
        self._title = TitleLine("Sound", account.username, id="title")
        self._facts = Static(id="facts")
        self._line = Static(id="line")
        self._claims = Claims(id="claims")

    def compose(self) -> ComposeResult:
        """Lay out title, facts, pictures with claims at their right or above, reading, keys."""
        yield self._title
        yield self._facts
        yield self._line
        with Horizontal(id="body"):
            yield from self.views.compose()
            yield self._claims
        yield self.views.reading
        yield self.ask_line
        yield StatusBar(id="status")
        yield KeyLine()

    def on_mount(self) -> None:
        """Read the sound."""
        self.sound.open()

    @on(SoundReader.Opened)
    def _open_sound(self, message: SoundReader.Opened) -> None:
        self.views.open(message.sample)
        self._show_known()

    @on(SoundReader.Changed)
    def _show_change(self, message: SoundReader.Changed) -> None:
        self._show_known()
        if message.pictures:
            self.views.draw()

    def _show_known(self) -> None:
        """Show facts and claims as they are known now."""
        known = self.sound.known
        if known is None:
            return
        shared = "   shared" if known.sample.user_id is None else ""
        self._title.show(f"{known.sample.filename}{shared}")
        # One line each, whatever they say: a new layout would draw the whole screen again.
        self._facts.update(facts(known), layout=False)
        self._line.update(in_a_line(known), layout=False)
        self._claims.show(known)
        self.views.show(known.sample, known.analysis)

    def reading_place(self) -> Offset | None:
        """Return where the line stands that says what is under the cursor."""
        return self.views.reading.content_region.offset

    @on(Spectrogram.CursorMoved)
    def _read_cursor(self, message: Spectrogram.CursorMoved) -> None:
        self.views.show_reading(message.reading)

    @on(Spectrogram.Resized)
    def _draw_again(self) -> None:
        self.views.draw()

    @on(AskLine.Answered)
    def _take_answer(self, message: AskLine.Answered) -> None:
        self.similar_link.answer(message.text)

    @on(AskLine.Closed)
    def _leave_line(self) -> None:
        self.set_focus(None)

    # Keys.

    action_next = done_by("sound", SoundReader.next)
    action_previous = done_by("sound", SoundReader.previous)
    action_analyze = done_by("sound", SoundReader.analyse)
    action_closer = done_by("views", SoundViews.zoom_in)
    action_farther = done_by("views", SoundViews.zoom_out)
    action_whole = done_by("views", SoundViews.show_whole)
    action_earlier = done_by("views", SoundViews.go_earlier)
    action_later = done_by("views", SoundViews.go_later)
    action_view = done_by("views", SoundViews.next_view)
    action_axis = done_by("views", SoundViews.turn_axis)
    action_range = done_by("views", SoundViews.next_range)
    action_similar = done_by("similar_link", SimilarLink.open)
    action_similar_outside = done_by("similar_link", SimilarLink.ask_file)

    def action_move(self, columns: int, rows: int) -> None:
        """Move the cursor."""
        self.views.move(columns, rows)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no key that changes only what is out of sight."""
        if action not in _OF_THE_PICTURE or not self.is_mounted:
            return True
        return self.views.has_pictures

    def action_copy(self) -> None:
        """Copy the path of this sound."""
        if self.sound.sample is not None:
            self._copy(str(self.sound.sample.path))

    @looking(group="copy")
    async def _copy(self, path: str) -> None:
        await self.copy(path)

    async def action_back(self) -> None:
        """Tell which sound was looked at last, and leave.

        Told only now: what the library draws below is drawn through this screen as well.
        """
        self.post_message(self.SampleShown(self.sound.file_id))
        await super().action_back()
