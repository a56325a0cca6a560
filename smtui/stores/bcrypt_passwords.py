"""Passwords as bcrypt hashes (`$2b$12$…`), worked on in a thread.

Passwords are hashed as they are, not hashed beforehand by something else, so that other
programs can check our hashes and we theirs. bcrypt hears only 72 bytes: a longer password is
refused when it is set. When one is checked, what is past 72 bytes is left out, as the programs
that hashed it did.
"""

from __future__ import annotations

import asyncio
import logging

from smtui.domain.errors import InputInvalid

MAX_BYTES = 72

_log = logging.getLogger(__name__)


class BcryptPasswords:
    """Implements Passwords; `rounds` is the binary logarithm of the work, 12 is some 0.25 s."""

    def __init__(self, *, rounds: int = 12) -> None:
        self._rounds = rounds
        # A well-formed hash that no password has: compared with where there is no account.
        self._nobody = f"$2b${rounds:02d}${'.' * 53}"

    async def hashed(self, password: str) -> str:
        """Hash; raises InputInvalid for more than 72 bytes."""
        raw = _bytes(password)
        if len(raw) > MAX_BYTES:
            raise InputInvalid(
                "The password is too long", hint=f"At most {MAX_BYTES} bytes can be kept."
            )
        return await asyncio.to_thread(self._hash, raw)

    async def matches(self, password: str, hashed_password: str | None) -> bool:
        """Compare; with None (no such account) takes the same time and says False."""
        raw = _bytes(password)[:MAX_BYTES]
        if hashed_password is None:
            await asyncio.to_thread(_check, raw, self._nobody)
            return False
        try:
            return await asyncio.to_thread(_check, raw, hashed_password)
        except ValueError:
            _log.warning("an account has something else than a bcrypt hash")
            await asyncio.to_thread(_check, raw, self._nobody)
            return False

    def _hash(self, raw: bytes) -> str:
        # A late import: most starts ask for no password.
        import bcrypt

        return bcrypt.hashpw(raw, bcrypt.gensalt(self._rounds)).decode("ascii")


def _check(raw: bytes, hashed_password: str) -> bool:
    # A late import, as above.
    import bcrypt

    return bcrypt.checkpw(raw, hashed_password.encode())


def _bytes(password: str) -> bytes:
    """Encode as UTF-8; bytes that a terminal sent and that are not UTF-8 stay what they were."""
    return password.encode("utf-8", errors="surrogateescape")
