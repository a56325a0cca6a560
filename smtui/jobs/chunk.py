"""About a second of work on one run, analysed file by file in the main thread of a child.

Apart from the tasks, which only say what a message means.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from types import TracebackType

from smtui.domain.analysis import Measurement
from smtui.domain.batch import MAX_ATTEMPTS, RunId
from smtui.domain.errors import ErrorCode, SmtuiError, SoundUnreadable
from smtui.domain.sample import Sample
from smtui.jobs.app import AUDIO_PROCESSING, DEFAULT
from smtui.jobs.child import Child
from smtui.jobs.forked_listen import Died, listen_in_fork, stumbled, took_too_long
from smtui.jobs.index_feeder import IndexFeeder
from smtui.jobs.limits import TookTooLong, interrupted_an_import
from smtui.jobs.loop_thread import end_child
from smtui.jobs.missing_paths import find_missing
from smtui.services.worker_steps import Assignment, Taken

_MOST_FILES = 64
# Reading whether the run was cancelled costs as much as a small file, s.
_LOOK_SECONDS = 0.2
# A chunk may take so many times what it was meant to before the rest is handed back.
_PATIENCE = 2.0
# Why a file could not be heard that may really not be here.
_PERHAPS_UNSEEN = (ErrorCode.VANISHED, ErrorCode.UNREADABLE)

_log = logging.getLogger(__name__)


def hear(child: Child, run_id: RunId, queue: str) -> int:
    """Analyse a chunk of a run; return how many of its files were ended.

    Where the run has only files for other machines, the wake-up goes back for them first, and
    then this child rests, unless there is other work that it can do.
    """
    try:
        if child.rests_in_pause(run_id, queue):
            return 0
        chunk = Chunk(child, run_id, queue)
        files = _hear_whole(chunk)
        if chunk.for_others:
            child.pass_on_wake_up(run_id, queue)
            other = child.backoff.rest(run_id)
            files = _hear_whole(Chunk(child, other, AUDIO_PROCESSING)) if other else 0
    except SmtuiError as error:
        # Documents or queue are away; the work is saved, and goes on when they are back.
        child.log_once(error)
        child.owe(run_id, queue)
        return 0
    return files


def _hear_whole(chunk: Chunk) -> int:
    """Analyse a chunk; a process that has loaded something by half ends with it."""
    try:
        return chunk.hear()
    finally:
        if chunk.broken:
            _log.error("What the analysis needs was loaded by half", exc_info=True)
            end_child()


class Chunk:
    """The files that one wake-up claims.

    Attributes:
        for_others: the run has files, but only for other machines.
        broken: what this process needs was loaded by half; it can listen to nothing more.
    """

    def __init__(self, child: Child, run_id: RunId, queue: str) -> None:
        self._child = child
        self._run_id = run_id
        self._queue = queue
        self._began = self._looked = time.monotonic()
        self._left: list[Assignment] = []
        self._keeping: tuple[Assignment, Future[None]] | None = None
        self._passed_on = 0
        self.for_others = False
        self.broken = False

    def hear(self) -> int:
        """Claim, analyse and save; return how many files were ended."""
        self._child.begin()
        taken = self._claim()
        self.for_others = taken.for_others
        if taken.assignments:
            self._child.backoff.forget(self._run_id)
        # Long files last, so that they keep no short one waiting.
        self._left = sorted(taken.assignments, key=lambda each: each.sample.file_size)
        with self:
            if taken.more:
                # Now and not at the end: another child may be free, and this one may die.
                self._child.wakeups.ensure([self._run_id], self._queue)
            while self._left:
                self._prepare()
                self._hear_first()
                del self._left[0]
                if self._left and (self.broken or self._should_stop()):
                    break
            self._wait_until_kept()
        return len(taken.assignments) - len(self._left) - self._passed_on

    def __enter__(self) -> None:
        self._child.hold(self._left)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave nothing held, however the block ended; a defect costs only its own file."""
        child, steps = self._child, self._child.steps
        rest = [*self._unkept(error), *self._left]
        try:
            if rest and isinstance(error, Exception) and not isinstance(error, SmtuiError):
                self._answer_for(rest.pop(0), error)
            if rest or self._passed_on:
                child.call(steps.leave(self._run_id, [each.claimed for each in rest]))
                child.wakeups.ensure([self._run_id], self._queue)
        finally:
            child.hold(())

    def _answer_for(self, assignment: Assignment, defect: Exception) -> None:
        """Fail the file at which a defect showed; where it kept a process from preparing, later."""
        if self.broken and self._tries_again(assignment):
            return
        steps = self._child.steps
        self._child.call(steps.refuse(assignment, stumbled(type(defect).__name__)))

    def _claim(self) -> Taken:
        child, limits = self._child, self._child.limits
        files = round(limits.chunk_seconds / max(child.file_seconds, 1e-3))
        return child.call(
            child.steps.claim(
                self._run_id,
                limit=max(1, min(files, _MOST_FILES)),
                lease_seconds=limits.lease_seconds,
                note=child.write_down,
            )
        )

    def _prepare(self) -> None:
        """Load what the level of the first file needs, outside its limits; slow once."""
        # Until it is done: whatever interrupts it leaves half of it behind.
        broken, self.broken = self.broken, True
        self._child.listener.prepare(self._left[0].claimed.level)
        self.broken = broken

    def _hear_first(self) -> None:
        child, steps, assignment = self._child, self._child.steps, self._left[0]
        began = time.monotonic()
        child.hold(self._left)
        try:
            measured = self._measure(assignment)
        except SoundUnreadable as reason:
            if self._pass_on(assignment, reason):
                return
            child.call(steps.refuse(assignment, reason))
        except TookTooLong as limit:
            self.broken = interrupted_an_import(limit)
            child.call(steps.refuse(assignment, took_too_long()))
        except Died as death:
            if self._tries_again(assignment):
                return
            child.call(steps.refuse(assignment, death.reason))
        except MemoryError:
            child.call(steps.refuse(assignment, _too_big()))
        else:
            self._wait_until_kept()
            future = child.begun(steps.keep(assignment, measured))
            self._keeping = (assignment, future)
            if child.feeder and measured.embedding:
                future.add_done_callback(partial(_feed_index, child.feeder, assignment))
        child.learn(time.monotonic() - began)

    def _wait_until_kept(self) -> None:
        """Wait until the last file is kept, which goes on while the next one is analysed."""
        if self._keeping is None:
            return
        self._child.result(self._keeping[1])
        self._keeping = None

    def _unkept(self, error: BaseException | None) -> list[Assignment]:
        """Return the last file if it could not be kept, be that why the block ended or not."""
        if self._keeping is None:
            return []
        assignment, future = self._keeping
        if future.cancelled() or (future.done() and future.exception() is error):
            return [assignment]
        try:
            self._wait_until_kept()
        except SmtuiError as away:
            self._child.log_once(away)
            return [assignment]
        return []

    def _pass_on(self, assignment: Assignment, reason: SoundUnreadable) -> bool:
        """Leave a file to other machines if this one does not have it; False if it does."""
        child = self._child
        if not child.steps.is_one_of_many or reason.code not in _PERHAPS_UNSEEN:
            return False
        missing = find_missing(assignment.sample.path, child.paths)
        if missing is None:
            return False
        child.call(child.steps.pass_on(assignment, child.note_missing(missing)))
        self._passed_on += 1
        return True

    def _tries_again(self, assignment: Assignment) -> bool:
        """Let a file that crashed be claimed once more, if it may be; its attempt counts."""
        if assignment.claimed.attempt >= MAX_ATTEMPTS:
            return False
        self._child.call(self._child.steps.renew([assignment.claimed], lease_seconds=0.0))
        self._passed_on += 1
        return True

    def _measure(self, assignment: Assignment) -> Measurement:
        sample, child = assignment.sample, self._child
        allowance = child.limits.allowance(sample.file_size, sample.duration)
        apart = assignment.claimed.attempt > 1
        with child.stopwatch.limited(allowance.on_the_wall if apart else allowance):
            if child.paths.foreign(sample.path):
                raise _foreign()
            here = child.paths.here(sample.path)
            if assignment.known is not None and _unchanged(sample, here):
                return assignment.known
            listen = partial(child.listener.listen, here, level=assignment.claimed.level)
            if apart:
                return listen_in_fork(listen, allowance, grace=child.limits.grace_seconds)
            return listen()

    def _should_stop(self) -> bool:
        """Look up between two files: a pause, long enough, a person's own request, or a cancel."""
        child, now = self._child, time.monotonic()
        if child.pause() is not None or now - self._began > _PATIENCE * child.limits.chunk_seconds:
            return True
        if self._queue != DEFAULT and child.wakeups.urgent(child.backoff.resting()):
            return True
        if now - self._looked < _LOOK_SECONDS:
            return False
        self._looked = now
        return child.call(child.steps.cancelled(self._run_id))


def _feed_index(feeder: IndexFeeder, assignment: Assignment, kept: Future[None]) -> None:
    """Tell of a sound as soon as it is kept; the next one may be long."""
    if not kept.cancelled() and kept.exception() is None:
        feeder.add(assignment.sample.file_id)


def _unchanged(sample: Sample, here: Path) -> bool:
    """True if the file is still the one that was hashed; then what is known of it holds."""
    try:
        present = here.stat()
    except OSError:
        return False
    return (present.st_size, present.st_mtime_ns) == (sample.file_size, sample.mtime_ns)


def _foreign() -> SoundUnreadable:
    return SoundUnreadable("The file is not on this machine", code=ErrorCode.VANISHED)


def _too_big() -> SoundUnreadable:
    return SoundUnreadable(
        "Analysing it needs more memory than allowed", code=ErrorCode.OUT_OF_MEMORY
    )
