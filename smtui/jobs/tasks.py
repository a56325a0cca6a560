"""The two tasks of a worker, and how a forked process becomes a child that can do it."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
from typing import TYPE_CHECKING, Any

from smtui.domain.batch import RunId
from smtui.domain.sample import FileId
from smtui.heap import prepare_heap
from smtui.jobs.app import AUDIO_PROCESSING, INDEX, NOT_UNDERSTOOD, WORK
from smtui.jobs.child import Child
from smtui.jobs.chunk import hear
from smtui.jobs.claims_journal import ClaimsJournal
from smtui.jobs.limits import limit_memory
from smtui.jobs.missing_paths import MissingFolders
from smtui.jobs.worker_context import Seat, WorkerContext

if TYPE_CHECKING:
    from celery import Celery

_log = logging.getLogger(__name__)


class Crew:
    """The processes of a worker: the parent prepares the seats, each child takes one."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._journal: ClaimsJournal | None = None
        self._missing: MissingFolders | None = None
        self._queues: frozenset[str] = frozenset()
        self._child: Child | None = None

    def prepare(self, sender: Any, **_signal: Any) -> None:
        """Prepare the seats; called in the parent of the worker `sender` before it forks."""
        name = sender.hostname.partition("@")[0]
        self._queues = frozenset(sender.app.amqp.queues.consume_from)
        # A child that is replaced may overlap with its successor.
        seats = 2 * self._context.limits.children
        self._journal = ClaimsJournal(self._context.journals, name, seats=seats)
        beside = self._journal.path or self._context.journals / f"{name}-{os.getpid()}.claims"
        self._missing = MissingFolders(beside.with_suffix(".missing"), self._context.paths)

    def take_seat(self, **_signal: Any) -> None:
        """Become a child; called right after the fork."""
        # A late import: the pool of the worker has loaded it.
        from billiard.process import current_process

        assert self._journal is not None, "the parent has prepared it"
        assert self._missing is not None, "and this too"
        prepare_heap()
        limit_memory(self._context.limits.child_bytes)
        # Where a decoder crashes is in the worker's log.
        faulthandler.enable()
        faulthandler.register(signal.SIGXCPU, chain=True)
        number = getattr(current_process(), "index", 0)
        seat = Seat(
            journal=self._journal, missing=self._missing, number=number, queues=self._queues
        )
        self._child = Child(self._context, seat)

    @property
    def child(self) -> Child:
        """The child that this process is."""
        assert self._child is not None, "a task runs only in a child"
        return self._child


def register(app: Celery, context: WorkerContext) -> None:
    """Give the application its tasks, and its children what they work with."""
    # A late import: signals belong to the worker alone.
    from celery.exceptions import Ignore
    from celery.signals import worker_init, worker_process_init

    crew = Crew(context)
    worker_init.connect(crew.prepare, weak=False)
    worker_process_init.connect(crew.take_seat, weak=False)

    @app.task(name=WORK, bind=True)  # type: ignore[untyped-decorator]
    def work(task: Any, run_id: Any = None, *more: Any, **named: Any) -> dict[str, int]:
        """Claim about a second of work of a run and hear it; return how many files.

        A message that says more, or something else, is of another smtui: it is left out, and the
        run is found by a sweep.
        """
        if more or named or not isinstance(run_id, str):
            _log.warning(NOT_UNDERSTOOD)
            raise Ignore
        queue = task.request.delivery_info.get("routing_key") or AUDIO_PROCESSING
        files = hear(crew.child, RunId(run_id), queue)
        if not files:
            # Nothing to keep the result of for a day.
            raise Ignore
        return {"files": files}

    @app.task(name=INDEX, ignore_result=True)  # type: ignore[untyped-decorator]
    def index(file_ids: Any = None, *more: Any, **named: Any) -> None:
        """Hand sounds over to what fills the index; nobody waits for it."""
        understood = isinstance(file_ids, list) and all(
            isinstance(file_id, str) for file_id in file_ids
        )
        if more or named or not understood:
            _log.warning(NOT_UNDERSTOOD)
        elif crew.child.feeder is not None:
            crew.child.feeder.take(list(map(FileId, file_ids)))
        raise Ignore
