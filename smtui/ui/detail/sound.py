"""The sound and its analysis: read, asked for, and seen when it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from smtui.domain.account import Account, UserId
from smtui.domain.analysis import Analysis, Level
from smtui.domain.batch import RunId
from smtui.domain.errors import SmtuiError
from smtui.domain.sample import FileId, Sample
from smtui.ui.base_screen import BaseScreen
from smtui.ui.widgets.claims import Known
from smtui.ui.workers import doing, looking

if TYPE_CHECKING:
    from smtui.services.box import Services

_AGAIN = 1.0


class Neighbours(Protocol):
    """The list that a sound was opened from."""

    async def around(self, file_id: FileId, step: int) -> Sample | None:
        """Return the sound `step` rows after (or before) this one, None beyond either end."""
        ...


class SoundReader:
    """Reads a sound, goes on through its list, and waits for what is being analysed.

    Attributes:
        file_id: of the sound that is shown.
        sample: None until it was read.
        analysis: None until there is one and it was read.
    """

    @dataclass
    class Opened(Message):
        """Another sound is shown; what is known of it follows."""

        sample: Sample

    @dataclass
    class Changed(Message):
        """More is known of the sound; with `pictures` it was read for the first time."""

        pictures: bool

    def __init__(
        self,
        screen: BaseScreen,
        services: Services,
        account: Account,
        file_id: FileId,
        listing: Neighbours | None,
    ) -> None:
        self.screen = screen
        self.file_id = file_id
        self.sample: Sample | None = None
        self.analysis: Analysis | None = None
        self._library = services.library
        self._analyses = services.analyses
        self._batches = services.batches
        self._accounts = services.accounts
        self._account = account
        self._listing = listing
        self._listening = False
        self._names: Mapping[UserId, str] = {}
        self._steps = 0

    @property
    def known(self) -> Known | None:
        """What is known of the sound now."""
        if self.sample is None:
            return None
        return Known(
            sample=self.sample,
            analysis=self.analysis,
            listening=self._listening,
            viewer=self._account.user_id,
            names=self._names,
        )

    @looking(group="sound", patient=True)
    async def open(self) -> None:
        """Read the sound that the screen was opened on."""
        self._show(await self._library.sample(self.file_id))

    def next(self) -> None:
        """Go to the next sound of the list."""
        self._step(1)

    def previous(self) -> None:
        """Go to the sound before."""
        self._step(-1)

    def _step(self, way: int) -> None:
        # Steps of a held key add up while the list is read.
        self._steps += way
        self._follow_steps()

    @looking(group="sound", patient=True)
    async def _follow_steps(self) -> None:
        if self._listing is None:
            self._steps = 0
            self.screen.say("This sound was not opened from a list")
        if self._listing is None or not self._steps:
            return
        sample = await self._listing.around(self.file_id, self._steps)
        if sample is None and abs(self._steps) > 1:
            # The end is nearer than a held key wanted.
            sample = await self._listing.around(self.file_id, 1 if self._steps > 0 else -1)
        way, self._steps = self._steps, 0
        if sample is not None:
            self._show(sample)
        else:
            self.screen.say("This is the last sound" if way > 0 else "This is the first sound")

    def _show(self, sample: Sample) -> None:
        """Show another sound: facts at once, then its analysis, then pictures."""
        self.sample, self.file_id = sample, sample.file_id
        self.analysis, self._listening = None, False
        self.screen.post_message(self.Opened(sample))
        self._read_analysis()

    @looking(group="heard", patient=True)
    async def _read_analysis(self) -> None:
        """Read the analysis, and have it drawn; where there is none yet, wait for it."""
        self.analysis = await self._analyses.of(self.file_id)
        await self._read_names()
        self._say_changed(pictures=True)
        self._watch_analysis()

    def _say_changed(self, *, pictures: bool = False) -> None:
        self.screen.post_message(self.Changed(pictures))

    async def _read_names(self) -> None:
        """Find out who put the tags, where they can be another's."""
        if self.sample is None:
            return
        marks = self.sample.tag_marks.values()
        unknown = {mark.by for mark in marks} - self._names.keys()
        if unknown:
            self._names = {**self._names, **await self._accounts.names(unknown)}

    @looking(group="watching-heard", patient=True)
    async def _watch_analysis(self) -> None:
        """Look again until there is something; a worker of anybody's may analyse it."""
        while self.sample is not None and (self.analysis is None or self._listening):
            await asyncio.sleep(_AGAIN)
            if await self._look_again(self.sample):
                return

    async def _look_again(self, before: Sample) -> bool:
        """True when the sound was analysed since it was last looked at."""
        sample = await self._library.sample(self.file_id)
        if (sample.heard, sample.trouble) == (before.heard, before.trouble):
            return False
        self.sample = sample
        self.analysis = await self._analyses.of(self.file_id)
        self._listening = False
        self._say_changed()
        return self.analysis is not None

    @doing
    async def analyse(self) -> None:
        """Have this sound analysed, before everything else that waits."""
        sample = self.sample
        if sample is None or self._listening:
            return
        self._listening = True
        self._say_changed()
        try:
            run = await self._batches.start(
                [sample.file_id], Level.ADVANCED, by=self._account, urgent=True
            )
        except SmtuiError:
            self._listening = False
            self._say_changed()
            raise
        if self.screen.is_attached and self.file_id == sample.file_id:
            self._await_run(run)

    @looking(group="watching-heard", patient=True)
    async def _await_run(self, run_id: RunId) -> None:
        """Follow one run to its end, then show what it brought."""
        await self._batches.until_ended(run_id)
        self._listening = False
        self.sample = await self._library.sample(self.file_id)
        self.analysis = await self._analyses.of(self.file_id)
        self._say_changed()
