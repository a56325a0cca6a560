"""Wake-ups in the queues: publishing them, and seeing which already wait.

A run needs one waiting wake-up, not more: whoever takes it claims some files and, if there is
more to do, makes sure that another waits. So every free child finds one, and a doubled one costs
a glance. Each message carries its run in a header, so that the queue can be read without it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence, Set
from typing import Any

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from smtui.domain.batch import RunId
from smtui.domain.errors import ServerUnavailable
from smtui.domain.sample import FileId
from smtui.jobs.address import redis_address
from smtui.jobs.app import AUDIO_PROCESSING, DEFAULT, EMBEDDINGS, INDEX, WORK

_HEADER = "run_id"
# More runs than this with files to claim wait for a later sweep.
_READ_AT_MOST = 1_000
_ANSWER_SECONDS = 5.0
_IDS_AT_ONCE = 500

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
        """Give the runs that have a wake-up waiting; raises ServerUnavailable."""
        try:
            messages = self._redis.lrange(queue, 0, _READ_AT_MOST - 1)
        except redis.RedisError as error:
            raise ServerUnavailable("The queue for the workers did not answer") from error
        assert isinstance(messages, list)
        return frozenset(_run_of(message) for message in messages)

    def urgent(self, apart_from: Set[RunId] = frozenset()) -> bool:
        """Whether a person's own request waits, of another run than these.

        Not where the queue does not answer.
        """
        try:
            if not self._redis.llen(DEFAULT):
                return False
            return not apart_from or bool(self.waiting(DEFAULT) - apart_from)
        except (redis.RedisError, ServerUnavailable):
            return False


def _run_of(message: bytes | str) -> RunId:
    """Read whose wake-up a message is; empty for what another smtui or program has put there."""
    try:
        named = json.loads(message)["headers"][_HEADER]
    except (ValueError, TypeError, LookupError):
        return RunId("")
    return RunId(named if isinstance(named, str) else "")
