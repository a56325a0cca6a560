"""Looking at runs: whose they are, what they are about, who works on what, what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from smtui.domain.account import Account, Role, UserId
from smtui.domain.analysis import Level
from smtui.domain.batch import Batch, Failure, Held, RunId, RunProgress
from smtui.domain.parts import in_parts
from smtui.domain.ports.batches import BatchStore
from smtui.domain.ports.documents import SampleStore
from smtui.domain.sample import FileId, Sample
from smtui.services.board import Board, Holding, Paces, Pulse
from smtui.services.rights import Deed, Rights

_SOUNDS_AT_ONCE = 1_000
# People read no faster, and workers write the documents meanwhile.
_QUICK = 0.25
_FOLDERS_TOLD = 3
_NOBODY: Mapping[FileId, Sample] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which sounds are worth listening to.

    Attributes:
        level: those heard less than this.
        retry: also those that failed before.
        older_than: instead those that a recipe before this version heard; 0 for none.
    """

    level: Level
    retry: bool = False
    older_than: int = 0

    def includes(self, sample: Sample) -> bool:
        """True if a sound is one of them."""
        if sample.missing_since is not None or (sample.trouble is not None and not self.retry):
            return False
        heard = sample.heard
        if self.older_than:
            # What another program has heard is not ours to call old.
            return heard is not None and 0 < heard.recipe_version < self.older_than
        return heard is None or heard.listened_rank < self.level.rank


