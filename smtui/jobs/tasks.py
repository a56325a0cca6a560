"""The one task of a worker, and how a forked process becomes a child that can do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtui.domain.batch import RunId
from smtui.jobs.app import AUDIO_PROCESSING, WORK
from smtui.jobs.child import Child, Means
from smtui.jobs.chunk import Chunk
from smtui.jobs.limits import limit_memory

if TYPE_CHECKING:
    from celery import Celery


class Seat:
    """Where a process finds the child that it has become; empty in the parent."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._child: Child | None = None

    def sit_down(self, **_signal: Any) -> None:
        """Become a child; called right after the fork."""
        # A late import: the pool of the worker has loaded it.
        from billiard.process import current_process

        limit_memory(self._means.limits.child_bytes)
        self._child = Child(self._means, sweeps=getattr(current_process(), "index", 0) == 0)

    @property
    def child(self) -> Child:
        """The child that this process is."""
        assert self._child is not None, "a task runs only in a child"
        return self._child


def register(app: Celery, means: Means) -> None:
    """Give the application its task, and its children what they work with."""
    # A late import: signals belong to the worker alone.
    from celery.signals import worker_process_init

    seat = Seat(means)
    worker_process_init.connect(seat.sit_down, weak=False)

    @app.task(name=WORK, bind=True)  # type: ignore[untyped-decorator]
    def work(task: Any, run_id: str) -> dict[str, int]:
        """Claim about a second of work of a run and hear it; give how many files."""
        queue = task.request.delivery_info.get("routing_key") or AUDIO_PROCESSING
        return {"files": Chunk(seat.child, RunId(run_id), queue).hear()}
