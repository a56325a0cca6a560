"""How a worker waits for a queue that is away: patiently, and in one sentence."""

from __future__ import annotations

import logging
import warnings
from typing import Any

from celery.exceptions import CPendingDeprecationWarning
from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown

from smtui.domain.text import shown
from smtui.jobs.app import NOT_UNDERSTOOD

# s; a queue that is back is found within the longest pause.
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 2.0

_log = logging.getLogger(__name__)


class PatientConsumer(Consumer):  # type: ignore[misc]
    """Celery's consumer, which asks a lost queue at least every two seconds, for ever."""

    def ensure_connected(self, conn: Any) -> Any:
        """Give the line to the queue once it stands; says only once that it does not."""
        told: list[Exception] = []

        def away(error: Exception, _interval: float) -> None:
            if not told:
                reason = shown(str(error))
                _log.warning("The queue for the workers cannot be reached: %s Trying on", reason)
            told.append(error)

        ready = conn.ensure_connection(
            away,
            None,
            interval_start=_FIRST_PAUSE,
            interval_step=_FIRST_PAUSE,
            interval_max=_LONGEST_PAUSE,
            callback=maybe_shutdown,
        )
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CPendingDeprecationWarning)
            super().on_connection_error_after_connected(exc)
