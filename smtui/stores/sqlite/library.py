"""Opening the library's file: what must be true of it, and what may go wrong."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from smtui.domain.errors import StoreUnreachable
from smtui.domain.ports.work import Clock
from smtui.stores.sqlite import schema
from smtui.stores.sqlite.accounts import SqliteAccounts, SqliteKeptSearches
from smtui.stores.sqlite.analyses import SqliteAnalyses, SqliteEmbeddings
from smtui.stores.sqlite.batches import SqliteBatches, SqliteOutcomes
from smtui.stores.sqlite.connections import BUSY_SECONDS, Caches, Durability, Readers, Writer
from smtui.stores.sqlite.planner import USUAL, Effort
from smtui.stores.sqlite.samples import SqliteSamples

# UPSERT with several clauses, RETURNING and the trigram tokenizer are all there from here on.
OLDEST_SQLITE = (3, 35, 0)

_READERS = 3
_BACKGROUND_READERS = 2
ROOMY = Caches(writer=128 * 1024, reader=32 * 1024, mapped=2 * 1024**3)
"""For a screen: a sound goes to some twenty places in the file, and a scan of thousands needs
most of them at hand. Pages in place save a quarter of the time with 1,000,000 sounds; it is address
space first, and SQLite takes less where its own limit is lower."""
MODEST = Caches(writer=8 * 1024, reader=2 * 1024)
"""For a worker's child, of which there may be many: it reads and writes some rows at a time, of
which none is worth a map of the whole file."""
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
    searches: SqliteKeptSearches


@asynccontextmanager
async def opened(
    path: Path,
    durability: Durability = Durability.FULL,
    *,
    clock: Clock | None = None,
    effort: Effort = USUAL,
    caches: Caches = ROOMY,
) -> AsyncIterator[Documents]:
    """Open the library, making or updating its tables first.

    Args:
        path: the file; its folder must be there.
        durability: FULL for what a person does, NORMAL for workers.
        clock: for the leases of batches; the system's by default.
        effort: how questions are answered; every effort gives the same answers.
        caches: how much memory the connections may take.

    Raises:
        StoreTooNew: a newer smtui wrote it.
        StoreUnreachable: it cannot be opened; the hint says why.
    """
    scripts = schema.steps()
    writer = Writer(
        lambda: _connect(path, scripts, caches.writer),
        lambda connection: schema.refuse_newer(connection, len(scripts)),
        durability=durability,
    )
    readers = Readers(path, _READERS, name="sqlite-reader", caches=caches)
    background = Readers(path, _BACKGROUND_READERS, name="sqlite-background", caches=caches)
    try:
        await writer.open()
        yield Documents(
            accounts=SqliteAccounts(readers, writer),
            samples=SqliteSamples(readers, background, writer, effort=effort),
            analyses=SqliteAnalyses(readers, writer),
            batches=SqliteBatches(readers, writer, clock),
            outcomes=SqliteOutcomes(writer, clock),
            embeddings=SqliteEmbeddings(readers, background),
            searches=SqliteKeptSearches(readers, writer),
        )
    finally:
        await background.close()
        await readers.close()
        await writer.close()


def _connect(path: Path, scripts: tuple[str, ...], cache_kib: int) -> sqlite3.Connection:
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
        connection.execute(f"PRAGMA cache_size = -{cache_kib}")
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
    """Make the file for its owner alone; SQLite gives its log the same rights.

    A file that is there is never opened here: to close it would take away the locks by which this
    process holds the library where it has it open already, and the next process that leaves would
    think itself the last and delete the log (fcntl(2): locks go with any descriptor of the file).
    """
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise StoreUnreachable(
            "The library cannot be opened", hint=f"{path}: {error.strerror}."
        ) from error


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
