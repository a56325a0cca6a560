"""Imports what a screen opens later, beside the keys: else the first press of its key waits.

A thread of the lowest priority, one module after another with rests between. It is an import of
Python's own and no work of a screen: nothing is drawn, sent or asked for here.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time

MODULES = (
    "smtui.ui.detail.screen",
    "plotext",
    "smtui.ui.similar.screen",
    "smtui.ui.batch.screen",
    "smtui.ui.dialogues.help",
    "smtui.ui.kept_searches.screen",
)
"""In the order in which a person is likely to need them."""

# The first look at the library comes before all of it.
_FIRST_SECONDS, _REST_SECONDS = 2.0, 0.2
_LOWEST = 19


def begin() -> threading.Thread:
    """Start; the thread ends by itself, and with the process."""
    thread = threading.Thread(target=_import_all, name="read-ahead", daemon=True)
    thread.start()
    return thread


def _import_all() -> None:
    if sys.platform == "linux":
        # There a thread has a priority of its own.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST)
    time.sleep(_FIRST_SECONDS)
    for name in MODULES:
        importlib.import_module(name)
        time.sleep(_REST_SECONDS)
