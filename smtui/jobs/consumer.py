"""How a worker waits for a queue that is away: patiently, and in one sentence."""

from __future__ import annotations

import logging
from typing import Any

from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown

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
                _log.warning("The queue for the workers cannot be reached; trying on")
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
