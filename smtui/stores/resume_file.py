"""The resume token: a small file, 0600, that names the session the next start continues."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
from pathlib import Path

import aiofiles

from smtui.domain.account import SessionId
from smtui.domain.errors import StoreUnreachable
from smtui.files import write_whole_in_thread

_log = logging.getLogger(__name__)


class ResumeFile:
    """Implements ResumeToken. Whoever can read the file is signed in, so only its owner may."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read_session(self) -> SessionId | None:
        """Return the session; a file that others own or can read is not trusted."""
        try:
            async with aiofiles.open(self._path, "rb", opener=_open_own) as file:
                kept = json.loads(await file.read())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            _log.warning("the resume token cannot be used: %s", error)
            return None
        session_id = kept.get("session_id") if isinstance(kept, dict) else None
        return SessionId(session_id) if isinstance(session_id, str) and session_id else None

    async def keep(self, session_id: SessionId) -> None:
        """Keep it in place of the one before, whole or not at all."""
        try:
            content = json.dumps({"session_id": session_id})
            await write_whole_in_thread(self._path, content.encode())
        except OSError as error:
            raise StoreUnreachable(
                "The session cannot be kept for the next start",
                hint=f"{self._path.parent}: {error.strerror}.",
            ) from error

    async def remove(self) -> None:
        """Forget it; where there is none that is fine."""
        try:
            await asyncio.to_thread(self._path.unlink, missing_ok=True)
        except OSError as error:
            raise StoreUnreachable(
                "The resume token cannot be removed", hint=f"{self._path}: {error.strerror}."
            ) from error


def _open_own(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)
    facts = os.fstat(descriptor)
    own = stat.S_ISREG(facts.st_mode) and facts.st_uid == os.getuid()
    if not own or facts.st_mode & 0o077:
        os.close(descriptor)
        raise PermissionError(f"{path} is not readable by its owner alone")
    return descriptor
