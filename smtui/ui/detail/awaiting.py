"""The sound and what was heard of it: read, asked for, and seen when it comes."""

from __future__ import annotations

import asyncio

from smtui.domain.analysis import Level
from smtui.domain.batch import RunId
from smtui.domain.errors import SmtuiError
from smtui.domain.sample import Sample
from smtui.ui.detail.picturing import Picturing
from smtui.ui.draw.section import Section
from smtui.ui.workers import doing, looking

_AGAIN = 1.0


class Awaiting(Picturing):
    """Moves through the list, and waits for what was asked to be heard."""

    _steps = 0

    @looking(group="sound", patient=True)
    async def open_sound(self) -> None:
        """Read the sound that the screen was opened on."""
        self._take(await self.services.library.sample(self.file_id))

    def step(self, way: int) -> None:
        """Go on by `way` in the list; steps of a held key add up while the list is read."""
        self._steps += way
        self._follow_steps()

    @looking(group="sound", patient=True)
    async def _follow_steps(self) -> None:
        if self.listing is None:
            self._steps = 0
            self.say("This sound was not opened from a list")
        if self.listing is None or not self._steps:
            return
        found = await self.listing.around(self.file_id, self._steps)
        if found is None and abs(self._steps) > 1:
            # The end is nearer than a held key wanted.
            found = await self.listing.around(self.file_id, 1 if self._steps > 0 else -1)
        way, self._steps = self._steps, 0
        if found is not None:
            self._take(found)
        else:
            self.say("This is the last sound" if way > 0 else "This is the first sound")

    def _take(self, sample: Sample) -> None:
        """Show another sound: facts at once, then what was heard, then pictures."""
        self.sample, self.file_id = sample, sample.file_id
        self.analysis, self.listening = None, False
        self.section = Section.whole(max(sample.duration, 1e-3), like=self.section)
        self.show_known()
        self.read_heard()

    @looking(group="heard", patient=True)
    async def read_heard(self) -> None:
        """Read what was heard, and draw; with nothing heard yet, wait for it."""
        self.analysis = await self.services.analyses.of(self.file_id)
        await self._read_names()
        self.show_known()
        self.draw_pictures()
        self._watch_heard()

    async def _read_names(self) -> None:
        """Find out who put the tags, where they can be another's."""
        if self.sample is None:
            return
        marks = self.sample.tag_marks.values()
        unknown = {mark.by for mark in marks} - self.names.keys()
        if unknown:
            self.names = {**self.names, **await self.services.accounts.names(unknown)}

    @looking(group="watching-heard", patient=True)
    async def _watch_heard(self) -> None:
        """Look again until there is something; a worker of anybody's may hear it."""
        while self.sample is not None and (self.analysis is None or self.listening):
            await asyncio.sleep(_AGAIN)
            if await self._look_again():
                return

    async def _look_again(self) -> bool:
        """True when the sound was heard, or failed, since it was last looked at."""
        assert self.sample is not None
        before = self.sample
        sample = await self.services.library.sample(self.file_id)
        if (sample.heard, sample.trouble) == (before.heard, before.trouble):
            return False
        self.sample = sample
        self.analysis = await self.services.analyses.of(self.file_id)
        self.listening = False
        self.show_known()
        return self.analysis is not None

    @doing
    async def listen(self) -> None:
        """Have this sound listened to, before everything else that waits."""
        sample = self.sample
        if sample is None or self.listening:
            return
        self.listening = True
        self.show_known()
        try:
            run = await self.services.batches.start(
                [sample.file_id], Level.ADVANCED, by=self.account, urgent=True
            )
        except SmtuiError:
            self.listening = False
            self.show_known()
            raise
        if self.is_attached and self.file_id == sample.file_id:
            self.await_run(run)

    @looking(group="watching-heard", patient=True)
    async def await_run(self, run_id: RunId) -> None:
        """Follow one run to its end, then show what it found."""
        async for progress in self.services.batches.watch(run_id):
            if progress.ended_files >= progress.total:
                break
        self.listening = False
        self.sample = await self.services.library.sample(self.file_id)
        self.analysis = await self.services.analyses.of(self.file_id)
        self.show_known()