class Runs:
    """Reads runs and what belongs to them; changes nothing."""

    def __init__(self, batches: BatchStore, samples: SampleStore, rights: Rights) -> None:
        self._batches = batches
        self._samples = samples
        self._rights = rights

    async def of(self, viewer: Account, limit: int) -> tuple[RunProgress, ...]:
        """A person's runs, newest first; to an admin everybody's."""
        present = await self._rights.present(viewer)
        if await self._rights.role(present) is Role.ADMIN:
            return await self._batches.everyones_runs(limit=limit)
        return await self._batches.runs(user_id=viewer.user_id, limit=limit)

    async def board(self, viewer: Account, limit: int) -> AsyncIterator[Board]:
        """Follow all runs that a person may see: the present first, then every change; no end."""
        pulse, paces = Pulse(quick=_QUICK), Paces()
        titles: dict[RunId, str] = {}
        last: Board | None = None
        while True:
            runs = await self.of(viewer, limit)
            going = [run.run_id for run in runs if not run.status.ended and not run.is_foreign]
            present = Board(
                runs=paces.standings(runs, titles),
                holding=await self.holding(going) if going else (),
                elsewhere=await self._elsewhere(viewer, runs, limit),
            )
            if present != last:
                last = present
                yield present
            if unknown := [run.run_id for run in runs if run.run_id not in titles]:
                # What they are about is told as soon as it is known; how they stand, at once.
                titles |= dict.fromkeys(unknown, "") | dict(await self.titles(unknown))
            else:
                await pulse.beat((runs, present.holding))

    async def _elsewhere(self, viewer: Account, seen: Sequence[RunProgress], limit: int) -> int:
        """Count the workers that are busy with what others asked for; an admin sees all of it."""
        if await self._rights.role(await self._rights.present(viewer)) is Role.ADMIN:
            return 0
        mine = {run.run_id for run in seen}
        others = [
            run.run_id
            for run in await self._batches.everyones_runs(limit=limit)
            if run.run_id not in mine and run.processing
        ]
        return len({held.worker for held in await self._batches.held(others)}) if others else 0

    async def progress(self, run_id: RunId) -> RunProgress | None:
        """Where a run stands now."""
        return await self._batches.progress(run_id)

    async def documents(self, run_id: RunId) -> AsyncIterator[Batch]:
        """The batches of a run with what became of every file, one after the other."""
        for batch_id in await self._batches.batches_of(run_id):
            batch = await self._batches.get(batch_id)
            if batch is not None:
                yield batch

    async def wanted(
        self, found: AsyncIterator[tuple[Sample, ...]], wanted: Wanted, *, by: Account
    ) -> tuple[FileId, ...]:
        """Of these sounds those that are wanted, that no run will hear anyway, and it may queue."""
        shared_too = await self._rights.permits(by, Deed.ANALYZE, None)
        awaited = await self._batches.waiting(level=wanted.level)
        return tuple(
            [
                sample.file_id
                async for samples in found
                for sample in samples
                if wanted.includes(sample)
                and sample.file_id not in awaited
                and (shared_too or sample.user_id is not None)
            ]
        )

    async def titles(self, run_ids: Sequence[RunId]) -> Mapping[RunId, str]:
        """What runs are about: the name of a single sound, else of the folders that have them.

        Of the folder that all have in common where that lies in a folder that was scanned; sounds
        of several scanned folders are told by these: what those have in common is an accident.
        Nothing for runs of which no sound is there any more.
        """
        some = await self._batches.some(run_ids)
        wanted = list({file_id for files in some.values() for file_id in files})
        found = {sample.file_id: sample async for sample in self._samples_of(wanted)}
        roots = await self._roots({sample.user_id for sample in found.values()})
        titles = {}
        for run_id, files in some.items():
            here = [found[file_id] for file_id in files if file_id in found]
            if here:
                titles[run_id] = here[0].filename if len(files) == 1 else _places(here, roots)
        return titles

    async def _roots(self, owners: Iterable[UserId | None]) -> tuple[str, ...]:
        """The folders that these people had scanned, the deepest first."""
        folders = [
            folder for owner in owners for folder in await self._samples.folders(user_id=owner)
        ]
        paths = {folder.folder_path.rstrip("/") for folder in folders}
        return tuple(sorted(paths, key=len, reverse=True))

    async def holding(self, run_ids: Sequence[RunId]) -> tuple[Holding, ...]:
        """What the workers of these runs are doing, by worker."""
        firsts: dict[str, Held] = {}
        besides = Counter[str]()
        for held in await self._batches.held(run_ids):
            besides[held.worker] += held.besides + (held.worker in firsts)
            firsts.setdefault(held.worker, held)
        wanted = [held.file_id for held in firsts.values()]
        samples = {sample.file_id: sample async for sample in self._samples_of(wanted)}
        return tuple(
            Holding(
                worker=worker,
                run_id=first.run_id,
                file_id=first.file_id,
                sample=samples.get(first.file_id),
                attempt=first.attempt,
                since=first.claimed_at,
                lease_until=first.lease_until,
                next=besides[worker],
            )
            for worker, first in sorted(firsts.items())
        )

    async def failures(self, run_id: RunId, limit: int) -> tuple[Failure, ...]:
        """What went wrong in a run, at most `limit` files."""
        return await self._batches.failures(run_id, limit=limit)

    async def named(
        self, failures: Iterable[Failure], *, known: Mapping[FileId, Sample] = _NOBODY
    ) -> tuple[tuple[Failure, Sample | None], ...]:
        """Put beside each failure the sound it speaks of, None where it is no longer there."""
        failed = tuple(failures)
        by_id = await self._with_known([failure.file_id for failure in failed], known)
        return tuple((failure, by_id.get(failure.file_id)) for failure in failed)

    async def made_good(self, runs: Iterable[RunProgress]) -> Mapping[RunId, int]:
        """How many failures of ended runs are none any more: another run has heard the sound."""
        good = {}
        for run in runs:
            if 0 < run.failed <= _SOUNDS_AT_ONCE and run.status.ended and run.finished_at:
                failures = await self._batches.failures(run.run_id, limit=run.failed)
                wanted = [failure.file_id for failure in failures]
                samples = [sample async for sample in self._samples_of(wanted)]
                good[run.run_id] = sum(_heard_since(sample, run.finished_at) for sample in samples)
        return good

    async def analysed(
        self, run_id: RunId, limit: int, *, known: Mapping[FileId, Sample] = _NOBODY
    ) -> tuple[Sample, ...]:
        """Sounds that a run has heard, at most `limit`; those no longer there are left out.

        Args:
            run_id: the run.
            limit: how many sounds.
            known: sounds that need not be read once more.
        """
        ids = await self._batches.completed_files(run_id, limit=limit)
        by_id = await self._with_known(ids, known)
        return tuple(by_id[file_id] for file_id in ids if file_id in by_id)

    async def _with_known(
        self, file_ids: Sequence[FileId], known: Mapping[FileId, Sample]
    ) -> Mapping[FileId, Sample]:
        unknown = [file_id for file_id in file_ids if file_id not in known]
        return {**known} | {sample.file_id: sample async for sample in self._samples_of(unknown)}

    async def _samples_of(self, file_ids: Sequence[FileId]) -> AsyncIterator[Sample]:
        for part in in_parts(file_ids, _SOUNDS_AT_ONCE):
            for sample in await self._samples.get(part):
                yield sample


def _heard_since(sample: Sample, at: datetime) -> bool:
    heard = sample.heard
    return (
        sample.trouble is None
        and heard is not None
        and heard.analyzed_at is not None
        and heard.analyzed_at >= at
    )


def _places(samples: Sequence[Sample], roots: Sequence[str]) -> str:
    """Name the folders that have these sounds, each by its last part where there are several."""
    by_root: dict[str, list[str]] = {}
    for sample in samples:
        by_root.setdefault(_root_of(sample.folder, roots), []).append(sample.folder)
    if len(by_root) == 1:
        (folders,) = by_root.values()
        return _common(folders) or "/"
    names = [root.rpartition("/")[2] or "/" for root in sorted(by_root)]
    told = ", ".join(names[:_FOLDERS_TOLD])
    return told if len(names) <= _FOLDERS_TOLD else f"{told} and {len(names) - _FOLDERS_TOLD} more"


def _root_of(folder: str, roots: Sequence[str]) -> str:
    """The scanned folder that a folder lies in; else the first part of its path."""
    for root in roots:
        if folder == root or folder.startswith(f"{root}/"):
            return root
    return "/".join(folder.split("/")[:2])


def _common(folders: Sequence[str]) -> str:
    parts = zip(*(folder.split("/") for folder in folders), strict=False)
    return "/".join(part[0] for part in takewhile(lambda part: len({*part}) == 1, parts))
