"""Keeps decoders off the terminal: libmpg123 writes its complaints to the process's stderr."""

from __future__ import annotations

import os
import sys


def discard_decoder_messages() -> None:
    """Give Python its own copy of stderr, and let what C libraries write there vanish.

    Called once at the start of a process that shows something on a terminal and decodes sounds,
    before anything holds `sys.stderr`. What Python writes still arrives.
    """
    standard = 2
    try:
        own = os.dup(standard)
    except OSError:
        # Started with stderr closed: there is nothing to keep clean.
        return
    sys.stderr.flush()
    # Buffered by lines, as Python's own: an unbuffered write may be cut short by a signal.
    python_stderr = os.fdopen(
        own, "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace"
    )
    sys.stderr = python_stderr
    sys.__stderr__ = python_stderr  # type: ignore[misc]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, standard)
    os.close(nowhere)
