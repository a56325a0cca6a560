"""Checking sounds before a pack goes out: those of the library, or files wherever they are.

What the library has heard is judged by that; everything else is listened to here and now, and
nothing of it is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from smtui.domain.analysis import Level, Measurement, heard_of
from smtui.domain.errors import SoundUnreadable
from smtui.domain.findings import Finding, Flaw, Limits, Subject, findings
from smtui.domain.parts import in_parts
from smtui.domain.sample import FoundFile, Sample
from smtui.domain.scan import Candidate, Unreadable

if TYPE_CHECKING:
    from smtui.domain.ports.work import Clock, Listener, SoundFinder
    from smtui.domain.question import Question
    from smtui.services.library import Analyses, Library

_AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One file with what was found in it; `file_path` is printable, `path_bytes` as in a sample."""

    file_path: str
    path_bytes: bytes | None = None
    findings: tuple[Finding, ...] = ()


class PackCheck:
    """Looks for flaws; each of its runs also looks for files that are the same."""

    def __init__(
        self, listener: Listener, finder: SoundFinder, clock: Clock, *, limits: Limits
    ) -> None:
        self._listener = listener
        self._finder = finder
        self._clock = clock
        self._limits = limits

    async def files(self, roots: Sequence[Path]) -> AsyncGenerator[Checked, None]:
        """Check files, and the sounds in and below folders, in order."""
        seen = _Seen()
        for root in roots:
            async for step in self._finder.walk(root):
                for broken in step.unreadable:
                    yield _unreadable(broken)
                for part in in_parts(step.candidates, _AT_ONCE):
                    async for checked in self._check_found(part):
                        yield seen.compare(*checked)

    async def sounds(
        self, library: Library, analyses: Analyses, question: Question
    ) -> AsyncGenerator[Checked, None]:
        """Check what a question finds in the library, in its order."""
        seen = _Seen()
        async for samples in library.each(question):
            meters = await self._meters(samples, analyses)
            for sample in samples:
                found = await self._of_sample(sample, meters.get(sample.file_id))
                checked = Checked(
                    file_path=sample.file_path, path_bytes=sample.path_bytes, findings=found
                )
                yield seen.compare(checked, sample.file_hash)

    async def _check_found(
        self, candidates: Sequence[Candidate]
    ) -> AsyncIterator[tuple[Checked, str]]:
        for found in await self._finder.read_files(candidates):
            if isinstance(found, Unreadable):
                yield _unreadable(found), ""
                continue
            path = next(each.path for each in candidates if each.file_path == found.file_path)
            checked = Checked(
                file_path=found.file_path,
                path_bytes=found.path_bytes,
                findings=await self._listen(path, found),
            )
            yield checked, found.file_hash

    async def _of_sample(self, sample: Sample, measured: Measurement | None) -> tuple[Finding, ...]:
        if sample.trouble is not None:
            return (Finding(flaw=Flaw.UNREADABLE, words=sample.trouble.error),)
        if sample.heard is None or sample.heard.quality is None:
            return await self._listen(self._finder.paths.here(sample.path), sample)
        beats = measured.time_signature[0] if measured and measured.time_signature else 4
        subject = Subject(
            filename=sample.filename,
            duration=sample.duration,
            heard=sample.heard,
            metadata=sample.metadata,
            beats_in_bar=beats,
        )
        return findings(subject, self._limits)

    async def _listen(self, path: Path, of: Sample | FoundFile) -> tuple[Finding, ...]:
        def listen() -> Measurement:
            return self._listener.listen(path, level=Level.BASIC)

        try:
            measured = await asyncio.to_thread(listen)
        except SoundUnreadable as error:
            return (Finding(flaw=Flaw.UNREADABLE, words=error.title),)
        subject = Subject(
            filename=of.filename,
            duration=measured.duration,
            heard=heard_of(measured, self._clock.now()),
            metadata=of.metadata,
            beats_in_bar=measured.time_signature[0] if measured.time_signature else 4,
        )
        return findings(subject, self._limits)

    async def _meters(
        self, samples: Sequence[Sample], analyses: Analyses
    ) -> dict[str, Measurement]:
        """What was measured of loops: only there the meter matters."""
        loops = [
            sample.file_id
            for sample in samples
            if sample.heard is not None and sample.heard.is_loop
        ]
        known = await analyses.of_many(loops) if loops else {}
        return {file_id: analysis.measured for file_id, analysis in known.items()}


class _Seen:
    """Where each content was met first."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def compare(self, checked: Checked, file_hash: str) -> Checked:
        """Add that the file is the same as one that was met before."""
        first = self._first.setdefault(file_hash, checked.file_path) if file_hash else None
        if first is None or first == checked.file_path:
            return checked
        same = Finding(flaw=Flaw.DUPLICATE, words=f"it is the same as {first}", value=first)
        return Checked(
            file_path=checked.file_path,
            path_bytes=checked.path_bytes,
            findings=(*checked.findings, same),
        )


def _unreadable(broken: Unreadable) -> Checked:
    # What a scan adds for the library's sake is left out.
    words = broken.error.partition(";")[0]
    finding = Finding(flaw=Flaw.UNREADABLE, words=words, value=broken.code)
    return Checked(file_path=broken.file_path, findings=(finding,))
