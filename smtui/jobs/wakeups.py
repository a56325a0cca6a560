"""Wake-ups in the queues: publishing them, seeing which wait, and leaving runs to others.

A run needs one waiting wake-up, not more: whoever takes it claims some files and, if there is
more to do, makes sure that another waits. So every free child finds one, and a doubled one costs
a glance. Each message carries its run in a header, so that the queue can be read without it.

A run of which this machine can do nothing now is left to others for a while: its wake-up is in the
queue meanwhile, so that a machine that has the files finds it at once. Redis gives a wake-up to
whoever waits longest: without that an idle machine would take it again and again before a busy one
comes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from smtui.domain.batch import RunId
from smtui.domain.errors import ServerUnavailable
from smtui.domain.sample import FileId
from smtui.jobs.app import AUDIO_PROCESSING, DEFAULT, EMBEDDINGS, INDEX, WORK, redis_address

_HEADER = "run_id"
# More runs than this with files to claim wait for a later sweep.
_READ_AT_MOST = 1_000
_ANSWER_SECONDS = 5.0
_IDS_AT_ONCE = 500
_AGAIN_SECONDS = 1.0
_FIRST_REST_SECONDS = 0.25
_LONGEST_REST_SECONDS = 2.0
_LOOK_SECONDS = 0.2
_FORGOTTEN_SECONDS = 60.0

_log = logging.getLogger(__name__)


class Wakeups:
    """The queues of one broker; usable from several threads, made after a fork."""

    def __init__(self, app: Celery, broker: str) -> None:
        self._app = app
        self._silent = False
        self._redis = redis.Redis.from_url(
            redis_address(broker),
            socket_timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_ANSWER_SECONDS,
        )

    def publish(self, run_id: RunId, queue: str) -> None:
        """Add a wake-up; raises ServerUnavailable."""
        self._send(WORK, run_id, queue=queue, headers={_HEADER: run_id})

    def publish_heard(self, file_ids: Sequence[FileId]) -> None:
        """Say which sounds are to be put into the index; raises ServerUnavailable."""
        for start in range(0, len(file_ids), _IDS_AT_ONCE):
            self._send(INDEX, list(file_ids[start : start + _IDS_AT_ONCE]), queue=EMBEDDINGS)

    def _send(self, task: str, about: object, **options: Any) -> None:
        try:
            self._app.send_task(task, args=[about], **options)
        except (OperationalError, redis.RedisError, OSError) as error:
            raise ServerUnavailable(
                "The queue for the workers did not answer",
                hint="The work is saved and goes on when it does",
            ) from error

    def ensure(self, runs: Iterable[RunId], queue: str = AUDIO_PROCESSING) -> bool:
        """See to it that a wake-up of each run waits; False where the queue does not answer.

        Nothing is lost with it: the next sweep does the same. It is said once, however long it
        lasts.
        """
        try:
            waiting = self.waiting(queue)
            for run_id in runs:
                if run_id not in waiting:
                    self.publish(run_id, queue)
        except ServerUnavailable as error:
            if not self._silent:
                _log.warning("%s", error)
            self._silent = True
            return False
        self._silent = False
        return True

    def waiting(self, queue: str) -> frozenset[RunId]:
        """Return the runs that have a wake-up waiting; raises ServerUnavailable."""
        try:
            messages = self._redis.lrange(queue, 0, _READ_AT_MOST - 1)
        except redis.RedisError as error:
            raise ServerUnavailable("The queue for the workers did not answer") from error
        assert isinstance(messages, list)
        return frozenset(_run_of(message) for message in messages)

    def urgent(self, apart_from: Set[RunId] = frozenset()) -> bool:
        """True if a person's own request waits, of another run than these.

        Not where the queue does not answer.
        """
        try:
            if not self._redis.llen(DEFAULT):
                return False
            return not apart_from or bool(self.waiting(DEFAULT) - apart_from)
        except (redis.RedisError, ServerUnavailable):
            return False


class PendingWakeups:
    """What a child still owes the queue; noted from any thread, paid in its loop."""

    def __init__(self, wakeups: Wakeups) -> None:
        self._wakeups = wakeups
        self._pending: dict[RunId, str] = {}

    def note(self, run_id: RunId, queue: str) -> None:
        """Put a wake-up back as soon as the queue answers."""
        self._pending[run_id] = queue

    def __bool__(self) -> bool:
        return bool(self._pending)

    async def publish(self) -> None:
        """Publish what is owed; where the queue does not answer, the rest waits a moment."""
        while self._pending:
            run_id, queue = self._pending.popitem()
            if not await asyncio.to_thread(self._wakeups.ensure, [run_id], queue):
                self._pending.setdefault(run_id, queue)
                await asyncio.sleep(_AGAIN_SECONDS)
                return


class RunBackoff:
    """One child's rests; belongs to its main thread.

    `queue` is where other work may wait for it; None for a child that is kept free of long work.
    """

    def __init__(self, wakeups: Wakeups, queue: str | None) -> None:
        self._wakeups = wakeups
        self._queue = queue
        self._seconds: dict[RunId, float] = {}
        self._until: dict[RunId, float] = {}

    def rest(self, run_id: RunId) -> RunId | None:
        """Leave a run to others for a while, longer each time.

        Gives another run of which a wake-up waits, as soon as there is one; it ends also at once
        for a person's own request.
        """
        now = time.monotonic()
        for over in [
            each for each, until in self._until.items() if until < now - _FORGOTTEN_SECONDS
        ]:
            self.forget(over)
        seconds = self._seconds.get(run_id, _FIRST_REST_SECONDS)
        self._seconds[run_id] = min(2 * seconds, _LONGEST_REST_SECONDS)
        self._until[run_id] = now + seconds
        while time.monotonic() < now + seconds:
            resting = self.resting()
            if self._wakeups.urgent(resting):
                return None
            if others := self._waiting() - resting:
                return min(others)
            time.sleep(_LOOK_SECONDS)
        return None

    def sit_out(self, paused: Callable[[], object]) -> None:
        """Rest while this machine is paused, not longer than somebody waits who ends the worker."""
        end = time.monotonic() + _LONGEST_REST_SECONDS
        while paused() and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)

    def resting(self) -> frozenset[RunId]:
        """The runs that are left to others now."""
        now = time.monotonic()
        return frozenset(run_id for run_id, until in self._until.items() if until > now)

    def forget(self, run_id: RunId) -> None:
        """A run has something for this machine again."""
        self._seconds.pop(run_id, None)
        self._until.pop(run_id, None)

    def _waiting(self) -> frozenset[RunId]:
        if self._queue is None:
            return frozenset()
        try:
            return self._wakeups.waiting(self._queue)
        except ServerUnavailable:
            return frozenset()


def _run_of(message: bytes | str) -> RunId:
    """Read whose wake-up a message is; empty for what another smtui or program has put there."""
    try:
        named = json.loads(message)["headers"][_HEADER]
    except (ValueError, TypeError, LookupError):
        return RunId("")
    return RunId(named if isinstance(named, str) else "")
