"""Results in Redis, small and for a day; Celery loads this class by its name.

What was heard is in the documents. So a result that cannot be written is lost, and no reason for
a worker to fail what it has done.
"""

from __future__ import annotations

import logging
from typing import Any

from celery.backends.redis import RedisBackend
from redis import RedisError

_log = logging.getLogger(__name__)


class PassingResults(RedisBackend):  # type: ignore[misc]  # Celery has no types
    """Keeps results where Redis answers."""

    def store_result(self, task_id: str, result: Any, state: str, *more: Any, **named: Any) -> Any:
        """Keep a result, or lose it."""
        try:
            return super().store_result(task_id, result, state, *more, **named)
        except (RedisError, OSError) as error:
            _log.info("a result was not kept: %s", error)
            return result
