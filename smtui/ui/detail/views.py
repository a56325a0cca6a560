"""What is seen of a sound: its pictures, its curves, what was said of it, and the cursor's reading.

Apart from the reader of the sound: this only draws what it is given.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import ContentSwitcher, Static

from smtui.domain.analysis import Analysis
from smtui.domain.errors import SoundUnreadable
from smtui.domain.picture import Picture, PictureRequest, View
from smtui.domain.sample import Sample
from smtui.ui.base_screen import BaseScreen
from smtui.ui.draw.phrases import recipe
from smtui.ui.draw.section import Section
from smtui.ui.widgets.curves import Curves
from smtui.ui.widgets.remarks import Remarks
from smtui.ui.widgets.spectrogram import Reading, Spectrogram
from smtui.ui.widgets.waveform import Waveform
from smtui.ui.workers import looking

if TYPE_CHECKING:
    from smtui.services.pictures import Pictures
    from smtui.ui.options import Options

_ZOOM = 2.0
_PAN = 0.25
# A held key repeats some thirty times a second: only where it rests is worth a picture.
_REST = 0.04


class SoundViews:
    """Shows a section of the sound in one of three views, and moves it by keys."""

    def __init__(self, screen: BaseScreen, pictures: Pictures, options: Options) -> None:
        self.screen = screen
        self.reading = Static(id="reading")
        self._pictures = pictures
        self._first_ink, self._full_ink = options.first_ink, options.full_ink
        self._switcher = ContentSwitcher(initial="pictures", id="views")
        self._waveform = Waveform(self._first_ink, id="waveform")
        self._spectrogram = Spectrogram(self._first_ink, id="spectrogram")
        self._curves = Curves(self._first_ink, id="curves")
        self._remarks = Remarks(id="remarks")
        self._sample: Sample | None = None
        self._analysis: Analysis | None = None
        self._section: Section | None = None

    def compose(self) -> ComposeResult:
        """Lay out the views in one place; the reading is the screen's to lay out."""
        with self._switcher:
            with Vertical(id="pictures"):
                yield self._waveform
                yield self._spectrogram
            yield self._curves
            yield self._remarks

    @property
    def has_pictures(self) -> bool:
        """The pictures are what is seen."""
        return self._switcher.current == "pictures"

    def open(self, sample: Sample) -> None:
        """Take another sound, whole."""
        self._sample = sample
        self._section = Section.whole(max(sample.duration, 1e-3), like=self._section)

    def show(self, sample: Sample, analysis: Analysis | None) -> None:
        """Show what is known of the sound."""
        self._sample, self._analysis = sample, analysis
        measured = analysis.measured if analysis else None
        self._waveform.mark(
            measured.beats if measured else (), measured.segments if measured else ()
        )
        ai = None if analysis is None else analysis.ai
        self._remarks.show(ai)
        if ai is None and self._switcher.current == "remarks":
            self._switcher.current = "pictures"
        self._show_section()

    def _show_section(self) -> None:
        section = self._section
        if section is None:
            return
        features = self._analysis.measured.spectral_features if self._analysis else None
        self._curves.show(features, section.start, section.end, duration=section.duration)
        self.show_reading(self._spectrogram.reading())

    def show_reading(self, reading: Reading | None) -> None:
        """Say what is under the cursor, and how the picture is drawn."""
        words = self._reading_words(reading)
        if words is not None:
            self.reading.update(words, layout=False)

    def _reading_words(self, reading: Reading | None) -> str | None:
        section, picture = self._section, self._spectrogram.picture
        if self._switcher.current == "remarks":
            return self._remarks.reading()
        if section is None:
            return None
        words = []
        if reading is not None and self.has_pictures:
            level = "below the colour range" if reading.level is None else f"{reading.level:.0f} dB"
            words.append(f"{reading.time:.3f} s  {reading.hertz:,.0f} Hz  {level}  ")
        if self.has_pictures:
            words.append("log" if section.log else "linear")
            words.append(f"range {section.range_db:.0f} dB")
        words.append(f"zoom {section.zoom:.3g}x")
        if picture is not None and picture.from_slices:
            words.append("the file is gone: drawn from its analysis")
        elif picture is not None and picture.coarse:
            words.append("drawing in more detail ...")
        elif self._analysis is not None:
            words.append(recipe(self._analysis.measured))
        return "  ".join(words)

    # Drawing: coarse first, then fine; only the newest wish.

    @looking(group="pictures")
    async def draw(self) -> None:
        """Draw waveform and spectrogram; replaces what is being drawn."""
        await asyncio.sleep(_REST)
        sample, section, pane = self._sample, self._section, self._spectrogram
        if sample is None or section is None or not pane.plot.width or not pane.plot.height:
            return
        request = PictureRequest(
            path=sample.path,
            view=View.SPECTROGRAM,
            start=section.start,
            end=section.end,
            width=pane.plot.width,
            height=pane.plot.height * pane.ink.elements,
            low_hz=40.0 if section.log else 0.0,
            log=section.log,
            range_db=section.range_db,
            coarse=True,
        )
        try:
            await self._draw(request, sample)
        except SoundUnreadable as error:
            self._waveform.show(None)
            pane.say(str(error))

    async def _draw(self, request: PictureRequest, sample: Sample) -> None:
        wave = replace(request, view=View.WAVEFORM, height=2, low_hz=0.0, log=False, range_db=0.0)
        spectrum = await self._picture(request, sample)
        self._spectrogram.show(spectrum)
        waveform = await self._picture(wave, sample)
        self._waveform.show(waveform)
        self._say_origin(spectrum)
        if spectrum.coarse:
            spectrum = await self._picture(replace(request, coarse=False), sample)
            self._spectrogram.show(spectrum)
        if waveform.coarse:
            waveform = await self._picture(replace(wave, coarse=False), sample)
            self._waveform.show(waveform)
        self._say_origin(spectrum)

    async def _picture(self, request: PictureRequest, sample: Sample) -> Picture:
        measured = self._analysis.measured if self._analysis else None
        return await self._pictures.picture(request, file_hash=sample.file_hash, heard=measured)

    def _say_origin(self, picture: Picture) -> None:
        """Say where a picture comes from if not from the file."""
        self._spectrogram.set_class(picture.from_slices, "-remembered")
        self.show_reading(self._spectrogram.reading())

    # Keys.

    def move(self, columns: int, rows: int) -> None:
        """Move the cursor; at the edge of a part of the sound, move the part."""
        if self._switcher.current == "remarks":
            self._remarks.move(rows)
            self.show_reading(None)
            return
        left = self._spectrogram.move(columns, rows)
        if left and self._section is not None and self._section.zoom > 1:
            self._pan(_PAN if left > 0 else -_PAN)

    def zoom_in(self) -> None:
        """Show half as long around the cursor."""
        self._zoom(_ZOOM)

    def zoom_out(self) -> None:
        """Show twice as long around the cursor."""
        self._zoom(1 / _ZOOM)

    def _zoom(self, factor: float) -> None:
        reading = self._spectrogram.reading()
        if self._section is not None:
            middle = (self._section.start + self._section.end) / 2
            self._look_at(self._section.zoomed(factor, reading.time if reading else middle))

    def show_whole(self) -> None:
        """Show the whole sound."""
        if self._section is not None:
            self._look_at(Section.whole(self._section.duration, like=self._section))

    def go_earlier(self) -> None:
        """Scroll left."""
        self._pan(-_PAN)

    def go_later(self) -> None:
        """Scroll right."""
        self._pan(_PAN)

    def _pan(self, share: float) -> None:
        """Move the picture by a share of its width."""
        if self._section is not None:
            self._look_at(self._section.panned(share))

    def turn_axis(self) -> None:
        """Change between linear and logarithmic frequencies."""
        if self._section is not None:
            self._look_at(self._section.with_other_axis())

    def next_range(self) -> None:
        """Take the next dB range."""
        if self._section is not None:
            self._look_at(self._section.with_next_range())

    def _look_at(self, section: Section) -> None:
        if section != self._section:
            self._section = section
            self._show_section()
            self.draw()

    def next_view(self) -> None:
        """Show the next view: on a thin line all colours come before the curves."""
        views, pane = self._switcher, self._spectrogram
        has_remarks = self._analysis is not None and self._analysis.ai is not None
        if views.current == "curves" and has_remarks:
            views.current = "remarks"
        elif views.current in ("curves", "remarks"):
            views.current = "pictures"
            pane.restyle(self._first_ink)
        elif pane.ink != self._full_ink:
            pane.restyle(self._full_ink)
        else:
            views.current = "curves"
        self.show_reading(pane.reading())
        self.screen.refresh_bindings()
