"""Linear algebra on one thread while a sound is listened to.

The products here are small. Shared among threads they end hardly sooner, and the threads that
wait for each other spin: measured on two cores, the same sounds cost three times the processor
time, taken from the other workers and from whoever plays audio.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """Limit numpy's BLAS to one thread until the end of the context."""
    limited: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limited


@cache
def _libraries() -> ThreadpoolController:
    # Finding the loaded libraries takes a millisecond; numpy's is loaded by now.
    return ThreadpoolController()
