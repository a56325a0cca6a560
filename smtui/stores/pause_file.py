"""What a person said of listening on this machine: a small file, 0600, in the state folder."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

from smtui.domain.errors import StoreUnreachable
from smtui.domain.pause import Word
from smtui.files import write_whole_in_thread

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

    async def read_word(self) -> Word | None:
        """Return it; None where nothing was said."""
        return await asyncio.to_thread(self.now)

    async def keep(self, word: Word) -> None:
        """Keep it in place of what was said before, whole or not at all."""
        until = None if word.until is None else word.until.timestamp()
        folder = self._path.parent
        try:
            await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
            content = json.dumps({"pause": word.pause, "until": until})
            await write_whole_in_thread(self._path, content.encode())
        except OSError as error:
            raise StoreUnreachable(
                "Your pause of the analysis cannot be kept",
                hint=f"{folder}: {error.strerror}.",
            ) from error

    async def remove(self) -> None:
        """Forget it; where nothing was said that is fine."""
        try:
            await asyncio.to_thread(self._path.unlink, missing_ok=True)
        except OSError as error:
            raise StoreUnreachable(
                "The pause cannot be ended", hint=f"{self._path}: {error.strerror}."
            ) from error
