"""Asking for sounds to be listened to, following that, and changing one's mind.

What was asked for is saved before anybody is woken. If no worker can be reached, the run stays
saved and waits: `start` raises nothing, `overview` says that it waits and why, and whoever watches
asks again from time to time until a worker begins.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from uuid import uuid4

from smtui.domain.account import Account, UserId
from smtui.domain.analysis import Level
from smtui.domain.batch import MAX_BATCH_FILES, Batch, BatchId, RunId, RunProgress
from smtui.domain.errors import InputInvalid, NotFound, ServerUnavailable
from smtui.domain.parts import in_parts
from smtui.domain.ports.batches import BatchStore
from smtui.domain.ports.documents import SampleStore
from smtui.domain.ports.work import Clock, JobQueue
from smtui.domain.sample import FileId, path_key
from smtui.domain.text import counted, path_bytes, printable_path, shown
from smtui.domain.unreadable import MEND, NO_SOUND, is_unreadable
from smtui.services.board import Overview, Pace, Pulse, sum_up
from smtui.services.rights import Deed, Rights
from smtui.services.runs import Runs

# A run that nobody moves for so long is announced again, s.
_STILL = 10.0
# How often a status line looks, s: while a run goes on, and while nothing runs. What is asked for
# here is seen at once.
_ACTIVE, _AT_REST = 1.0, 4.0
# So many batches are saved in one transaction: some tens of milliseconds for the writers beside.
_BATCHES_AT_ONCE = 10
_PAGE = 1_000
_NEWEST_RUNS = 100
_ALL_RUNS = 100_000


class Batches:
    """Starts, watches, cancels and resumes runs.

    Attributes:
        runs: reads runs and what belongs to them.
    """

    def __init__(
        self,
        batches: BatchStore,
        samples: SampleStore,
        queue: JobQueue,
        clock: Clock,
        rights: Rights,
    ) -> None:
        self.runs = Runs(batches, samples, rights)
        self._batches = batches
        self._samples = samples
        self._rights = rights
        self._queue = queue
        self._clock = clock
        self._waiting = ""
        self._announced = asyncio.Event()

    async def start(
        self,
        file_ids: Sequence[FileId],
        level: Level,
        *,
        by: Account,
        urgent: bool = False,
        recipe_version: int | None = None,
    ) -> RunId:
        """Save a run over these sounds and wake a worker; `urgent` for a person's single file.

        Workers of a recipe older than `recipe_version` leave it to others.

        Raises:
            InputInvalid: there is nothing to listen to.
            NotAllowed: one of the sounds is not this account's to queue.
        """
        wanted = [file_id for file_id in dict.fromkeys(file_ids) if not is_unreadable(file_id)]
        if file_ids and not wanted:
            raise InputInvalid(NO_SOUND, hint=MEND)
        if not wanted:
            raise InputInvalid("Nothing to analyse")
        await self._rights.require_on(by, Deed.ANALYZE, wanted, self._samples)
        return await self._begin(
            wanted, level, by.user_id, urgent=urgent, recipe_version=recipe_version
        )

    async def _begin(
        self,
        wanted: Sequence[FileId],
        level: Level,
        user_id: UserId,
        *,
        urgent: bool = False,
        recipe_version: int | None = None,
    ) -> RunId:
        run_id, at = RunId(str(uuid4())), self._clock.now()
        batches = (
            Batch(
                batch_id=BatchId(str(uuid4())),
                run_id=run_id,
                user_id=user_id,
                level=level,
                recipe_version=recipe_version,
                file_ids=tuple(part),
                created_at=at,
                updated_at=at,
            )
            for part in in_parts(wanted, MAX_BATCH_FILES)
        )
        while some := tuple(islice(batches, _BATCHES_AT_ONCE)):
            await self._batches.create(some)
        await self._announce(run_id, urgent=urgent)
        return run_id

    async def start_unheard(
        self,
        by: Account,
        level: Level,
        *,
        below: str | None = None,
        retry: bool = False,
    ) -> RunId | None:
        """Start a run over what was not yet heard at this level, in and below a folder or all.

        `retry` takes those along that failed before. None where everything was heard.
        """
        ids = await self.unheard(by, level, below=below, retry=retry)
        return await self._begin(ids, level, by.user_id) if ids else None

    async def not_waiting(self, file_ids: Sequence[FileId], level: Level) -> tuple[FileId, ...]:
        """Leave out the sounds that a run will hear anyway, at this level or a higher one."""
        waiting = await self._batches.waiting(level=level)
        return tuple(file_id for file_id in file_ids if file_id not in waiting)

    async def unheard(
        self,
        by: Account,
        level: Level,
        *,
        below: str | None = None,
        retry: bool = False,
    ) -> tuple[FileId, ...]:
        """The sounds that were not yet heard at this level and that no run will hear anyway.

        The account's own, and the shared ones where it may queue them.
        """
        shared_too = await self._rights.permits(by, Deed.ANALYZE, None)
        waiting = await self._batches.waiting(level=level)
        ids: list[FileId] = []
        last: FileId | None = None
        while True:
            page = await self._samples.unheard(
                user_id=by.user_id, level=level, below=below, limit=_PAGE, after=last, retry=retry
            )
            ids += [
                sample.file_id
                for sample in page
                if sample.file_id not in waiting and (shared_too or sample.user_id is not None)
            ]
            if len(page) < _PAGE:
                return tuple(ids)
            last = page[-1].file_id

    async def hear_outdated(self, by: Account, recipe_version: int) -> int:
        """Have what an older recipe heard listened to anew, each at its level; return how many.

        What people corrected stays. Nothing is begun twice: what waits for that is left out. A
        worker of an older recipe takes none of it, as its work would be in vain.
        """
        shared_too = await self._rights.permits(by, Deed.ANALYZE, None)
        found = await self._samples.outdated(user_id=by.user_id, recipe_version=recipe_version)
        count = 0
        for level, ids in found.items():
            waiting = await self._batches.waiting(level=level)
            wanted = [file_id for file_id in ids if file_id not in waiting]
            if not shared_too:
                own = await self._samples.get(wanted)
                wanted = [sample.file_id for sample in own if sample.user_id is not None]
            if wanted:
                await self._begin(wanted, level, by.user_id, recipe_version=recipe_version)
                count += len(wanted)
        return count

    async def going(self, user_id: UserId) -> tuple[RunId, ...]:
        """A person's runs that have not ended, oldest first."""
        runs = await self._batches.runs(user_id=user_id, limit=_NEWEST_RUNS)
        return tuple(
            run.run_id for run in reversed(runs) if not run.status.ended and not run.is_foreign
        )

    async def known(self, paths: Sequence[Path], *, viewer: UserId) -> tuple[FileId | None, ...]:
        """Which sounds these absolute paths are; None where the library has none.

        The viewer's own comes before a shared one at the same place.
        """
        written = [
            (printable_path(raw), path_bytes(raw)) for raw in (os.fsencode(path) for path in paths)
        ]
        own = await self._samples.stamps(written, user_id=viewer)
        shared = await self._samples.stamps(written, user_id=None)
        found = (
            own.get(path_key(viewer, text, raw)) or shared.get(path_key(None, text, raw))
            for text, raw in written
        )
        return tuple(None if stamp is None else stamp.file_id for stamp in found)

    async def until_ended(self, run_id: RunId) -> None:
        """Return when a run has ended; raises NotFound as `watch` does."""
        async for _ in self.watch(run_id):
            pass

    async def watch(self, run_id: RunId) -> AsyncIterator[RunProgress]:
        """Follow a run: the present first, then every change, until it has ended.

        The present comes again when `waiting` has changed.

        Raises:
            NotFound: there is no such run.
        """
        pulse = Pulse(still_after=_STILL)
        last: RunProgress | None = None
        while True:
            progress = await self._batches.progress(run_id)
            if progress is None:
                raise NotFound("No such run")
            if progress != last:
                last = progress
                yield progress
            if progress.status.ended:
                return
            await pulse.beat(progress)
            if pulse.stands_still():
                before = self._waiting
                await self._announce(run_id, urgent=False)
                if self._waiting != before:
                    yield progress

    @property
    def waiting(self) -> str:
        """Why no worker could be reached when one was last called; empty when one could."""
        return self._waiting

    async def overview(self, user_id: UserId | None) -> AsyncIterator[Overview]:
        """Follow everything a person asked for: the present first, then every change; no end."""
        pulse, pace = Pulse(still_after=_STILL, woken=self._announced), Pace()
        last: Overview | None = None
        looked_at: tuple[datetime | None, ...] | None = None
        good: Mapping[RunId, int] = {}
        while True:
            runs = await self._batches.runs(user_id=user_id, limit=_NEWEST_RUNS)
            # What another program does with its own says nothing of the work here.
            runs = tuple(run for run in runs if not run.is_foreign)
            going = tuple(run for run in runs if not run.status.ended)
            if (ended := tuple(run.finished_at for run in runs)) != looked_at:
                looked_at, good = ended, await self.runs.made_good(runs)
            present = sum_up(runs, pace, self._waiting, good)
            if last is not None and present.ended > last.ended:
                # Somebody works, whoever could not be reached before.
                self._waiting = ""
            if present != last:
                last = present
                yield present
            await pulse.beat(going, slow=_ACTIVE if going else _AT_REST)
            if going and pulse.stands_still():
                await self._announce(going[0].run_id, urgent=False)

    async def cancel(self, run_id: RunId, *, by: Account) -> int:
        """Stop what has not begun and give how many; what runs is finished and kept.

        Raises NotFound, or NotAllowed where the run is another's.
        """
        await self._require(run_id, Deed.CANCEL, by)
        return await self._batches.request_cancel(run_id)

    async def resume(self, run_id: RunId, *, by: Account) -> int:
        """Go on with what a run left: what was cancelled, and what was gone when its turn came.

        Gives how many files; 0 where the run goes on already or has nothing left. Raises as
        `cancel`.
        """
        await self._require(run_id, Deed.RESUME, by)
        count = await self._batches.resume(run_id)
        if count:
            await self._announce(run_id, urgent=False)
        return count

    async def retry_failed(self, run_id: RunId, *, by: Account) -> RunId | None:
        """Try what failed once more, and nothing else; gives the run that does so.

        It is the same run, so that its counters say in the end what became of every file. None
        where nothing failed. Raises as `cancel`.
        """
        await self._require(run_id, Deed.RESUME, by)
        if not await self._batches.retry_failed(run_id):
            return None
        await self._announce(run_id, urgent=False)
        return run_id

    async def clear(self, *, by: Account, before: datetime) -> int:
        """Forget the runs that ended before a time, one's own, or as an admin everybody's.

        What was heard stays. Gives how many runs.
        """
        count = 0
        for run in await self.runs.of(by, _ALL_RUNS):
            if run.finished_at is not None and run.finished_at < before:
                count += await self._batches.forget(run.run_id)
        return count

    async def _require(self, run_id: RunId, deed: Deed, by: Account) -> RunProgress:
        progress = await self._batches.progress(run_id)
        if progress is None:
            raise NotFound("No such run")
        if progress.is_foreign:
            raise InputInvalid(
                "Another program works on this run, and smtui leaves it alone",
                hint="`smtui analyze` analyses sounds here.",
            )
        await self._rights.require(by, deed, (progress.user_id,))
        return progress

    async def absent(self, run_ids: Sequence[RunId]) -> Mapping[RunId, str]:
        """Say of each run that waits for a machine with its files which machines lack them."""
        unseen = await self._batches.unseen(run_ids)
        return {run_id: _absent(machines) for run_id, machines in unseen.items()}

    async def call_worker(self, run_id: RunId) -> None:
        """Wake a worker for a run that goes on; `waiting` says why where none can be reached."""
        await self._announce(run_id, urgent=False)

    async def _announce(self, run_id: RunId, *, urgent: bool) -> None:
        """Wake a worker; where none can be reached, keep the reason for the overview."""
        try:
            await self._queue.wake(run_id, urgent=urgent)
        except ServerUnavailable as error:
            self._waiting = str(error)
        else:
            self._waiting = (await self.absent([run_id])).get(run_id, "")
        self._announced.set()


def _absent(machines: Mapping[str, int]) -> str:
    """Say what waits for a machine that has it, by how many files each machine lacks."""
    names = ", ".join(sorted(map(shown, machines)))
    lack = "does" if len(machines) == 1 else "do"
    wait = (
        "waits for a machine that has it"
        if (most := max(machines.values())) == 1
        else ("wait for a machine that has them")
    )
    return (
        f"{counted(most, 'sound')} {wait}; {names} {lack} not."
        " `smtui services check` names the folders; without one in ten minutes it has failed"
    )
