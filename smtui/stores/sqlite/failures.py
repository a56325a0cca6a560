"""What SQLite's errors mean to a person."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from smtui.domain.errors import StoreUnreachable

_MEANINGS = {
    sqlite3.SQLITE_FULL: (
        "The disk is full",
        "What was saved before stays. Make room where the library is kept, then try again.",
    ),
    sqlite3.SQLITE_READONLY: (
        "The library cannot be written",
        "Its file or folder is read-only. Check the rights of the data folder.",
    ),
    sqlite3.SQLITE_BUSY: (
        "The library is busy",
        "Another smtui has been writing for a long time. Try again in a moment.",
    ),
    sqlite3.SQLITE_LOCKED: (
        "The library is busy",
        "Another smtui has been writing for a long time. Try again in a moment.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "The library's file is damaged",
        "Put a copy in its place (copies lie beside it), or move it away and scan again.",
    ),
    sqlite3.SQLITE_NOTADB: (
        "The library's file is not a library",
        "Another program wrote it, or it is damaged. Move it away and scan again.",
    ),
    sqlite3.SQLITE_IOERR: (
        "The library's disk does not answer",
        "Check the disk that holds the data folder.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The library cannot be opened",
        "Check that the data folder exists and that its rights let you write there.",
    ),
    sqlite3.SQLITE_PERM: (
        "The library cannot be opened",
        "Check the rights of the data folder.",
    ),
    sqlite3.SQLITE_INTERRUPT: ("The library is being closed", ""),
}

_PRIMARY_CODE = 0xFF


@contextmanager
def told() -> Iterator[None]:
    """Turn what SQLite says about disk, rights and locks into StoreUnreachable.

    Everything else (a mistake in a statement, say) is a defect and passes through.
    """
    try:
        yield
    except sqlite3.Error as error:
        # Errors of the module itself, like the use of a closed connection, have no code.
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
        if code not in _MEANINGS:
            raise
        title, hint = _MEANINGS[code]
        raise StoreUnreachable(title, hint=hint) from error
