"""One sound: facts, what was heard of it, how it looks over time and frequency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Offset
from textual.message import Message
from textual.widgets import ContentSwitcher, Static

from smtui.domain.picture import Picture
from smtui.domain.sample import FileId
from smtui.paths import styles
from smtui.ui.base_screen import done_by, keys_of
from smtui.ui.clipboard import copied
from smtui.ui.detail.awaiting import Awaiting
from smtui.ui.draw.section import Section
from smtui.ui.draw.wording import recipe
from smtui.ui.similar_link import SimilarLink
from smtui.ui.widgets.ask_line import AskLine
from smtui.ui.widgets.claims import Claims, Known, facts, in_a_line
from smtui.ui.widgets.curves import Curves
from smtui.ui.widgets.key_line import KeyLine
from smtui.ui.widgets.remarks import Remarks
from smtui.ui.widgets.spectrogram import Reading, Spectrogram
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.widgets.title_line import TitleLine
from smtui.ui.widgets.waveform import Waveform
from smtui.ui.workers import looking

if TYPE_CHECKING:
    from smtui.services.box import Services
    from smtui.ui.detail.sound import Looked
    from smtui.ui.options import Options

_ZOOM = 2.0
_PAN = 0.25
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


class DetailScreen(Awaiting):
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

    def __init__(self, services: Services, looked: Looked, options: Options) -> None:
        super().__init__(services, looked, options)
        self.ask_line = AskLine(id="ask")
        self.similar_link = SimilarLink(self, self.ask_line, lambda: (self.file_id,))

    def compose(self) -> ComposeResult:
        """Lay out title, facts, pictures with claims at their right or above, reading, keys."""
        yield TitleLine("Sound", self.account.username, id="title")
        yield Static(id="facts")
        yield Static(id="line")
        with Horizontal(id="body"):
            with ContentSwitcher(initial="pictures", id="views"):
                with Vertical(id="pictures"):
                    yield Waveform(self.first_ink, id="waveform")
                    yield Spectrogram(self.first_ink, id="spectrogram")
                yield Curves(self.first_ink, id="curves")
                yield Remarks(id="remarks")
            yield Claims(id="claims")
        yield Static(id="reading")
        yield self.ask_line
        yield StatusBar(id="status")
        yield KeyLine()

    def on_mount(self) -> None:
        """Read the sound."""
        self.open_sound()

    # What is shown.

    def show_known(self) -> None:
        """Show facts and claims as they are known now."""
        if self.sample is None:
            return
        known = Known(
            sample=self.sample,
            analysis=self.analysis,
            listening=self.listening,
            viewer=self.account.user_id,
            names=self.names,
        )
        shared = "   shared" if self.sample.user_id is None else ""
        self.query_one(TitleLine).show(f"{self.sample.filename}{shared}")
        # One line each, whatever they say: a new layout would draw the whole screen again.
        self.query_one("#facts", Static).update(facts(known), layout=False)
        self.query_one("#line", Static).update(in_a_line(known), layout=False)
        self.query_one(Claims).show(known)
        heard = self.analysis.measured if self.analysis else None
        waveform = self.query_one(Waveform)
        waveform.mark(heard.beats if heard else (), heard.segments if heard else ())
        self._show_remarks()
        self._show_section()

    def _show_remarks(self) -> None:
        ai = None if self.analysis is None else self.analysis.ai
        self.query_one(Remarks).show(ai)
        if ai is None and self._has_remarks:
            self.query_one("#views", ContentSwitcher).current = "pictures"

    async def action_back(self) -> None:
        """Tell which sound was looked at last, and leave.

        Told only now: what the library draws below is drawn through this screen as well.
        """
        self.post_message(self.SampleShown(self.file_id))
        await super().action_back()

    def action_copy(self) -> None:
        """Copy the path of this sound."""
        if self.sample is not None:
            self._copy(str(self.sample.path))

    @looking(group="copy")
    async def _copy(self, path: str) -> None:
        self.say(f"Copied: {path}{await copied(self.app, path)}")

    def pictured(self, picture: Picture) -> None:
        """Say where a picture comes from if not from the file."""
        self.query_one(Spectrogram).set_class(picture.from_slices, "-remembered")
        self._read(self.query_one(Spectrogram).reading())

    def _show_section(self) -> None:
        if self.section is None:
            return
        features = self.analysis.measured.spectral_features if self.analysis else None
        self.query_one(Curves).show(
            features, self.section.start, self.section.end, duration=self.section.duration
        )
        self._read(self.query_one(Spectrogram).reading())

    def reading_place(self) -> Offset | None:
        """Return where the line stands that says what is under the cursor."""
        return self.query_one("#reading").content_region.offset

    def _read(self, reading: Reading | None) -> None:
        section, picture = self.section, self.query_one(Spectrogram).picture
        if self._has_remarks:
            self.query_one("#reading", Static).update(
                self.query_one(Remarks).reading(), layout=False
            )
            return
        if section is None:
            return
        words = []
        if reading is not None and not self._has_curves:
            level = "below the colour range" if reading.level is None else f"{reading.level:.0f} dB"
            words.append(f"{reading.time:.3f} s  {reading.hertz:,.0f} Hz  {level}  ")
        if not self._has_curves:
            words.append("log" if section.log else "linear")
            words.append(f"range {section.range_db:.0f} dB")
        words.append(f"zoom {section.zoom:.3g}x")
        if picture is not None and picture.from_slices:
            words.append("the file is gone: drawn from its analysis")
        elif picture is not None and picture.coarse:
            words.append("drawing in more detail ...")
        elif self.analysis is not None:
            words.append(recipe(self.analysis.measured))
        self.query_one("#reading", Static).update("  ".join(words), layout=False)

    @on(Spectrogram.CursorMoved)
    def _cursor_moved(self, message: Spectrogram.CursorMoved) -> None:
        self._read(message.reading)

    @on(Spectrogram.Resized)
    def _resized(self) -> None:
        self.draw_pictures()

    @on(AskLine.Answered)
    def _answered(self, message: AskLine.Answered) -> None:
        self.similar_link.answer(message.text)

    @on(AskLine.Closed)
    def _line_left(self) -> None:
        self.set_focus(None)

    # Keys.

    action_similar = done_by("similar_link", SimilarLink.open)
    action_similar_outside = done_by("similar_link", SimilarLink.ask_file)

    def action_next(self) -> None:
        """Go to the next sound of the list."""
        self.step(1)

    def action_previous(self) -> None:
        """Go to the sound before."""
        self.step(-1)

    def action_move(self, columns: int, rows: int) -> None:
        """Move the cursor; at the edge of a part of the sound, move the part."""
        if self._has_remarks:
            self.query_one(Remarks).move(rows)
            self._read(None)
            return
        left = self.query_one(Spectrogram).move(columns, rows)
        if left and self.section is not None and self.section.zoom > 1:
            self.action_pan(_PAN if left > 0 else -_PAN)

    def action_closer(self) -> None:
        """Show half as long around the cursor."""
        self._zoom(_ZOOM)

    def action_farther(self) -> None:
        """Show twice as long around the cursor."""
        self._zoom(1 / _ZOOM)

    def _zoom(self, factor: float) -> None:
        reading = self.query_one(Spectrogram).reading()
        if self.section is not None:
            middle = (self.section.start + self.section.end) / 2
            self._look_at(self.section.zoomed(factor, reading.time if reading else middle))

    def action_whole(self) -> None:
        """Show the whole sound."""
        if self.section is not None:
            self._look_at(Section.whole(self.section.duration, like=self.section))

    def action_earlier(self) -> None:
        """Scroll left."""
        self.action_pan(-_PAN)

    def action_later(self) -> None:
        """Scroll right."""
        self.action_pan(_PAN)

    def action_pan(self, share: float) -> None:
        """Move the picture by a share of its width."""
        if self.section is not None:
            self._look_at(self.section.panned(share))

    def action_axis(self) -> None:
        """Change between linear and logarithmic frequencies."""
        if self.section is not None:
            self._look_at(self.section.with_other_axis())

    def action_range(self) -> None:
        """Take the next dB range."""
        if self.section is not None:
            self._look_at(self.section.with_next_range())

    def _look_at(self, section: Section) -> None:
        if section != self.section:
            self.section = section
            self._show_section()
            self.draw_pictures()

    def action_view(self) -> None:
        """Show the next view: on a thin line all colours come before the curves."""
        views, pane = self.query_one("#views", ContentSwitcher), self.query_one(Spectrogram)
        said = self.analysis is not None and self.analysis.ai is not None
        if views.current == "curves" and said:
            views.current = "remarks"
        elif views.current in ("curves", "remarks"):
            views.current = "pictures"
            pane.restyle(self.first_ink)
        elif pane.ink != self.full_ink:
            pane.restyle(self.full_ink)
        else:
            views.current = "curves"
        self._read(pane.reading())
        self.refresh_bindings()

    @property
    def _has_curves(self) -> bool:
        return self.query_one("#views", ContentSwitcher).current == "curves"

    @property
    def _has_remarks(self) -> bool:
        return self.query_one("#views", ContentSwitcher).current == "remarks"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no key that changes only what is out of sight."""
        if action not in _OF_THE_PICTURE or not self.is_mounted:
            return True
        return not (self._has_curves or self._has_remarks)

    def action_analyze(self) -> None:
        """Analyse this sound."""
        self.listen()
