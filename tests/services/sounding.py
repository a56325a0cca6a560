"""A library of sounds that a test makes: found on the disk and heard by the real recipe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import soundfile

from smtui.audio.recipe import listen
from smtui.domain.account import UserId
from smtui.domain.analysis import Analysis, AnalysisId, Level, Measurement, heard_of
from smtui.domain.sample import FileId, Sample
from smtui.folders.finder import DiskFinder
from smtui.services.documents import Documents
from smtui.stores.memory import memory_documents

NOW = datetime(2025, 3, 1, 12, 0, 0, tzinfo=UTC)
RATE = 44_100
Change = Callable[[Measurement], Measurement]


@dataclass
class SoundingLibrary:
    """Sounds in a folder, and what was heard of them, in a real SQLite file."""

    folder: Path
    documents: Documents
    files: dict[str, FileId] = field(default_factory=dict)

    def write(self, name: str, wave: Any, *, rate: int = RATE, **options: Any) -> Path:
        """Write a sound below the folder; its name says the format."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.asarray(wave), rate, **options)
        return path

    async def scan(self, *, user_id: UserId | None = None) -> None:
        """Take in everything that is in the folder, as a scan does."""
        finder = DiskFinder()
        try:
            async for step in finder.walk(self.folder):
                found = await finder.read_files(step.candidates)
                sounds = [one for one in found if not hasattr(one, "error")]
                ids = await self.documents.samples.add_found(sounds, user_id=user_id, at=NOW)
                names = [str(Path(one.file_path).relative_to(self.folder)) for one in sounds]
                self.files |= dict(zip(names, ids, strict=True))
        finally:
            finder.close()

    async def hear(self, *names: str, change: Change | None = None, at: int = 0) -> None:
        """Listen to sounds, all without names, and keep what was heard, or what `change` makes."""
        for name in names or tuple(self.files):
            (sample,) = await self.documents.samples.get([self.files[name]])
            measured = await asyncio.to_thread(listen, sample.path, level=Level.ADVANCED)
            await self.keep(sample, change(measured) if change else measured, at=at)

    async def keep(self, sample: Sample, measured: Measurement, *, at: int = 0) -> None:
        """Keep what was heard of a sound."""
        moment = NOW + timedelta(seconds=at)
        analysis = Analysis(
            analysis_id=AnalysisId(str(uuid4())),
            file_id=sample.file_id,
            user_id=sample.user_id,
            analyzed_at=moment,
            measured=measured,
        )
        await self.documents.analyses.save(analysis)
        heard = heard_of(measured, moment)
        assert await self.documents.samples.set_heard(
            sample.file_id, heard, file_hash=sample.file_hash
        )

    def name(self, file_id: FileId) -> str:
        """What a sound is called in the folder."""
        return next(name for name, known in self.files.items() if known == file_id)


@asynccontextmanager
async def sounding(folder: Path) -> AsyncIterator[SoundingLibrary]:
    """Open an empty library whose sounds lie in the folder."""
    yield SoundingLibrary(folder=folder / "sounds", documents=memory_documents())


def in_key(key: str, mode: str, confidence: float = 0.9) -> Change:
    """Say that a sound was heard in a key."""
    return lambda heard: replace(
        heard, key=key, mode=mode, claims=replace(heard.claims, key_confidence=confidence)
    )


def at_tempo(tempo: float) -> Change:
    """Say that a sound was heard at a tempo."""
    return lambda heard: replace(heard, tempo=tempo, is_loop=True)
