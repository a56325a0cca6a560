"""Running the Celery worker: prefork, four queues, nothing that chats.

With two or more children there is one more, which serves only a person's own requests: it sleeps
while the others work through a long run, and a single sound never waits behind one.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from smtui.jobs.app import DEFAULT, QUEUES, WorkLimits

if TYPE_CHECKING:
    from celery import Celery


def run_worker(app: Celery, limits: WorkLimits, queues: Sequence[str] = QUEUES) -> int:
    """Work from these queues until told to stop by SIGTERM; give the exit status."""
    # A late import, loaded only where a worker runs.
    from celery.platforms import SecurityWarning

    # The warning is about pickle, which is refused here, and would come at every start.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    # What it has to say of a lost line is said in our words.
    for name in ("celery.worker.consumer.consumer", "kombu.transport.redis"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if limits.children == 1 or DEFAULT not in queues:
        return _serve(app, "smtui", queues, limits.children)
    reserved = _fork_reserved(app)
    try:
        return _serve(app, "smtui", queues, limits.children)
    finally:
        with suppress(ProcessLookupError):
            os.kill(reserved, signal.SIGTERM)
            os.waitpid(reserved, 0)


def _serve(app: Celery, name: str, queues: Sequence[str], children: int) -> int:
    # A late import: signals belong to the worker alone.
    from celery.signals import setup_logging, worker_ready

    if logging.getLogger().handlers:
        # Whoever started this has said where the log goes.
        setup_logging.connect(_leave_logs_alone)
    worker_ready.connect(_end_at_hang_up)
    app.amqp.queues.select(queues)
    worker = app.Worker(
        hostname=f"{name}@{socket.gethostname()}",
        concurrency=children,
        loglevel="WARNING",
        quiet=True,
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
        optimization="fair",
    )
    worker.start()
    return int(worker.exitcode or 0)


def _leave_logs_alone(**_signal: Any) -> None:
    """Being there is enough: then Celery sets up none."""


def _end_at_hang_up(**_signal: Any) -> None:
    """Take a closed terminal as the wish to end; Celery would start itself again without one."""
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))


def _fork_reserved(app: Celery) -> int:
    """Fork the worker of a person's own requests; it ends with this one, however that ends."""
    alive, held = os.pipe()
    pid = os.fork()
    if pid:
        os.close(alive)
        return pid
    os.close(held)
    threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    # Not `sys.exit`: what the parent meant to do at its end is not this process's business.
    os._exit(_serve(app, "smtui-own", [DEFAULT], 1))


def _end_with_parent(alive: int) -> None:
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)
