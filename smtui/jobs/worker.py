"""Running the Celery worker: prefork, four queues, nothing that chats.

With two or more children there is one more, which serves only a person's own requests: it sleeps
while the others work through a long run, and a single sound never waits behind one.

Celery loads two classes of this file by their names: a consumer that waits patiently for a queue
that is away or refuses, and results that may be lost, because what was heard is in the documents.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from celery.backends.redis import RedisBackend
from celery.exceptions import CPendingDeprecationWarning
from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown
from kombu.exceptions import OperationalError
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from smtui.domain.text import shown
from smtui.jobs.app import DEFAULT, NOT_UNDERSTOOD, QUEUES, WorkLimits

if TYPE_CHECKING:
    from celery import Celery
# s; a queue that is back is found within the longest pause.
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 2.0
_LONGEST_SENTENCE = 2_000

_log = logging.getLogger(__name__)


def run_worker(app: Celery, limits: WorkLimits, queues: Sequence[str] = QUEUES) -> int:
    """Work from these queues until told to stop by SIGTERM; return the exit status."""
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


class PatientConsumer(Consumer):  # type: ignore[misc]
    """Celery's consumer, which asks a lost queue at least every two seconds, for ever.

    A queue that answers and refuses (a copy during a failover, a full disk) counts as lost too;
    Celery would end the worker.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        lost: tuple[type[Exception], ...] = self.connection_errors  # type: ignore[has-type]
        self.connection_errors = (*lost, ResponseError)
        self._refusal: ResponseError | None = None

    def ensure_connected(self, conn: Any) -> Any:
        """Return the line to the queue once it takes a write; says only once that it does not."""
        refusals: list[Exception] = []

        def away(error: Exception, _interval: float = 0.0) -> None:
            if not refusals:
                _log.warning("%s", _sentence(error))
            refusals.append(error)

        refusal, self._refusal = self._refusal, None
        if refusal is not None:
            away(refusal)
            _pause(_FIRST_PAUSE)
        while True:
            ready = conn.ensure_connection(
                away,
                None,
                interval_start=_FIRST_PAUSE,
                interval_step=_FIRST_PAUSE,
                interval_max=_LONGEST_PAUSE,
                callback=maybe_shutdown,
            )
            try:
                _write_nothing(ready)
                break
            except (RedisError, OperationalError, OSError) as error:
                away(error)
                conn.close()
                _pause(_LONGEST_PAUSE)
        self.first_connection_attempt = False
        if refusals:
            _log.warning("The queue for the workers is back")
        return ready

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        """Leave a message of another smtui unread; what it was about is found by a sweep."""
        self._not_understood(message)

    def on_unknown_message(self, body: Any, message: Any) -> None:
        """Leave a message that is not a task at all."""
        self._not_understood(message)

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:
        """Leave a message whose task is said otherwise than here."""
        self._not_understood(message)

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Leave a message that cannot be read."""
        self._not_understood(message)

    def _not_understood(self, message: Any) -> None:
        _log.warning(NOT_UNDERSTOOD)
        message.reject_log_error(_log, self.connection_errors)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Close the lost line, without being told how Celery might have been set up."""
        # Who waits while a server becomes a copy is only woken; the next write tells why.
        woken = str(exc).startswith("UNBLOCKED")
        self._refusal = exc if isinstance(exc, ResponseError) and not woken else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CPendingDeprecationWarning)
            super().on_connection_error_after_connected(exc)


class PassingResults(RedisBackend):  # type: ignore[misc]  # Celery has no types
    """Keeps results where Redis answers."""

    def store_result(self, task_id: str, result: Any, state: str, *more: Any, **named: Any) -> Any:
        """Keep a result, or lose it."""
        try:
            return super().store_result(task_id, result, state, *more, **named)
        except (RedisError, OSError) as error:
            _log.info("a result was not kept: %s", error)
            return result


class LastWords:
    """A pipe from the children to the parent; made in the parent, before there are children."""

    def __init__(self) -> None:
        self._parent = os.getpid()
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)

    def say(self, sentence: str) -> None:
        """Leave a sentence and ask the parent to end; called in a child."""
        # Full or without a reader: the first one's words are enough, and the parent is ending.
        with suppress(OSError):
            os.write(self._writing, sentence.encode()[:_LONGEST_SENTENCE] + b"\n")
        with suppress(ProcessLookupError):
            os.kill(self._parent, signal.SIGTERM)

    def first(self) -> str:
        """Return the first sentence that a child left, empty where none did."""
        try:
            said = os.read(self._reading, _LONGEST_SENTENCE)
        except BlockingIOError:
            return ""
        return said.decode(errors="replace").partition("\n")[0]


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


def _write_nothing(conn: Any) -> None:
    """Write without changing anything: a line stands also to a queue that takes no write."""
    with conn.channel() as channel:
        channel.client.ltrim(DEFAULT, 0, -1)


def _pause(seconds: float) -> None:
    """Wait, but not for who ends the worker."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        maybe_shutdown()
        time.sleep(0.1)


def _sentence(error: Exception) -> str:
    """Say in one line why the queue cannot be used."""
    if isinstance(error, ReadOnlyError):
        trouble = "is a copy that can only be read"
    elif "MISCONF" in str(error):
        trouble = "cannot write to its disk, which may be full"
    elif isinstance(error, ResponseError):
        trouble = f"refuses: {shown(str(error))}"
    else:
        trouble = f"cannot be reached: {shown(str(error))}"
    return f"The queue for the workers {trouble.rstrip('.')}. The work waits until it is back"
