"""What a person said of listening on this machine: a small file, 0600, in the state folder."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from smtui.domain.errors import StoreUnreachable
from smtui.domain.pause import Word

_LARGEST = 1_000


class PauseFile:
    """Implements PauseNote; `now` is for workers, which look between two files."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> Word | None:
        """Read it, some 20 µs.

        What is there and cannot be read counts as a pause without an end: rather no listening
        than noise in a recording.
        """
        try:
            with self._path.open("rb") as file:
                raw = file.read(_LARGEST)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return Word(pause=True)
        try:
            kept = json.loads(raw)
            until = kept["until"]
            return Word(
                pause=kept["pause"] is not False,
                until=None if until is None else datetime.fromtimestamp(until, UTC),
            )
        except (ValueError, KeyError, TypeError, OverflowError, OSError):
            return Word(pause=True)

    async def read(self) -> Word | None:
        """Give it; None where nothing was said."""
        return await asyncio.to_thread(self.now)

    async def keep(self, word: Word) -> None:
        """Write the file beside the old one and put it in its place, whole or not at all."""
        try:
            await asyncio.to_thread(self._write, word)
        except OSError as error:
            raise StoreUnreachable(
                "What you said of listening cannot be kept",
                hint=f"{self._path.parent}: {error.strerror}.",
            ) from error

    async def remove(self) -> None:
        """Remove the file; one that is not there is fine."""
        try:
            await asyncio.to_thread(self._path.unlink, missing_ok=True)
        except OSError as error:
            raise StoreUnreachable(
                "The pause cannot be ended", hint=f"{self._path}: {error.strerror}."
            ) from error

    def _write(self, word: Word) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        until = None if word.until is None else word.until.timestamp()
        descriptor = os.open(
            fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            with os.fdopen(descriptor, "w") as file:
                json.dump({"pause": word.pause, "until": until}, file)
                file.flush()
                # A pause outlives the machine's next start.
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError:
            with suppress(OSError):
                fresh.unlink()
            raise
