"""How a worker waits for a queue that is away or refuses: patiently, and in one sentence."""

from __future__ import annotations

import logging
import time
import warnings
from typing import Any

from celery.exceptions import CPendingDeprecationWarning
from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown
from kombu.exceptions import OperationalError
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from smtui.domain.text import shown
from smtui.jobs.app import DEFAULT, NOT_UNDERSTOOD

# s; a queue that is back is found within the longest pause.
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 2.0

_log = logging.getLogger(__name__)


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
        """Give the line to the queue once it takes a write; says only once that it does not."""
        told: list[Exception] = []

        def away(error: Exception, _interval: float = 0.0) -> None:
            if not told:
                _log.warning("%s", _sentence(error))
            told.append(error)

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
        if told:
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
