"""The log of screens and commands: 5 files of at most 1 MB, 0600, without secrets.

Everything goes into the file and nothing to the terminal, which belongs to the screen; only what
runs in the foreground without a screen writes the same lines to a stream. Control bytes are
escaped, so that neither `cat` nor a forged line in a file name can do harm.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from smtui.domain.address import without_passwords
from smtui.domain.text import shown
from smtui.log_files import LONGEST as LONGEST
from smtui.log_files import move_aside, open_log

_LONGEST_MESSAGE = 64_000

_SECRETS = (
    # bcrypt hashes, session ids in keys, and what calls itself a secret
    (re.compile(r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}"), "[hash]"),
    (re.compile(r"(\bsession:)[\w-]+"), r"\1***"),
    (
        re.compile(r"(?i)((?:password|passwd|token|secret|session_id)\w*['\"]?\s*[:=]\s*)\S+"),
        r"\1***",
    ),
)


def start(path: Path, *, level: int = logging.INFO) -> None:
    """Send what every part of smtui, and warnings of libraries, have to say to this file."""
    _send_to(_RotatingLog(path), level)


def start_on(stream: TextIO, *, level: int = logging.INFO) -> None:
    """Send the same to a stream, for who reads it in a terminal or in a container's log."""
    lines = _Stream(stream)
    lines.setFormatter(_InertLines())
    _send_to(lines, level)


def _send_to(log: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    stop()
    root.addHandler(log)
    root.setLevel(logging.WARNING)
    logging.getLogger("smtui").setLevel(level)
    logging.captureWarnings(capture=True)


def stop() -> None:
    """Close the log."""
    root = logging.getLogger()
    for log in [log for log in root.handlers if isinstance(log, _RotatingLog | _Stream)]:
        root.removeHandler(log)
        log.close()
    logging.captureWarnings(capture=False)


class _Stream(logging.StreamHandler[TextIO]):
    """A stream that is ours, told from those that others have put beside it."""


class _InertLines(logging.Formatter):
    """One line per message: when (UTC), which process, how grave, who, what."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the message in one line; a traceback follows, set in by four spaces."""
        moment = datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds")
        who = f"{moment} {record.process} {record.levelname} {record.name}"
        lines = [f"{who}: {inert(record.getMessage())}"]
        if record.exc_info:
            trace = self.formatException(record.exc_info)
            lines += [f"    {inert(line)}" for line in trace.split("\n")]
        return "\n".join(lines)


def inert(text: str) -> str:
    """Take secrets out of a text, also out of addresses, and make control characters visible."""
    text = without_passwords(text)
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return shown(text)


class _RotatingLog(logging.Handler):
    """Rotates under a lock, because several screens and commands write to one log."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.setFormatter(_InertLines())
        self._path = path
        self._file: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message, or lose it: a full disk must not write over the screen."""
        # Besides the disk, a message that does not fit its own arguments.
        with suppress(OSError, TypeError, ValueError, KeyError):
            text = self.format(record).encode("utf-8", errors="backslashreplace")
            self._write(text[:_LONGEST_MESSAGE] + b"\n")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        super().close()

    def _write(self, line: bytes) -> None:
        file = self._opened()
        if os.fstat(file).st_size + len(line) > LONGEST:
            self._rotate(len(line))
            file = self._opened()
        os.write(file, line)

    def _opened(self) -> int:
        """Return the file that has the name now; another process may have rotated it."""
        if self._file is not None:
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(self._file), self._path.stat()):
                    return self._file
            os.close(self._file)
            self._file = None
        self._file = open_log(self._path)
        return self._file

    def _rotate(self, more: int) -> None:
        """Move every file one number on, unless another process has just done so."""
        lock = open_log(self._path.with_name(f"{self._path.name}.lock"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.fstat(self._opened()).st_size + more <= LONGEST:
                return
            move_aside(self._path)
        finally:
            os.close(lock)
