"""Looking at runs: whose they are, what they are about, who works on what, what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from smtui.domain.account import Account, Role
from smtui.domain.analysis import Level, listened_rank
from smtui.domain.batch import Batch, Failure, Held, RunId, RunProgress
from smtui.domain.ports.batches import BatchStore
from smtui.domain.ports.documents import SampleStore
from smtui.domain.sample import FileId, Sample
from smtui.services.board import Board, Holding, Paces
from smtui.services.pace import Pulse
from smtui.services.permissions import Deed
from smtui.services.rights import Rights

_SOUNDS_AT_ONCE = 1_000
# People read no faster, and workers write the documents meanwhile.
_QUICK = 0.25
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
        """Whether a sound is one of them."""
        if sample.missing_since is not None or (sample.trouble is not None and not self.retry):
            return False
        heard = sample.heard
        if self.older_than:
            # What another program has heard is not ours to call old.
            return heard is not None and 0 < heard.recipe_version < self.older_than
        return heard is None or listened_rank(heard) < self.level.rank


class Runs:
    """Reads runs and what belongs to them; changes nothing."""

    def __init__(self, batches: BatchStore, samples: SampleStore, rights: Rights) -> None:
        self._batches = batches
        self._samples = samples
        self._rights = rights

    async def runs(self, viewer: Account, limit: int) -> tuple[RunProgress, ...]:
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
            runs = await self.runs(viewer, limit)
            going = [run.run_id for run in runs if not run.status.ended and not run.is_foreign]
            present = Board(
                runs=paces.standings(runs, titles),
                holding=await self.holding(going) if going else (),
            )
            if present != last:
                last = present
                yield present
            if unknown := [run.run_id for run in runs if run.run_id not in titles]:
                # What they are about is told as soon as it is known; how they stand, at once.
                titles |= dict.fromkeys(unknown, "") | dict(await self.titles(unknown))
            else:
                await pulse.beat((runs, present.holding))

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
        """What runs are about: the name of a single sound, else of a folder that has them.

        The folder is that of some of the sounds; nothing for runs of which none is there any more.
        """
        some = await self._batches.some(run_ids)
        wanted = list({file_id for files in some.values() for file_id in files})
        found = {one.file_id: one async for one in self._samples_of(wanted)}
        titles = {}
        for run_id, files in some.items():
            here = [found[one] for one in files if one in found]
            if here:
                titles[run_id] = _title(here, single=len(files) == 1)
        return titles

    async def holding(self, run_ids: Sequence[RunId]) -> tuple[Holding, ...]:
        """What the workers of these runs are doing, by worker."""
        firsts: dict[str, Held] = {}
        besides = Counter[str]()
        for held in await self._batches.held(run_ids):
            besides[held.worker] += held.besides + (held.worker in firsts)
            firsts.setdefault(held.worker, held)
        wanted = [held.file_id for held in firsts.values()]
        samples = {one.file_id: one async for one in self._samples_of(wanted)}
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

    async def heard(
        self, run_id: RunId, limit: int, *, known: Mapping[FileId, Sample] = _NOBODY
    ) -> tuple[Sample, ...]:
        """Sounds that a run has heard, at most `limit`; those no longer there are left out.

        Args:
            run_id: the run.
            limit: how many sounds.
            known: sounds that need not be read once more.
        """
        ids = await self._batches.heard(run_id, limit=limit)
        by_id = await self._with_known(ids, known)
        return tuple(by_id[file_id] for file_id in ids if file_id in by_id)

    async def _with_known(
        self, file_ids: Sequence[FileId], known: Mapping[FileId, Sample]
    ) -> Mapping[FileId, Sample]:
        unknown = [file_id for file_id in file_ids if file_id not in known]
        return {**known} | {one.file_id: one async for one in self._samples_of(unknown)}

    async def _samples_of(self, file_ids: Sequence[FileId]) -> AsyncIterator[Sample]:
        for start in range(0, len(file_ids), _SOUNDS_AT_ONCE):
            for sample in await self._samples.get(file_ids[start : start + _SOUNDS_AT_ONCE]):
                yield sample


def _title(samples: Sequence[Sample], *, single: bool) -> str:
    if single:
        return samples[0].filename
    folders = [sample.folder.split("/") for sample in samples]
    return "/".join(
        parts[0]
        for parts in takewhile(lambda parts: len({*parts}) == 1, zip(*folders, strict=False))
    )
