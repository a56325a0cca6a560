"""Pictures of the section at the panes' sizes: coarse first, then fine; only the newest wish."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from smtui.domain.errors import SoundUnreadable
from smtui.domain.picture import Picture, PictureRequest, View
from smtui.domain.sample import Sample
from smtui.ui.detail.sound import SoundRoom
from smtui.ui.draw.section import Section
from smtui.ui.widgets.spectrogram import Spectrogram
from smtui.ui.widgets.waveform import Waveform
from smtui.ui.workers import looking

# A held key repeats some thirty times a second: only where it rests is worth a picture.
_REST = 0.04


class Picturing(SoundRoom):
    """Keeps waveform and spectrogram true to the section."""

    @looking(group="pictures")
    async def draw_pictures(self) -> None:
        """Draw both panes; replaces what is being drawn."""
        await asyncio.sleep(_REST)
        sample, section, pane = self.sample, self.section, self.query_one(Spectrogram)
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
            await self._draw(request, sample, section)
        except SoundUnreadable as error:
            self.query_one(Waveform).show(None)
            pane.say(str(error))

    async def _draw(self, request: PictureRequest, sample: Sample, section: Section) -> None:
        wave = replace(request, view=View.WAVEFORM, height=2, low_hz=0.0, log=False, range_db=0.0)
        spectrum = await self._picture(request, sample)
        self.query_one(Spectrogram).show(spectrum)
        waveform = await self._picture(wave, sample)
        self.query_one(Waveform).show(waveform)
        self.pictured(spectrum)
        if spectrum.coarse:
            spectrum = await self._picture(replace(request, coarse=False), sample)
            self.query_one(Spectrogram).show(spectrum)
        if waveform.coarse:
            waveform = await self._picture(replace(wave, coarse=False), sample)
            self.query_one(Waveform).show(waveform)
        self.pictured(spectrum)

    async def _picture(self, request: PictureRequest, sample: Sample) -> Picture:
        heard = self.analysis.measured if self.analysis else None
        return await self.services.pictures.picture(
            request, file_hash=sample.file_hash, heard=heard
        )

    def pictured(self, picture: Picture) -> None:
        """A picture is seen; the screen may say what is particular about it."""
        raise NotImplementedError
