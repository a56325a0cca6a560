"""The preview: what is known of the sound under the cursor."""

from __future__ import annotations

import asyncio

from textual import events, on

from smtui.domain.errors import SoundUnreadable
from smtui.domain.picture import PictureRequest, View
from smtui.domain.sample import FileId, Sample
from smtui.ui.library.browser import Browser
from smtui.ui.widgets.preview import Preview
from smtui.ui.widgets.sample_table import SampleTable
from smtui.ui.workers import looking

# A held key passes many sounds; only where it rests is worth a look, and on a thin line a picture
# is some 20 KB.
_REST = 0.15
_THIN_REST = 0.6


class LookingAt(Browser):
    """Keeps the preview on the cursor, where there is room for one."""

    @on(SampleTable.CursorMoved)
    def _cursor_moved(self, message: SampleTable.CursorMoved) -> None:
        self._preview(message.sample)

    def on_resize(self, event: events.Resize) -> None:
        """The preview may have come into sight."""
        del event
        self.call_after_refresh(lambda: self._preview(self.table.sample))

    @property
    def is_wide(self) -> bool:
        """There is room for a preview."""
        return self.has_class("-wide")

    def _preview(self, sample: Sample | None) -> None:
        if not self.is_wide:
            return
        preview = self.query_one(Preview)
        preview.show(sample)
        if sample is None:
            preview.picture.show(None)
        else:
            self._look_at(sample)

    @looking(group="preview", patient=True)
    async def _look_at(self, sample: Sample) -> None:
        preview = self.query_one(Preview)
        await asyncio.sleep(_THIN_REST if self.options.thin_line else _REST)
        analysis = await self.services.analyses.of(sample.file_id)
        preview.show(sample, analysis)
        size = preview.picture.wanted
        if not size.area:
            return
        request = PictureRequest(
            path=sample.path,
            view=View.SPECTROGRAM,
            width=size.width,
            height=size.height,
            coarse=True,
        )
        heard = None if analysis is None else analysis.measured
        try:
            picture = await self.services.pictures.picture(
                request, file_hash=sample.file_hash, heard=heard
            )
        except SoundUnreadable:
            # The row says that it could not be heard; a toast per move would be noise.
            preview.picture.show(None)
        else:
            preview.picture.show(picture)

    @looking(group="follow")
    async def follow(self, file_id: FileId) -> None:
        """Put the cursor on a sound that is shown elsewhere, if this answer has it."""
        row = await self.listing.position(file_id)
        if row is not None:
            self.table.move_to(row)
