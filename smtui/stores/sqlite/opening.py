"""Opening the library's file: what must be true of it, and what may go wrong."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from smtui.domain.errors import StoreUnreachable
from smtui.domain.ports.work import Clock
from smtui.stores.sqlite import schema
from smtui.stores.sqlite.accounts import SqliteAccounts
from smtui.stores.sqlite.analyses import SqliteAnalyses
from smtui.stores.sqlite.answers import USUAL, Effort
from smtui.stores.sqlite.batches import SqliteBatches
from smtui.stores.sqlite.connections import BUSY_SECONDS, Durability, Readers, Writer
from smtui.stores.sqlite.embeddings import SqliteEmbeddings
from smtui.stores.sqlite.outcomes import SqliteOutcomes
from smtui.stores.sqlite.samples import SqliteSamples

# UPSERT with several clauses, RETURNING and the trigram tokenizer are all there from here on.
OLDEST_SQLITE = (3, 35, 0)

_READERS = 3
_BACKGROUND_READERS = 2
# A sound goes to some twenty places in the file; a scan of thousands needs most of them at hand.
_WRITER_CACHE_KIB = 128 * 1024
_LOG_KEPT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """The document stores of one open library."""

    accounts: SqliteAccounts
    samples: SqliteSamples
    analyses: SqliteAnalyses
    batches: SqliteBatches
    outcomes: SqliteOutcomes
    embeddings: SqliteEmbeddings


@asynccontextmanager
async def opened(
    path: Path,
    durability: Durability = Durability.FULL,
    *,
    clock: Clock | None = None,
    effort: Effort = USUAL,
) -> AsyncIterator[Documents]:
    """Open the library, making or updating its tables first.

    Args:
        path: the file; its folder must be there.
        durability: FULL for what a person does, NORMAL for workers.
        clock: for the leases of batches; the system's by default.
        effort: how questions are answered; every effort gives the same answers.

    Raises:
        StoreTooNew: a newer smtui wrote it.
        StoreUnreachable: it cannot be opened; the hint says why.
    """
    scripts = schema.steps()
    writer = Writer(
        lambda: _connected(path, scripts),
        lambda connection: schema.refuse_newer(connection, len(scripts)),
        durability=durability,
    )
    readers = Readers(path, _READERS, name="sqlite-reader")
    background = Readers(path, _BACKGROUND_READERS, name="sqlite-background")
    try:
        await writer.open()
        yield Documents(
            accounts=SqliteAccounts(readers, writer),
            samples=SqliteSamples(readers, background, writer, effort=effort),
            analyses=SqliteAnalyses(readers, writer),
            batches=SqliteBatches(readers, writer, clock),
            outcomes=SqliteOutcomes(writer, clock),
            embeddings=SqliteEmbeddings(readers, background),
        )
    finally:
        await background.close()
        await readers.close()
        await writer.close()


def _connected(path: Path, scripts: tuple[str, ...]) -> sqlite3.Connection:
    """Open the writing connection."""
    refuse_old_sqlite(sqlite3.sqlite_version_info)
    _make_private(path)
    connection = sqlite3.connect(
        path, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False
    )
    try:
        _use_write_ahead_log(connection)
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_KEPT_BYTES}")
        connection.execute("PRAGMA temp_store = memory")
        connection.execute(f"PRAGMA cache_size = -{_WRITER_CACHE_KIB}")
        schema.bring_up(connection, path, scripts)
    except BaseException:
        connection.close()
        raise
    return connection


def refuse_old_sqlite(version: tuple[int, ...]) -> None:
    """Raise StoreUnreachable for a SQLite that lacks what the tables need."""
    if version < OLDEST_SQLITE:
        raise StoreUnreachable(
            f"This Python's SQLite is {'.'.join(map(str, version))}, smtui needs 3.35 or newer",
            hint="Use a newer Python, or update the system's SQLite.",
        )


def _make_private(path: Path) -> None:
    """Make the file for its owner alone; SQLite gives its log the same rights."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnreachable(
            "The library cannot be opened", hint=f"{path}: {error.strerror}."
        ) from error
    try:
        if os.fstat(handle).st_mode & 0o077:
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for this one: two that open a new file at once would meet here.
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = wal")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return
