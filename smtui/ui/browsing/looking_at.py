"""The preview: what is known of the sound under the cursor."""

from __future__ import annotations

import asyncio

from textual import events, on

from smtui.domain.sample import Sample
from smtui.ui.browsing.browser import Browser
from smtui.ui.widgets.preview import Preview
from smtui.ui.widgets.sample_table import SampleTable
from smtui.ui.work import looking

# A held key passes many sounds; only where it rests is worth a look.
_REST = 0.15


class LookingAt(Browser):
    """Keeps the preview on the cursor, where there is room for one."""

    @on(SampleTable.CursorMoved)
    def _cursor_moved(self, message: SampleTable.CursorMoved) -> None:
        self._preview(message.sample)

    def on_resize(self, event: events.Resize) -> None:
        """The preview may have come into sight."""
        del event
        self.call_after_refresh(lambda: self._preview(self.table.sample))

    def _preview(self, sample: Sample | None) -> None:
        preview = self.query_one(Preview)
        if not preview.display or self.is_narrow:
            return
        preview.show(sample)
        if sample is not None:
            self._look_at(sample)

    @property
    def is_narrow(self) -> bool:
        """There is no room for a preview."""
        return self.has_class("-narrow")

    @looking(group="preview")
    async def _look_at(self, sample: Sample) -> None:
        await asyncio.sleep(_REST)
        analysis = await self.services.analyses.of(sample.file_id)
        preview = self.query_one(Preview)
        preview.show(sample, analysis)
